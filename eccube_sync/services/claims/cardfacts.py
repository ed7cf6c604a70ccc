"""Whose a claimed card is, and whether the second fact typed with it fits; reads only."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.db import CHUNK, AnyRow
from eccube_sync.linkage.prepare import prepare
from eccube_sync.matchers import NO_DATE
from eccube_sync.membership.facts import LOST, MERGED
from eccube_sync.services.claims.parts import Candidate
from eccube_sync.services.claims.secondfacts import Agreement
from eccube_sync.services.codes.assigning import IN_USE, NUMBER, REPLACED, code_tiers
from eccube_sync.services.codes.keys import CodeKeys
from eccube_sync.services.matching.people import Ignored, people_of_members
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.members import member, member_version, source

Known = Mapping[str, frozenset[str]]
"""Kind of a second fact → the values the store's record has."""


def card_candidates(
    connection: Connection, keys: CodeKeys, claims: Sequence[AnyRow], ignored: Ignored
) -> dict[int, list[Candidate]]:
    """Claim → the members whose card has the typed number, in whichever source.

    The POS's own id is no card: nobody but the store knows it, and it can be guessed by counting.
    """
    numbers = sorted({one.card_number for one in claims})
    found: dict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    for of_source in connection.execute(select(source.c.id)).scalars().all():
        for start in range(0, len(numbers), CHUNK):
            for number, tiers in code_tiers(connection, of_source, numbers[start : start + CHUNK]).items():
                best = min((tier for tier in tiers if tier in (IN_USE, NUMBER, REPLACED)), default=None)
                if best is not None:
                    found[number] += [(one, of_source, best != REPLACED) for one in sorted(tiers[best])]
    member_ids = {one for members in found.values() for one, _source, _live in members}
    facts = store_facts(connection, member_ids, ignored)
    records = _records(connection, member_ids)
    return {
        one.id: [
            Candidate(
                member_id,
                of_source,
                _agreement(keys, one, facts.get(member_id, {}), records[member_id]),
                live and records[member_id].status not in (LOST, MERGED),
            )
            for member_id, of_source, live in found[one.card_number]
        ]
        for one in claims
        if one.card_number in found
    }


def store_facts(connection: Connection, member_ids: Collection[int], ignored: Ignored) -> dict[int, Known]:
    """Member → the facts of its record that a customer may name, in the form ``TypedFact.plain`` has."""
    people = prepare(people_of_members(connection, sorted(member_ids), ignored))
    facts: dict[int, Known] = {}
    for row, member_id in enumerate(people.ids.tolist()):
        phones = [*people.mobiles[row].tolist(), *people.landlines[row].tolist()]
        born = int(people.birth[row])
        facts[member_id] = {
            "birth_date": frozenset({str(np.datetime64(born, "D"))} if born != NO_DATE else ()),
            "phone_last4": frozenset(f"{number % 10_000:04d}" for number in phones if number),
        }
    return facts


def _agreement(keys: CodeKeys, claim: AnyRow, facts: Known, record: AnyRow) -> Agreement:
    """Compared as hashes, for nothing else is left of what was typed."""
    lines = (line.split(":", 1) for line in claim.fact_hashes.splitlines())
    typed = {key_id: typed_hash for key_id, typed_hash in lines if key_id in keys.ids}
    if claim.fact_kind == "pin":
        return _pin_agreement(keys, typed, record)
    known = facts.get(claim.fact_kind, frozenset())
    if not known or not typed:
        return Agreement.UNKNOWN
    key_id, typed_hash = next(iter(typed.items()))
    hashes = [keys.hash_fact(claim.fact_kind, claim.card_number, value, key_id) for value in known]
    agrees = any(hmac.compare_digest(one, typed_hash) for one in hashes)
    return Agreement.AGREES if agrees else Agreement.DIFFERS


def _pin_agreement(keys: CodeKeys, typed: Mapping[str, str], record: AnyRow) -> Agreement:
    key_id, _colon, stored = record.pin_hash.partition(":")
    if key_id not in typed:
        return Agreement.UNKNOWN
    expected = keys.hash_stored_pin(record.store_key, typed[key_id], key_id)
    return Agreement.AGREES if hmac.compare_digest(expected, stored) else Agreement.DIFFERS


def _records(connection: Connection, member_ids: Collection[int]) -> dict[int, AnyRow]:
    """Member → its key at the store, its status and its PIN's hash."""
    found: dict[int, AnyRow] = {}
    for ids in chunks(member_ids):
        rows = connection.execute(
            select(member.c.id, member.c.store_key, member_version.c.status, member_version.c.pin_hash)
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(member.c.id.in_(ids))
        )
        found.update((row.id, row) for row in rows)
    return found
