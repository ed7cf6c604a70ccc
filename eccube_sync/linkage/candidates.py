"""Who may be whom: people who share a strong fact or any two weak ones, found by keys and not by comparing all.

A key is a 64-bit hash of a kind and one or more normalised values. It depends on one row only, so an index of
stored keys answers for one changed person what a full run would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from eccube_sync.linkage.hashing import combine, hash_texts
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
    "birth_first_letter",
    "birth_postal",
    "postal_given",
    "postal_given_kana",
    "postal_family",
    "postal_family_kana",
    "house_given_kana",
    "house_family_kana",
)
"""The kinds of key, in words for explanations; their position is part of every stored key."""

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
    for kind, names in (("full_name", people.written), ("full_kana", people.read)):
        yield kind, (_letters(names),)
    yield "birth_given", (birth, given)
    yield "birth_given_kana", (birth, given_kana)
    yield "birth_family", (birth, family)
    yield "birth_family_kana", (birth, family_kana)
    yield "birth_first_letter", (birth, _first_letter(people.written))
    yield "birth_postal", (birth, people.postal)
    yield "postal_given", (people.postal, given)
    yield "postal_given_kana", (people.postal, given_kana)
    yield "postal_family", (people.postal, family)
    yield "postal_family_kana", (people.postal, family_kana)
    yield "house_given_kana", (people.town, people.house, given_kana)
    yield "house_family_kana", (people.town, people.house, family_kana)


def blocking_keys(people: Prepared) -> tuple[Integers, Integers]:
    """All keys of all rows as (key, row), each once, sorted by row and key."""
    keys: list[Integers] = []
    rows: list[Integers] = []
    for kind, columns in _columns(people):
        known = np.flatnonzero(np.all([column != 0 for column in columns], axis=0))
        keys.append(combine(KEYS.index(kind) + 1, *(column[known] for column in columns)))
        rows.append(known)
    key, row = np.concatenate(keys), np.concatenate(rows)
    order = np.lexsort((key, row))
    key, row = key[order], row[order]
    first = np.ones(len(key), bool)
    first[1:] = (key[1:] != key[:-1]) | (row[1:] != row[:-1])
    return key[first], row[first]


def common_keys(left_keys: Integers, right_keys: Integers, max_block: int) -> Integers:
    """Keys that more than ``max_block`` rows of either side have: shared by too many to say anything. Sorted."""
    common = [_more_often(keys, max_block) for keys in (left_keys, right_keys)]
    return np.unique(np.concatenate(common))


def join_keys(
    left_keys: Integers,
    left_rows: Integers,
    right_keys: Integers,
    right_rows: Integers,
    excluded: Integers | None = None,
) -> tuple[Integers, Integers]:
    """Pairs (left row, right row) that share a key not ``excluded``; each once, sorted."""
    if excluded is not None and len(excluded):
        chosen = ~np.isin(left_keys, excluded)
        left_keys, left_rows = left_keys[chosen], left_rows[chosen]
    if not len(left_keys) or not len(right_keys):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.argsort(right_keys, kind="stable")
    right_keys, right_rows = right_keys[order], right_rows[order]
    start = np.searchsorted(right_keys, left_keys, "left")
    count = np.searchsorted(right_keys, left_keys, "right") - start
    # For each left key the run of right keys it meets, laid one behind another.
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    right = right_rows[np.repeat(start, count) + offset]
    width = int(right_rows.max()) + 1
    pairs = np.unique(np.repeat(left_rows, count) * width + right)
    return pairs // width, pairs % width


def shared_kinds(left: Prepared, right: Prepared, i: int, j: int) -> tuple[str, ...]:
    """Which kinds of key two people share: why they are candidates, or why not."""
    one, other = left.take(np.array([i])), right.take(np.array([j]))
    found = {kind: set[tuple[int, ...]]() for kind in KEYS}
    for kind, columns in _columns(one):
        found[kind].add(tuple(int(column[0]) for column in columns))
    shared = [
        kind
        for kind, columns in _columns(other)
        if all(column[0] for column in columns) and tuple(int(column[0]) for column in columns) in found[kind]
    ]
    return tuple(dict.fromkeys(shared))


def _more_often(keys: Integers, limit: int) -> Integers:
    distinct, counts = np.unique(keys, return_counts=True)
    return distinct[counts > limit]


def _letters(names: Names) -> Integers:
    """A hash of the whole name that does not care which part comes first."""
    return _each(names.full, lambda text: "".join(sorted(text)))


def _first_letter(names: Names) -> Integers:
    """A hash of the first letter of the family name, also where the name is joined."""
    letters = _each(names.full, lambda text: text[:1])
    return np.where(letters == 0, _each(names.family, lambda text: text[:1]), letters)


def _each(text: Text, change: Callable[[str], str]) -> Integers:
    """Hashes of the changed strings. Only those are worked on that the rows use: a subset shares all strings."""
    used = np.unique(text.codes)
    hashes = np.zeros(len(text.values), np.int64)
    hashes[used] = hash_texts(change(string) for string in text.values[used])
    return hashes[text.codes]
