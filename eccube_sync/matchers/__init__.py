"""How alike two people are in one respect: the columns compared, the contract of a matcher, the list.

To add a matcher: copy a neighbour, add one line to ``MATCHERS`` and one to ``linkage/weights.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

Integers = NDArray[np.int64]
Rows = NDArray[Any]
Levels = NDArray[np.uint8]

NO_DATE = np.int32(np.iinfo(np.int32).min)
"""What stands in a date column (days since 1970-01-01) where no date is known."""


@dataclass(frozen=True, slots=True)
class Text:
    """A column of normalised strings, each distinct string kept once. ``""`` is "no information".

    ``codes`` (any shape, one row a person) point into ``values`` and ``hashes``; the hash of ``""`` is 0, so
    that equality of two columns is ``(a != 0) & (a == b)`` on hashes alone, also across processes. ``bags`` are
    the letters of each string as a set of 64 bits: strings one slip apart differ in two of them at most.
    """

    codes: NDArray[np.int32]
    values: NDArray[np.object_]
    hashes: Integers
    bags: NDArray[np.uint64]

    def hashed(self, rows: Rows | None = None) -> Integers:
        """The hash of each cell (of ``rows`` only, if given)."""
        chosen: Integers = self.hashes[self.codes if rows is None else self.codes[rows]]
        return chosen

    def strings(self, rows: Rows) -> NDArray[np.object_]:
        """The strings of these rows."""
        chosen: NDArray[np.object_] = self.values[self.codes[rows]]
        return chosen

    def take(self, rows: Rows) -> Text:
        """The same column for these rows only; the distinct strings are shared, not copied."""
        return replace(self, codes=self.codes[rows])


@dataclass(frozen=True, slots=True)
class Names:
    """A name in one script: its two parts, or the whole where they could not be told apart."""

    family: Text
    given: Text
    whole: Text

    def take(self, rows: Rows) -> Names:
        """The same names for these rows only."""
        return Names(self.family.take(rows), self.given.take(rows), self.whole.take(rows))

    def full(self, rows: Rows) -> list[str]:
        """The full name of these rows; ``""`` where a part of it is unknown."""
        columns = (self.family.strings(rows), self.given.strings(rows), self.whole.strings(rows))
        return [
            family + given if family and given else whole
            for family, given, whole in zip(*columns, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One side, normalised: columns of equal length, row ``k`` is the person ``ids[k]``.

    Names are held twice: ``written`` (kanji, or Latin letters that are no romaji) and ``read`` (kana, folded so
    that long vowels, small kana and voiced marks make no difference). Numbers are 0 where nothing is known.
    """

    ids: Integers
    written: Names
    read: Names
    mobiles: Integers  # (n, slots): digits as a number
    landlines: Integers  # (n, slots)
    emails: Text  # (n, slots)
    mailboxes: Text  # (n, slots): the part before the @, where it says something
    birth: NDArray[np.int32]  # days since 1970-01-01, NO_DATE where unknown
    postal: Integers  # 7 digits as a number
    town: Integers  # hash of the address up to its first digit, without the prefecture
    house: Integers  # hash of all numbers of the address
    block: Integers  # hash of the first two numbers
    live: NDArray[np.bool_]  # members: the card can be used; customers: always true
    last_visit: NDArray[np.int32]  # days since 1970-01-01, NO_DATE where unknown

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Rows) -> Prepared:
        """The same columns for these rows only, in this order."""
        taken: dict[str, Any] = {}
        for column in fields(self):
            value = getattr(self, column.name)
            taken[column.name] = value[rows] if isinstance(value, np.ndarray) else value.take(rows)
        return Prepared(**taken)


class Verdict(IntEnum):
    """What a level says about the two people, apart from how much it weighs."""

    SILENT = 0  # one side says nothing, or nothing that can be compared
    DIFFERS = 1
    WEAK = 2  # agrees, as many other pairs would
    STRONG = 3  # agrees, as few other pairs would


@dataclass(frozen=True, slots=True)
class Level:
    """One outcome of a comparison; ``name`` is its key in the weights and in explanations."""

    name: str
    verdict: Verdict


class Matcher(Protocol):
    """A comparison of two people in one respect."""

    @property
    def levels(self) -> tuple[Level, ...]:
        """All outcomes; level 0 is always "nothing to compare"."""

    def compare(self, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Levels:
        """For each pair (``left`` row ``i[k]``, ``right`` row ``j[k]``) the index of its level.

        Pure, and symmetric: ``compare(b, a, j, i)`` gives the same levels.
        """


def meet(left: Integers, right: Integers) -> NDArray[np.bool_]:
    """For two columns of slots, (n, a) and (n, b): whether any known value stands on both sides."""
    found = np.zeros(len(left), bool)
    for a in left.T:
        for b in right.T:
            found |= (a == b) & (a != 0)
    return found


def one_slip(left: Text, right: Text, i: Rows, j: Rows, shortest: int = 1) -> NDArray[np.bool_]:
    """Which pairs of strings differ by one letter replaced, missing, added or exchanged with its neighbour.

    The longer of the two has ``shortest`` letters at least; equal strings and empty ones are no slip.
    """
    a, b = left.codes[i], right.codes[j]
    unlike = left.bags[a] ^ right.bags[b]
    for _bit in range(2):
        unlike = unlike & (unlike - np.uint64(1) * (unlike != 0))  # takes the lowest of the bits away
    maybe = np.flatnonzero((unlike == 0) & (left.hashes[a] != 0) & (right.hashes[b] != 0))
    width = len(right.values)
    pairs, place = np.unique(a[maybe].astype(np.int64) * width + b[maybe], return_inverse=True)
    strings = left.values[pairs // width], right.values[pairs % width]
    distance = process.cpdist(*strings, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
    longer = np.maximum(*(np.fromiter(map(len, one), np.int64, len(one)) for one in strings))
    near = (distance == 1) & (longer >= shortest)
    found = np.zeros(len(a), bool)
    found[maybe] = near[place]
    return found


# The parts need the names above, so they are imported after them.
from eccube_sync.matchers.address import AddressMatcher  # noqa: E402
from eccube_sync.matchers.birth_date import BirthDateMatcher  # noqa: E402
from eccube_sync.matchers.email import EmailMatcher  # noqa: E402
from eccube_sync.matchers.name import NameMatcher  # noqa: E402
from eccube_sync.matchers.phone import PhoneMatcher  # noqa: E402

MATCHERS: Mapping[str, Matcher] = {
    "family_name": NameMatcher("family"),
    "given_name": NameMatcher("given"),
    "birth_date": BirthDateMatcher(),
    "mobile": PhoneMatcher("mobiles"),
    "landline": PhoneMatcher("landlines"),
    "email": EmailMatcher(),
    "address": AddressMatcher(),
}
"""Every comparison by its name; the order is the order of columns in scores and of facts in explanations."""
