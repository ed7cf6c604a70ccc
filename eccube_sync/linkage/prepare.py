"""From raw columns to normalised ones: everything that is done once a person, and not once a pair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.addresses import normalise_addresses, normalise_postal
from eccube_sync.linkage.columns import Column, in_slots, text_of
from eccube_sync.linkage.emails import mailbox, normalise_email
from eccube_sync.linkage.namecolumns import normalise_names
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
    written, read = normalise_names(people)
    mobiles, landlines = _phones(people.tuples("phones"))
    emails, mailboxes = _emails(people.tuples("emails"))
    postals = Column.of(people.strings("postal_code"))
    postal = np.array([normalise_postal(typed) for typed in postals.values], np.int64)[postals.codes]
    places = normalise_addresses(people.strings("address"))
    return Prepared(
        ids=np.asarray(people.ids, np.int64),
        written=written,
        read=read,
        mobiles=mobiles,
        landlines=landlines,
        emails=emails,
        mailboxes=mailboxes,
        birth=_births(people),
        postal=np.where(postal == 0, places.postal, postal),
        town=places.town,
        house=places.house,
        block=places.block,
        live=people.is_live(),
        last_visit=people.days("last_visit"),
    )


def prepare_chunks(chunks: Iterable[People]) -> Prepared:
    """``prepare`` for a side that comes in pieces, so that its raw rows need never be in memory together."""
    return joined([prepare(chunk) for chunk in chunks])


def _phones(cells: Sequence[tuple[str, ...]]) -> tuple[Integers, Integers]:
    row_of_cell = np.repeat(np.arange(len(cells)), np.fromiter(map(len, cells), np.int64, len(cells)))
    cell, numbers, mobile = normalise_phones(list(chain.from_iterable(cells)))
    row = row_of_cell[cell]
    mobiles, landlines = (
        in_slots(row[kind], numbers[kind], len(cells), _PHONES) for kind in (mobile, ~mobile)
    )
    return mobiles, landlines


def _emails(cells: Sequence[tuple[str, ...]]) -> tuple[Text, Text]:
    rows = np.repeat(np.arange(len(cells)), np.fromiter(map(len, cells), np.int64, len(cells)))
    addresses = list(map(normalise_email, chain.from_iterable(cells)))
    # 0 is the code of "no address", so a code is a place in the list of addresses and one.
    index = {"": 0} | {
        address: code for code, address in enumerate(filter(None, dict.fromkeys(addresses)), 1)
    }
    codes = np.fromiter(map(index.__getitem__, addresses), np.int64, len(addresses))
    known = codes != 0
    slots = in_slots(rows[known], codes[known], len(cells), _EMAILS).astype(np.int32)
    return text_of(slots, list(index)), text_of(slots, list(map(mailbox, index)))


def _births(people: People) -> NDArray[np.int32]:
    days = people.days("birth_date")
    return np.where(np.isin(days, _DUMMY_DATES) | (days < _EARLIEST_BIRTH), NO_DATE, days)


@cache
def nobody() -> Prepared:
    """A side without anybody."""
    return prepare(People(np.empty(0, np.int64)))


def joined(parts: Sequence[Prepared]) -> Prepared:
    """The rows of all parts, one part behind the other."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {}
    for column in fields(Prepared):
        values = [getattr(part, column.name) for part in parts]
        columns[column.name] = _joined(values)
    return Prepared(**columns)


def _joined(values: Sequence[Any]) -> Any:
    if isinstance(values[0], Names):
        return _joined_names(values)
    return _joined_texts(values) if isinstance(values[0], Text) else _joined_arrays(values)


def _joined_arrays(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    slots = max((array.shape[1] for array in arrays if array.ndim > 1), default=0)
    if slots:
        arrays = [np.pad(array, ((0, 0), (0, slots - array.shape[1]))) for array in arrays]
    return np.concatenate(arrays)


def _joined_names(names: Sequence[Names]) -> Names:
    return Names(
        *(_joined_texts([getattr(one, part.name) for one in names], once=True) for part in fields(Names))
    )


def _joined_texts(texts: Sequence[Text], *, once: bool = False) -> Text:
    """``once``: a string that stands in several parts is kept once."""
    sizes = np.cumsum([0, *(len(text.values) for text in texts[:-1])])
    codes = _joined_arrays([text.codes for text in texts])
    # "" is the first string of every part, so that a padded slot says nothing in each of them.
    codes = codes + np.repeat(sizes, [len(text.codes) for text in texts]).astype(np.int32).reshape(
        -1, *[1] * (codes.ndim - 1)
    )
    text = Text(
        codes.astype(np.int32),
        np.concatenate([text.values for text in texts]),
        np.concatenate([text.hashes for text in texts]),
        np.concatenate([text.bags for text in texts]),
    )
    if not once:
        return text
    _, first, place = np.unique(text.hashes, return_index=True, return_inverse=True)
    return replace(
        text,
        codes=place.astype(np.int32)[text.codes],
        values=text.values[first],
        hashes=text.hashes[first],
        bags=text.bags[first],
    )
