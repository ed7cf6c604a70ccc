"""How common a name or a postal code is in the shop's own data, and which values too many people share."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.hashing import combine, more_often
from eccube_sync.matchers import NO_DATE, Integers, Prepared, Rows, Text

VALUES: Mapping[str, Callable[[Prepared], Text | Integers]] = {
    "family": lambda people: people.written.family,
    "family_kana": lambda people: people.read.family,
    "given": lambda people: people.written.given,
    "given_kana": lambda people: people.read.given,
    "postal": lambda people: people.postal,
}
"""The columns whose values are not equally telling; the key is the table's name in the weights."""

SMALLEST = 1e-5
"""No value counts as rarer than this: beyond it a slip of the pen is likelier than so rare a value."""

PRESUMED = 2000
BACKGROUND = 0.001
"""In a small shop a value counts as if ``PRESUMED`` more people were known, ``BACKGROUND`` of whom have it."""

LARGEST_HOUSEHOLD = 8
"""A phone, e-mail or house that more people of one side share than this is no household's (shop, school, block)."""

_DAYS_OF_BIRTH = 18_000
_BIRTHS_OVER_CHANCE = 12


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyTable:
    """Shares (0..1) of the values seen more than twice; ``rare`` for any other, ``unknown`` where there is no value.

    ``unknown`` is the probability that two values drawn at random agree.
    """

    values: Integers  # sorted
    shares: NDArray[np.float64]
    rare: float
    unknown: float

    def look_up(self, values: Integers) -> NDArray[np.float64]:
        """The share of each value; NaN where the value is 0."""
        shares = np.full(len(values), self.rare)
        if len(self.values):
            place = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
            shares = np.where(self.values[place] == values, self.shares[place], shares)
        shares[values == 0] = np.nan
        return shares

    def to_json(self) -> dict[str, object]:
        """Plain values; the arrays as base64 of little-endian 64-bit numbers."""
        return {
            "values": encode(self.values),
            "shares": b64encode(self.shares.astype("<f8").tobytes()).decode(),
            "rare": self.rare,
            "unknown": self.unknown,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> FrequencyTable:
        """The table that ``to_json`` described."""
        shares = np.frombuffer(b64decode(str(data["shares"])), "<f8").astype(np.float64)
        return cls(decode(str(data["values"])), shares, float(str(data["rare"])), float(str(data["unknown"])))


def fit_frequencies(left: Prepared, right: Prepared) -> dict[str, FrequencyTable]:
    """The frequency tables of both sides together."""
    return {name: _fit(*_counted(column(left), column(right))) for name, column in VALUES.items()}


def values_of(name: str, people: Prepared, rows: Rows) -> Integers:
    """What stands in a column of ``VALUES`` for these rows: a number, or the hash of a string."""
    column = VALUES[name](people)
    return column.hashed(rows) if isinstance(column, Text) else column[rows]


def _counted(*columns: Text | Integers) -> tuple[Integers, Integers]:
    """The known values of all these columns, sorted, and how many cells hold each."""
    values, counts = (np.concatenate(both) for both in zip(*map(_told, columns), strict=True))
    known = (values != 0) & (counts != 0)
    values, place = np.unique(values[known], return_inverse=True)
    return values, np.bincount(place, counts[known], len(values)).astype(np.int64)


def _told(column: Text | Integers) -> tuple[Integers, Integers]:
    """Values and how many cells hold each. Of strings only the distinct ones are looked at."""
    if isinstance(column, Text):
        return column.hashes, np.bincount(column.codes.ravel(), minlength=len(column.hashes))
    return np.unique(column, return_counts=True)


def _fit(values: Integers, counts: Integers) -> FrequencyTable:
    total = int(counts.sum()) + PRESUMED
    presumed = PRESUMED * BACKGROUND
    # How common a value is besides the two people who are compared: they would confirm each other.
    shares = np.maximum((np.maximum(counts - 2, 0) + presumed) / total, SMALLEST)
    rare = max(presumed / total, SMALLEST)
    told = counts > 2
    unknown = (float((counts / max(total - PRESUMED, 1)) @ counts) + presumed) / total
    return FrequencyTable(values[told], shares[told], rare, unknown)


def find_shared(left: Prepared, right: Prepared) -> dict[str, Integers]:
    """Values that so many people of one side have that they are evidence of nothing. Sorted arrays by column."""
    expected_births = max(len(left), len(right)) / _DAYS_OF_BIRTH
    limits = {"birth": max(LARGEST_HOUSEHOLD, int(_BIRTHS_OVER_CHANCE * expected_births))}
    return {
        name: np.unique(
            np.concatenate(
                [more_often(column(side), limits.get(name, LARGEST_HOUSEHOLD)) for side in (left, right)]
            )
        )
        for name, column in _SHAREABLE.items()
    }


def homes(people: Prepared) -> Integers:
    """One number for town and house, 0 where either is unknown."""
    known = ((people.postal != 0) | (people.town != 0)) & (people.house != 0)
    area = np.where(people.postal != 0, people.postal, people.town)
    return np.where(known, combine(0, area, people.house), 0)


def births(people: Prepared) -> Integers:
    """Birth dates as numbers of which 0 is none."""
    return np.where(people.birth == NO_DATE, 0, people.birth.astype(np.int64) * 2 + 1)


def hashed_numbers(numbers: Integers) -> Integers:
    """Phone numbers as hashes, so that a model holds none; 0 stays 0."""
    return np.where(numbers != 0, combine(0, numbers), 0)


_SHAREABLE: Mapping[str, Callable[[Prepared], Integers]] = {
    "mobiles": lambda people: hashed_numbers(people.mobiles),
    "landlines": lambda people: hashed_numbers(people.landlines),
    "emails": lambda people: people.emails.hashed(),
    "mailboxes": lambda people: people.mailboxes.hashed(),
    "homes": homes,
    "birth": births,
}


def encode(numbers: Integers) -> str:
    """An array of integers as text."""
    return b64encode(numbers.astype("<i8").tobytes()).decode()


def decode(text: str) -> Integers:
    """The array that ``encode`` made into text."""
    return np.frombuffer(b64decode(text), "<i8").astype(np.int64)
