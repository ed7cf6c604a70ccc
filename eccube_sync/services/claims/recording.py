"""The one way a claim comes in: hashed at once, kept once. Nothing is decided here; the next classification decides.

A code, a PIN, a birth date and the place it was typed at are kept as keyed hashes only. A card number is kept: it
names a member as the store's own data does, and a claim may wait for that member.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from eccube_sync.clock import to_database
from eccube_sync.db import CHUNK
from eccube_sync.japanesedates import DateRefusedError, parse_date
from eccube_sync.linkcode import read_code
from eccube_sync.services.codes.keys import CodeKeys
from eccube_sync.services.matching.people import digits_of
from eccube_sync.services.running import Run
from eccube_sync.tables.codes import claim, link_code

LONGEST_NUMBER = 64
_SEPARATORS = str.maketrans("", "", " -‐‑‒–—―−ー\t")
_KEYS_KEPT = 10
"""So many keys' hashes of a second fact fit into its column."""


@dataclass(frozen=True, slots=True)
class TypedFact:
    """A second fact as a customer typed it; ``kind`` is ``pin``, ``birth_date`` or ``phone_last4``, "" for none."""

    kind: str = ""
    value: str = field(default="", repr=False)

    @property
    def plain(self) -> str:
        """The value in the one form that is compared; "" where it can be no such fact."""
        text = unicodedata.normalize("NFKC", self.value).strip()
        if self.kind == "birth_date":
            return _day(text)
        if self.kind == "phone_last4":
            digits = digits_of(text)
            return digits[-4:] if len(digits) >= 4 else ""
        return text if self.kind == "pin" else ""


def _day(text: str) -> str:
    try:
        day = parse_date(text).day
    except DateRefusedError:
        return ""
    return day.isoformat() if day else ""


@dataclass(frozen=True, slots=True)
class TypedClaim:
    """What one customer typed, ready to be kept; ``repr`` shows neither code nor number.

    ``code`` is None where it can be no code; a card has a ``number`` and no code. ``written`` tells one typing from
    another. ``keys`` tell this claim from others, under every key; the first is the one to store.
    """

    eccube_id: int
    kind: str
    code: str | None = field(repr=False)
    written: str = field(repr=False)
    received_at: datetime
    keys: tuple[str, ...]
    number: str = field(default="", repr=False)
    fact_kind: str = ""
    fact_hashes: str = ""
    origin_hash: str | None = None
    line: int = 0

    @property
    def readable(self) -> bool:
        """Whether it can be a code or a card number at all."""
        return bool(self.number if self.kind == "card" else self.code)


def code_claim(
    keys: CodeKeys,
    eccube_id: int,
    written: str,
    received_at: datetime,
    *,
    claim_key: str | None = None,
    origin: str | None = None,
    line: int = 0,
) -> TypedClaim:
    """A link code as a customer wrote it.

    Without a ``claim_key`` (a row's own) the same customer with the same code is the same claim, however typed.
    """
    code = read_code(written)
    same = code or unicodedata.normalize("NFKC", written).casefold()
    marks = (claim_key,) if claim_key else _marks(keys, eccube_id, same)
    return TypedClaim(
        eccube_id, "link_code", code, same, received_at, marks, origin_hash=_origin(keys, origin), line=line
    )


def card_claim(
    keys: CodeKeys,
    eccube_id: int,
    written: str,
    fact: TypedFact,
    received_at: datetime,
    *,
    claim_key: str | None = None,
    origin: str | None = None,
    line: int = 0,
) -> TypedClaim:
    """A card number and a second fact as a customer wrote them; another second fact is another claim."""
    number = unicodedata.normalize("NFKC", written).translate(_SEPARATORS)
    plain = fact.plain
    same = f"card\0{number}\0{fact.kind}\0{plain}"
    hashes = [f"{one}:{keys.hash_fact(fact.kind, number, plain, one)}" for one in keys.ids[:_KEYS_KEPT]]
    return TypedClaim(
        eccube_id,
        "card",
        None,
        same,
        received_at,
        (claim_key,) if claim_key else _marks(keys, eccube_id, same),
        number=number if len(number) <= LONGEST_NUMBER else "",
        fact_kind=fact.kind if plain else "",
        fact_hashes="\n".join(hashes) if plain else "",
        origin_hash=_origin(keys, origin),
        line=line,
    )


def _marks(keys: CodeKeys, eccube_id: int, same: str) -> tuple[str, ...]:
    return tuple(keys.hash_claim(eccube_id, same, key_id) for key_id in keys.ids)


def _origin(keys: CodeKeys, origin: str | None) -> str | None:
    return keys.hash_origin(origin) if origin else None


def known_claims(connection: Connection, claims: Sequence[TypedClaim]) -> set[str]:
    """Those of these claims' keys that came in before."""
    found: set[str] = set()
    for start in range(0, len(claims), CHUNK):
        marks = [mark for one in claims[start : start + CHUNK] for mark in one.keys]
        found.update(
            connection.execute(select(claim.c.claim_key).where(claim.c.claim_key.in_(marks))).scalars()
        )
    return found


def record_claims(run: Run, keys: CodeKeys, claims: Sequence[TypedClaim], reason: str) -> None:
    """Insert claims that are not known yet, inside the transaction under way."""
    connection = run.connection
    known = known_claims(connection, claims)
    new = {one.keys[0]: one for one in claims if not known.intersection(one.keys)}
    if not new:
        return
    codes = _find_codes(connection, keys, [one.code for one in new.values() if one.code])
    rows = [_row(run, keys, one, codes) for one in new.values()]
    connection.execute(insert(claim), rows)
    made = connection.execute(
        select(claim.c.id, claim.c.state).where(claim.c.claim_key.in_(list(new))).order_by(claim.c.id)
    )
    for row in made:
        run.record("claim", row.id, "state", None, row.state, reason)
    run.counts["claims_new"] += len(rows)


def _row(run: Run, keys: CodeKeys, one: TypedClaim, codes: dict[str, tuple[int, str]]) -> dict[str, Any]:
    code_id, code_hash = codes.get(one.code or "", (None, keys.hash_code(one.written)))
    return {
        "claim_key": one.keys[0],
        "eccube_id": one.eccube_id,
        "kind": one.kind,
        "code_hash": code_hash,
        "link_code_id": code_id,
        "card_number": one.number,
        "fact_kind": one.fact_kind,
        "fact_hashes": one.fact_hashes,
        "origin_hash": one.origin_hash,
        "state": "pending" if one.readable else "refused",
        "reason": None if one.readable else "malformed",
        "received_at": to_database(one.received_at),
        "decided_at": None if one.readable else run.moment,
        "run_id": run.id,
    }


def _find_codes(connection: Connection, keys: CodeKeys, codes: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Code → id and hash of the issued code it is, whichever key that was hashed with."""
    hashes = {keys.hash_code(code, key_id): (code, key_id) for code in codes for key_id in keys.ids}
    rows = connection.execute(
        select(link_code.c.id, link_code.c.secret_hash, link_code.c.key_id).where(
            link_code.c.secret_hash.in_(list(hashes))
        )
    )
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        code, key_id = hashes[row.secret_hash]
        if key_id == row.key_id and hmac.compare_digest(row.secret_hash, keys.hash_code(code, row.key_id)):
            found[code] = (row.id, row.secret_hash)
    return found
