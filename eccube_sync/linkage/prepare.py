"""From raw columns to normalised ones: everything that is done once a person, and not once a pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.addresses import normalise_address, normalise_postal
from eccube_sync.linkage.emails import mailbox, normalise_email
from eccube_sync.linkage.hashing import hash_texts
from eccube_sync.linkage.names import Script, Typed, normalise_names
from eccube_sync.linkage.people import People
from eccube_sync.linkage.phones import normalise_phones
from eccube_sync.matchers import NO_DATE, Integers, Names, Prepared, Text

_PHONES = 2
_EMAILS = 3
_DUMMY_DATES = [
    np.datetime64(day, "D").astype(np.int32) for day in ("1900-01-01", "1901-01-01", "1911-11-11")
]
_EARLIEST_BIRTH = np.datetime64("1900-01-01", "D").astype(np.int32)


def prepare(people: People) -> Prepared:
    """Normalise one side. Each row depends on nothing but itself, so any subset gives the same columns."""
    written, read = _names(people)
    mobiles, landlines = _phones(people.tuples("phones"))
    emails, mailboxes = _emails(people.tuples("emails"))
    postal, town, house, block = _addresses(people)
    return Prepared(
        ids=np.asarray(people.ids, np.int64),
        written=written,
        read=read,
        mobiles=mobiles,
        landlines=landlines,
        emails=emails,
        mailboxes=mailboxes,
        birth=_births(people),
        postal=postal,
        town=town,
        house=house,
        block=block,
        live=people.is_live(),
        last_visit=people.days("last_visit"),
    )


def _names(people: People) -> tuple[Names, Names]:
    columns = (
        people.strings(f"{part}_{kind}") for kind in ("name", "kana") for part in ("family", "given", "full")
    )
    written, read = normalise_names(map(Typed, *columns))
    return _script(written), _script(read)


def _script(scripts: list[Script]) -> Names:
    families, givens, wholes = zip(*scripts, strict=True) if scripts else ((), (), ())
    return Names(_text(families), _text(givens), _text(wholes))


def _phones(cells: Sequence[tuple[str, ...]]) -> tuple[Integers, Integers]:
    mobiles = np.zeros((len(cells), _PHONES), np.int64)
    landlines = np.zeros((len(cells), _PHONES), np.int64)
    for row, typed in enumerate(cells):
        if typed:
            for column, numbers in zip((mobiles, landlines), normalise_phones(typed), strict=True):
                for slot, number in enumerate(numbers[:_PHONES]):
                    column[row, slot] = number
    return mobiles, landlines


def _emails(cells: Sequence[tuple[str, ...]]) -> tuple[Text, Text]:
    addresses: list[str] = []
    for typed in cells:
        known = dict.fromkeys(filter(None, map(normalise_email, typed)))
        addresses.extend((*known, *[""] * _EMAILS)[:_EMAILS])
    return _text(addresses, _EMAILS), _text(map(mailbox, addresses), _EMAILS)


def _addresses(people: People) -> tuple[Integers, Integers, Integers, Integers]:
    places = [normalise_address(typed) for typed in people.strings("address")]
    towns, houses, blocks, _ = zip(*places, strict=True) if places else ((), (), (), ())
    postal = np.fromiter(
        map(_remembered(normalise_postal), people.strings("postal_code")), np.int64, len(people)
    )
    in_address = np.fromiter((place.postal for place in places), np.int64, len(places))
    town, house, block = (_text(column).hashed() for column in (towns, houses, blocks))
    return np.where(postal == 0, in_address, postal), town, house, block


def _births(people: People) -> NDArray[np.int32]:
    days = people.days("birth_date")
    return np.where(np.isin(days, _DUMMY_DATES) | (days < _EARLIEST_BIRTH), NO_DATE, days)


def _remembered(function: Callable[[str], int]) -> Callable[[str], int]:
    known: dict[str, int] = {}

    def remembered(value: str) -> int:
        if value not in known:
            known[value] = function(value)
        return known[value]

    return remembered


def _text(strings: Iterable[str], slots: int = 1) -> Text:
    """Each distinct string once; with ``slots`` > 1, that many successive strings belong to one row."""
    index: dict[str, int] = {}
    codes = np.fromiter((index.setdefault(text, len(index)) for text in strings), np.int32)
    values = np.empty(len(index), object)
    values[:] = list(index)
    return Text(codes.reshape(-1, slots) if slots > 1 else codes, values, hash_texts(index))
