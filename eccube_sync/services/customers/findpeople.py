"""Find customers and members by whatever a person on the phone says: a number, a card, a mail, part of a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import jaconv
import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.db import reading
from eccube_sync.eccube import GENERATIONS, Findable, Generation, detect
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.linkage.candidates import blocking_keys
from eccube_sync.linkage.kana import from_romaji, is_kana, is_latin, katakana
from eccube_sync.linkage.people import People
from eccube_sync.linkage.phones import normalise_phones
from eccube_sync.linkage.prepare import prepare
from eccube_sync.linkage.variants import ways_to_write
from eccube_sync.report import Report
from eccube_sync.services.codes.files import whole_number
from eccube_sync.services.customers.foundpeople import customers_listing, members_listing
from eccube_sync.services.matching.people import digits_of
from eccube_sync.services.running import Shop
from eccube_sync.tables.classes import eccube_ids
from eccube_sync.tables.matching import CUSTOMER, MEMBER, who_has_keys
from eccube_sync.tables.members import member, member_code, source
from eccube_sync.tables.people import contains, members_mailed, members_named, members_phoned

SHOWN = 20
"""How many customers and how many members are shown at most."""

_READ_AT_MOST = 200
_WAYS = 8
_LAST_DIGITS = 4
_NUMBER = re.compile(r"[\d\s()+./‐‑‒–—―−ー-]+")
_BETWEEN = re.compile(r"[\s()+./‐‑‒–—―−ー-]+")
_MEMBERS_BY: Mapping[Findable, Callable[[Connection, Sequence[str], int], list[int]]] = {
    "name": members_named,
    "phone": members_phoned,
    "email": members_mailed,
}


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, as it can be looked up; ``repr`` shows none of it."""

    codes: tuple[str, ...] = field(default=(), repr=False)
    """What may be a code, a second number, the POS's own id or the EC-CUBE id."""
    what: Findable | None = None
    patterns: tuple[str, ...] = field(default=(), repr=False)
    """How ``what`` may stand in a table, as patterns of SQL."""
    person: People | None = field(default=None, repr=False)
    """Somebody of whom this alone is known, for the matcher's index, which knows every way to write it."""


def read_query(typed: str) -> Query:
    """What somebody typed may be. Raises ``UsageError`` where it is nothing."""
    text = " ".join(unicodedata.normalize("NFKC", typed).split())
    bare = _BETWEEN.sub("", text)
    if not bare:
        raise UsageError(_("Type a phone number, an e-mail address, a name, a card number or an id."))
    if "@" in text:
        return Query((), "email", (contains(text.lower()),), _somebody(emails=[(text,)]))
    codes = tuple(dict.fromkeys((text, bare)))
    if _NUMBER.fullmatch(text):
        patterns = _numbers(text)
        return Query(codes, "phone" if patterns else None, patterns, _somebody(phones=[(text,)]))
    return Query(codes, "name", tuple(map(contains, _names(text))), _somebody(full_name=[text]))


def _somebody(**column: Any) -> People:
    return People(ids=np.zeros(1, np.int64), **column)


def _numbers(text: str) -> tuple[str, ...]:
    """Patterns of a phone number or a part of it. Four digits are the last ones, as people are asked for them."""
    digits = digits_of(text)
    if len(digits) == _LAST_DIGITS:
        return f"%{digits}", f"%{digits}|%"  # a member's first number is followed by the second
    _cells, without_zero, _mobile = normalise_phones([text])
    whole = [str(number) for number in without_zero.tolist()]
    return tuple(map(contains, whole or [digits])) if len(digits) > _LAST_DIGITS else ()


def _names(text: str) -> list[str]:
    """Every way the name, or the part of one, may stand in a table, spaces left out."""
    bare = "".join(text.split()).removesuffix("様")
    romaji = from_romaji(text) if is_latin(text) else ""
    if not romaji and not is_kana(bare):
        return ways_to_write(bare, _WAYS)
    kana = romaji or katakana(bare)
    forms = (bare, kana, jaconv.kata2hira(kana), jaconv.z2h(kana, kana=True))
    return list(dict.fromkeys(forms))


def find_people(shop: Shop, connection: Connection, typed: str, *, unmasked: bool = False) -> Report:
    """Customers and members who fit, linked or not, those named by a code or id first."""
    query = read_query(typed)
    with reading(connection):
        customers = _customers(connection, GENERATIONS[detect(connection)], query)
        members = _members(connection, query)
        listings = [
            customers_listing(shop.settings, connection, customers[:SHOWN], unmasked=unmasked),
            members_listing(connection, members[:SHOWN], unmasked=unmasked),
        ]
    if not customers and not members:
        return Report(
            _("Nobody was found."), notes=[_("Try a part of the name, its reading, or another number.")]
        )
    headline = _("Found: customers {customers}, members {members}.").format(
        customers=_many(customers), members=_many(members)
    )
    notes = []
    if max(len(customers), len(members)) > SHOWN:
        notes.append(_("Only the first {count} are shown; type more of it.").format(count=SHOWN))
    notes.append(_("All about one: eccube-sync customers show ID, eccube-sync members show MEMBER"))
    return Report(headline, listings=listings, notes=notes)


def _many(found: Sequence[int]) -> str:
    return f"{_READ_AT_MOST}+" if len(found) >= _READ_AT_MOST else str(len(found))


def _customers(connection: Connection, generation: Generation, query: Query) -> list[int]:
    """EC-CUBE ids."""
    numbers = [number for code in query.codes if (number := whole_number(code))]
    named = [one.eccube_id for one in generation.customers_by_id(connection, numbers)] if numbers else []
    indexed = eccube_ids(connection, _indexed(connection, CUSTOMER, query)).values()
    fitting = generation.find(connection, query.what, query.patterns, _READ_AT_MOST) if query.what else []
    return _each_once([*named, *indexed, *fitting])


def _members(connection: Connection, query: Query) -> list[int]:
    """Our ids of members."""
    fitting = _MEMBERS_BY[query.what](connection, query.patterns, _READ_AT_MOST) if query.what else []
    return _each_once([*_coded(connection, query.codes), *_indexed(connection, MEMBER, query), *fitting])


def _each_once(ids: Iterable[int]) -> list[int]:
    return list(islice(dict.fromkeys(ids), _READ_AT_MOST))


def _coded(connection: Connection, codes: Sequence[str]) -> list[int]:
    """Members who have or had one of these codes, numbers or ids; those who have it now first."""
    # Named by source as well, because the indexes begin with it.
    sources = list(connection.execute(select(source.c.id)).scalars())
    if not codes or not sources:
        return []
    held = select(member_code.c.member_id).where(
        member_code.c.source_id.in_(sources), member_code.c.code.in_(codes)
    )
    keyed = select(member.c.id).where(member.c.source_id.in_(sources), member.c.store_key.in_(codes))
    ids = {*connection.execute(held).scalars(), *connection.execute(keyed).scalars()}
    if not ids:
        return []
    rows = connection.execute(select(member.c.id, member.c.current).where(member.c.id.in_(ids)))
    return [row.id for row in sorted(rows, key=lambda row: (row.current is None, row.id))]


def _indexed(connection: Connection, side: int, query: Query) -> list[int]:
    """Our ids of those whom the matcher's index knows by the same normalised value."""
    if query.person is None:
        return []
    keys, _rows = blocking_keys(prepare(query.person))
    if not len(keys):
        return []
    _keys, owners = who_has_keys(connection, side, keys)
    return sorted(set(owners.tolist()))[:_READ_AT_MOST]
