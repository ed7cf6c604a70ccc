"""The raw columns of one side, customers or members, as their owner keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.columns import Column
from eccube_sync.linkage.normalise import NORMALISER_VERSION
from eccube_sync.matchers import NO_DATE, Integers

_EPOCH = date(1970, 1, 1).toordinal()

Strings = Sequence[str]
Dates = Sequence[date | str | None] | NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class People:
    """Columns of equal length, one row a person; ``""`` (``None`` for a date) is "no information".

    A column left empty altogether (``()``) counts as filled with "no information". ``phones`` and ``emails``
    hold a tuple a person, any length (two mobiles, two landlines and three addresses are read). Dates are
    ``date``, ``"YYYY-MM-DD"`` or ``datetime64[D]``. ``live`` is false for a member whose card cannot be used
    any more (suspended, lost, withdrawn, merged); ``last_visit`` only chooses between cards of one person.
    """

    ids: Integers
    family_name: Strings = ()
    given_name: Strings = ()
    full_name: Strings = ()
    family_kana: Strings = ()
    given_kana: Strings = ()
    full_kana: Strings = ()
    postal_code: Strings = ()
    address: Strings = ()
    phones: Sequence[tuple[str, ...]] = ()
    emails: Sequence[tuple[str, ...]] = ()
    birth_date: Dates = ()
    live: Sequence[bool] | NDArray[np.bool_] = field(default=())
    last_visit: Dates = ()

    def __len__(self) -> int:
        return len(self.ids)

    def strings(self, name: str) -> Strings:
        """A column of strings, filled with ``""`` where it was left empty altogether."""
        column: Strings = getattr(self, name)
        return column if len(column) else [""] * len(self)

    def tuples(self, name: str) -> Sequence[tuple[str, ...]]:
        """``phones`` or ``emails``, filled with ``()`` where it was left empty altogether."""
        column: Sequence[tuple[str, ...]] = getattr(self, name)
        return column if len(column) else [()] * len(self)

    def days(self, name: str) -> NDArray[np.int32]:
        """A column of dates as days since 1970-01-01, ``NO_DATE`` where unknown."""
        column: Dates = getattr(self, name)
        if not len(column):
            return np.full(len(self), NO_DATE, np.int32)
        if isinstance(column, np.ndarray):
            return _days(column)
        distinct = Column.of(column)
        return np.array(list(map(_day, distinct.values)), np.int32)[distinct.codes]

    def is_live(self) -> NDArray[np.bool_]:
        """``live``, all true where it was left empty altogether."""
        return np.asarray(self.live, bool) if len(self.live) else np.ones(len(self), bool)


def _day(value: date | str | None) -> int:
    if not value:
        return int(NO_DATE)
    return (date.fromisoformat(value) if isinstance(value, str) else value).toordinal() - _EPOCH


def _days(dates: NDArray[np.datetime64]) -> NDArray[np.int32]:
    days = dates.astype("datetime64[D]").astype(np.int64)
    return np.where(np.isnat(dates), NO_DATE, days).astype(np.int32)


_READ = (
    "family_name",
    "given_name",
    "full_name",
    "family_kana",
    "given_kana",
    "full_kana",
    "postal_code",
    "address",
)


def fingerprint_rows(people: People) -> list[str]:
    """For each person 32 hex digits that change when anything the matcher reads changes, or the normaliser.

    Covers names, addresses, phones, e-mails, birth date and ``live``; not ``last_visit``, which moves with every
    purchase and never makes or unmakes a pair.
    """
    columns = [people.strings(name) for name in _READ]
    listed = [people.tuples("phones"), people.tuples("emails")]
    numbers = [people.days("birth_date").tolist(), people.is_live().tolist()]
    version = str(NORMALISER_VERSION)
    rows = zip(*columns, *listed, *numbers, strict=True)
    return [blake2b(repr((version, row)).encode(), digest_size=16).hexdigest() for row in rows]
