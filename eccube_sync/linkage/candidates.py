"""Who may be whom: people who share a strong fact or any two weak ones, found by keys and not by comparing all.

A key is a 64-bit hash of a kind and one or more normalised values. It depends on one row only, so an index of
stored keys answers for one changed person what a full run would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.hashing import combine, last_bucket, more_often
from eccube_sync.linkage.letters import Letters
from eccube_sync.matchers import NO_DATE, Integers, Names, Prepared, Text

KEYS = (
    "mobile",
    "landline",
    "email",
    "mailbox",
    "full_name",
    "full_kana",
    "birth_given",
    "birth_given_kana",
    "birth_family",
    "birth_family_kana",
    "birth_postal",
    "postal_given",
    "postal_given_kana",
    "postal_family",
    "postal_family_kana",
    "house_given_kana",
    "house_family_kana",
    "birth_town",
)
"""The kinds of key, in words for explanations; their position is part of every stored key."""

NEIGHBOURS = tuple(kind for kind in KEYS if kind.startswith(("postal_", "house_")))
"""The kinds of half a name and a place."""

Key = tuple[str, tuple[Integers, ...]]


def _columns(people: Prepared) -> Iterator[Key]:
    """Every key as its kind and the columns it is made of; a 0 in any of them means the person has no such key."""
    birth = np.where(people.birth == NO_DATE, 0, people.birth.astype(np.int64) * 2 + 1)
    given, given_kana = people.written.given.hashed(), people.read.given.hashed()
    family, family_kana = people.written.family.hashed(), people.read.family.hashed()
    for kind, slots in (
        ("mobile", people.mobiles),
        ("landline", people.landlines),
        ("email", people.emails.hashed()),
        ("mailbox", people.mailboxes.hashed()),
    ):
        for slot in slots.T:
            yield kind, (slot,)
    yield "full_name", (_letters(people.written),)
    yield "full_kana", (_letters(people.read),)
    yield "birth_given", (birth, given)
    yield "birth_given_kana", (birth, given_kana)
    yield "birth_family", (birth, family)
    yield "birth_family_kana", (birth, family_kana)
    yield "birth_postal", (birth, people.postal)
    yield "birth_town", (birth, people.town)
    yield "postal_given", (people.postal, given)
    yield "postal_given_kana", (people.postal, given_kana)
    yield "postal_family", (people.postal, family)
    yield "postal_family_kana", (people.postal, family_kana)
    yield "house_given_kana", (people.town, people.house, given_kana)
    yield "house_family_kana", (people.town, people.house, family_kana)


def _keys(people: Prepared) -> Iterator[tuple[str, Integers, Integers]]:
    """Kind by kind and slot by slot: the kind, the rows that have such a key, and their keys."""
    for kind, columns in _columns(people):
        known = np.flatnonzero(np.logical_and.reduce([column != 0 for column in columns]))
        yield kind, known, combine(KEYS.index(kind) + 1, *(column[known] for column in columns))


def blocking_keys(people: Prepared) -> tuple[Integers, Integers]:
    """All keys of all rows as (key, row), each once, sorted by row and key."""
    _, rows, keys = zip(*_keys(people), strict=True)
    row, key = np.concatenate(rows), np.concatenate(keys)
    order = np.lexsort((key, row))
    key, row = key[order], row[order]
    first = np.ones(len(key), bool)
    first[1:] = (key[1:] != key[:-1]) | (row[1:] != row[:-1])
    return key[first], row[first]


def common_keys(people: Prepared, limits: Mapping[str, int]) -> Integers:
    """Keys that more of these people have than ``limits`` allows their kind: shared by too many to say anything.

    Sorted.
    """
    return distinct(np.concatenate([more_often(keys, limits[kind]) for kind, _, keys in _by_kind(people)]))


def followed(keys: Integers, common: Integers) -> NDArray[np.bool_]:
    """Which of a few keys are followed: those not among the ``common`` ones, which are sorted and may be a million."""
    if not len(common):
        return np.ones(len(keys), bool)
    places = np.minimum(np.searchsorted(common, keys), len(common) - 1)
    chosen: NDArray[np.bool_] = common[places] != keys
    return chosen


def candidate_pairs(left: Prepared, right: Prepared, excluded: Integers) -> tuple[Integers, Integers]:
    """Pairs (left row, right row) that share a key not ``excluded``; each once, sorted.

    Works kind by kind, so that never more than one kind of key is in memory.
    """
    width = max(len(right), 1)
    found = [np.empty(0, np.int64)]
    for (_, left_rows, left_keys), (_, right_rows, right_keys) in zip(
        _by_kind(left), _by_kind(right), strict=True
    ):
        i, j = _join(left_keys, left_rows, right_keys, right_rows, excluded)
        found.append(i * width + j)
    pairs = distinct(np.concatenate(found))
    return pairs // width, pairs % width


def join_keys(
    left_keys: Integers,
    left_rows: Integers,
    right_keys: Integers,
    right_rows: Integers,
    excluded: Integers | None = None,
) -> tuple[Integers, Integers]:
    """As ``candidate_pairs`` for keys that are at hand, such as stored ones."""
    i, j = _join(left_keys, left_rows, right_keys, right_rows, excluded)
    width = int(right_rows.max(initial=0)) + 1
    pairs = distinct(i * width + j)
    return pairs // width, pairs % width


def distinct(numbers: Integers) -> Integers:
    """Each number once, sorted. (``np.unique`` goes by a hash table, which costs several times as much.)"""
    ordered = np.sort(numbers)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def shared_kinds(left: Prepared, right: Prepared, i: int, j: int) -> tuple[str, ...]:
    """Which kinds of key two people share: why they are candidates, or why not."""
    one, other = left.take(np.array([i])), right.take(np.array([j]))
    ours = {key for _, _, keys in _keys(one) for key in keys.tolist()}
    shared = [kind for kind, _, keys in _keys(other) if not ours.isdisjoint(keys.tolist())]
    return tuple(dict.fromkeys(shared))


def _by_kind(people: Prepared) -> Iterator[tuple[str, Integers, Integers]]:
    """For each kind the rows and keys of all its slots."""
    for kind, slots in groupby(_keys(people), itemgetter(0)):
        _, rows, keys = zip(*slots, strict=True)
        yield kind, np.concatenate(rows), np.concatenate(keys)


def _join(
    left_keys: Integers,
    left_rows: Integers,
    right_keys: Integers,
    right_rows: Integers,
    excluded: Integers | None,
) -> tuple[Integers, Integers]:
    """Pairs of rows that share a key; a pair may come twice."""
    both = _on_both_sides(left_keys, right_keys)
    left_keys, left_rows = left_keys[both[0]], left_rows[both[0]]
    right_keys, right_rows = right_keys[both[1]], right_rows[both[1]]
    # Everything is looked up in order: at random places of large arrays it would take several times as long.
    left_keys, left_rows = _in_order(left_keys, left_rows)
    right_keys, right_rows = _in_order(right_keys, right_rows)
    if excluded is not None:
        chosen = followed(left_keys, excluded)
        left_keys, left_rows = left_keys[chosen], left_rows[chosen]
    start = np.searchsorted(right_keys, left_keys, "left")
    count = np.searchsorted(right_keys, left_keys, "right") - start
    # For each left key the run of right keys it meets, laid one behind another.
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(left_rows, count), right_rows[np.repeat(start, count) + offset]


def _in_order(keys: Integers, rows: Integers) -> tuple[Integers, Integers]:
    order = np.argsort(keys)
    return keys[order], rows[order]


def _on_both_sides(left: Integers, right: Integers) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which keys may stand on the other side too: all that do, and a few more. Sorting the rest is saved."""
    last = last_bucket(max(len(left), len(right)))
    buckets = left & last, right & last
    seen = np.zeros((2, last + 1), bool)
    for side, bucket in enumerate(buckets):
        seen[side, bucket] = True
    return seen[1, buckets[0]], seen[0, buckets[1]]


def _letters(names: Names) -> Integers:
    """A hash of the whole name that does not care which part comes first."""
    family, given, whole = (
        _each(text, Letters.anagrams) for text in (names.family, names.given, names.whole)
    )
    letters = np.where((family != 0) & (given != 0), family + given, whole)
    return np.where(letters != 0, combine(0, letters), 0)


def _each(text: Text, of: Callable[[Letters], Integers]) -> Integers:
    """A number for each row. Only the strings that rows use are looked at: a subset shares all strings."""
    used = np.flatnonzero(np.bincount(text.codes, minlength=len(text.values)))
    numbers = np.zeros(len(text.values), np.int64)
    numbers[used] = of(Letters.of(text.values[used].tolist()))
    return numbers[text.codes]
