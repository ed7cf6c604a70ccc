"""Gather what the undecided claims depend on; reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, and_, or_, select

from eccube_sync.clock import tokyo_date
from eccube_sync.db import AnyRow
from eccube_sync.eccube import GENERATIONS, EccubeCustomer, detect
from eccube_sync.services.claims.cardfacts import card_candidates
from eccube_sync.services.claims.parts import Attempts, Candidate, Claimant, ClaimFacts, HeldLink
from eccube_sync.services.claims.secondfacts import Agreement, compare_facts
from eccube_sync.services.claims.words import ATTEMPTS, UNDECIDED
from eccube_sync.services.codes.assigning import find_members
from eccube_sync.services.codes.keys import CodeKeys
from eccube_sync.services.customers.customersync import ChangedCustomer
from eccube_sync.services.matching.people import Ignored
from eccube_sync.services.review.casing import UNANSWERED
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link, undone_pair
from eccube_sync.tables.members import member, source


def undecided_claims(connection: Connection, only: Sequence[int] | None = None) -> list[AnyRow]:
    """Claims that wait for a decision, with their codes, in the order in which they were typed."""
    statement = (
        select(
            claim,
            link_code.c.state.label("code_state"),
            link_code.c.source_id,
            link_code.c.member_code,
            link_code.c.expires_on,
            link_code.c.used_by_customer_id,
        )
        .outerjoin(link_code, link_code.c.id == claim.c.link_code_id)
        .where(claim.c.state.in_(UNDECIDED))
        .order_by(claim.c.received_at, claim.c.id)
    )
    if only is not None:
        statement = statement.where(claim.c.eccube_id.in_(list(only)))
    return list(connection.execute(statement))


def find_claimants(
    connection: Connection, claims: Sequence[AnyRow], scanned: Iterable[ChangedCustomer]
) -> dict[int, Claimant]:
    """EC-CUBE id → the customer who typed it. One EC-CUBE has but we have not seen yet is left for later."""
    generation = GENERATIONS[detect(connection)]
    wanted = {one.eccube_id for one in claims}
    found = {
        one.seen.eccube_id: Claimant(one.key, one.seen, one.fingerprint)
        for one in scanned
        if one.seen.eccube_id in wanted
    }
    for ids in chunks(wanted - set(found)):
        seen = {one.eccube_id: one for one in generation.customers_by_id(connection, ids)}
        known = _our_customers(connection, ids)
        for eccube_id in ids:
            ours = known.get(eccube_id)
            if ours is not None:
                found[eccube_id] = Claimant(ours.id, seen.get(eccube_id), ours.fingerprint)
            elif eccube_id not in seen:
                found[eccube_id] = Claimant(-eccube_id, None, "")
    return found


def _our_customers(connection: Connection, eccube_ids: Sequence[int]) -> dict[int, AnyRow]:
    rows = connection.execute(
        select(customer.c.id, customer.c.eccube_id, customer.c.fingerprint).where(
            customer.c.current == 1, customer.c.eccube_id.in_(eccube_ids)
        )
    )
    return {row.eccube_id: row for row in rows}


def gather(
    shop: Shop,
    connection: Connection,
    claims: Sequence[AnyRow],
    claimants: dict[int, Claimant],
    keys: CodeKeys | None,
) -> ClaimFacts:
    """Everything the rules ask for, one query a kind of fact. ``keys`` are needed where a card was claimed."""
    generation = GENERATIONS[detect(connection)]
    ignored = Ignored.of(shop.settings.matching, generation.shop(connection))
    candidates = _code_candidates(shop.settings, connection, claims, claimants, ignored)
    cards = [one for one in claims if one.kind == "card"]
    if cards and keys:
        candidates |= card_candidates(connection, keys, cards, ignored)
    keyed = {
        (claimants[one.eccube_id].key, whom.member_id)
        for one in claims
        for whom in candidates.get(one.id, ())
    }
    customer_ids = {one.key for one in claimants.values() if one.key > 0}
    return ClaimFacts(
        today=tokyo_date(shop.clock.now()),
        claimants=claimants,
        candidates=candidates,
        apart=_apart(connection, keyed, claimants),
        attempts=_attempts(connection, claims, claimants, {member_id for _key, member_id in keyed}),
        accounts=_accounts(shop.settings, connection),
        links=list(_links(connection, customer_ids, {member_id for _key, member_id in keyed})),
    )


def _code_candidates(
    settings: Settings,
    connection: Connection,
    claims: Sequence[AnyRow],
    claimants: dict[int, Claimant],
    ignored: Ignored,
) -> dict[int, list[Candidate]]:
    """Claim → the members its code may mean, compared by what EC-CUBE knows about the customer."""
    bound = [one for one in claims if one.source_id is not None]
    members = find_members(connection, {(one.source_id, one.member_code) for one in bound})
    pairs: list[tuple[EccubeCustomer, int]] = []
    for one in bound:
        seen, found = claimants[one.eccube_id].seen, members.get((one.source_id, one.member_code), ())
        if seen is not None and len(found) == 1:
            pairs.append((seen, found[0]))
    agreements = compare_facts(connection, pairs, settings.codes.second_facts, ignored) if pairs else {}
    return {
        one.id: [
            Candidate(found, one.source_id, agreements.get((one.eccube_id, found), Agreement.UNKNOWN))
            for found in members.get((one.source_id, one.member_code), ())
        ]
        for one in bound
    }


def _apart(
    connection: Connection, pairs: Collection[tuple[int, int]], claimants: dict[int, Claimant]
) -> dict[tuple[int, int], str]:
    fingerprints = {one.key: one.fingerprint for one in claimants.values()}
    apart: dict[tuple[int, int], str] = {}
    for ids in chunks(key for key, _member in pairs if key > 0):
        undone = connection.execute(
            select(undone_pair.c.customer_id, undone_pair.c.member_id, undone_pair.c.customer_fingerprint)
            .join(
                member,
                and_(
                    member.c.id == undone_pair.c.member_id,
                    member.c.fingerprint == undone_pair.c.member_fingerprint,
                ),
            )
            .where(undone_pair.c.customer_id.in_(ids))
        )
        for row in undone:
            if row.customer_fingerprint == fingerprints.get(row.customer_id):
                apart[row.customer_id, row.member_id] = "undone_before"
        cases = connection.execute(
            select(review_case.c.customer_id, review_case.c.member_id, review_case.c.state).where(
                or_(
                    review_case.c.state == "different",
                    and_(review_case.c.kind == "claim_conflict", review_case.c.state.in_(UNANSWERED)),
                ),
                review_case.c.customer_id.in_(ids),
                review_case.c.member_id.is_not(None),
            )
        )
        for row in cases:
            reason = "decided_different" if row.state == "different" else "asked_already"
            apart[row.customer_id, row.member_id] = reason
    return {pair: why for pair, why in apart.items() if pair in pairs}


def _attempts(
    connection: Connection,
    claims: Sequence[AnyRow],
    claimants: dict[int, Claimant],
    member_ids: Collection[int],
) -> Attempts:
    """When wrong codes and cards were typed, by whom, where and about whom; never by an earlier owner of an id."""
    found: dict[tuple[str, int | str], list[tuple[datetime, int]]] = defaultdict(list)
    for row in _wrong(connection, claim.c.eccube_id, claimants):
        if row.customer_id == claimants[row.whose].key:
            found["customer", row.whose].append((row.received_at, row.id))
    for row in _wrong(connection, claim.c.member_id, member_ids):
        found["member", row.whose].append((row.received_at, row.id))
    for row in _wrong(connection, claim.c.origin_hash, {one.origin_hash for one in claims} - {None}):
        found["origin", row.whose].append((row.received_at, row.id))
    return found


def _wrong(connection: Connection, column: Column[Any], wanted: Iterable[Any]) -> Iterator[AnyRow]:
    for ids in chunks(wanted):
        yield from connection.execute(
            select(claim.c.id, column.label("whose"), claim.c.received_at, claim.c.customer_id).where(
                column.in_(ids),
                claim.c.state.in_(("refused", "conflict", "waiting_for_store")),
                claim.c.reason.in_(sorted(ATTEMPTS)),
            )
        )


def _accounts(settings: Settings, connection: Connection) -> dict[int, int]:
    allowed = {one.key: one.accounts_per_member for one in settings.sources}
    rows = connection.execute(select(source.c.id, source.c.source_key))
    return {row.id: allowed.get(row.source_key, 1) for row in rows}


def _links(
    connection: Connection, customer_ids: Collection[int], member_ids: Collection[int]
) -> Iterator[HeldLink]:
    found: dict[int, AnyRow] = {}
    for column, wanted in ((link.c.customer_id, customer_ids), (link.c.member_id, member_ids)):
        for ids in chunks(wanted):
            for row in connection.execute(select(link).where(link.c.active == 1, column.in_(ids))):
                found[row.id] = row
    for link_id in sorted(found):
        row = found[link_id]
        yield HeldLink(
            row.id,
            row.customer_id,
            row.member_id,
            row.source_id,
            row.slot,
            row.method,
            row.proven_by,
            0.0 if row.probability is None else row.probability,
        )
