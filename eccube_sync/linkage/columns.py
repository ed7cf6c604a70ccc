"""Columns of texts: each distinct text is worked on once, however many rows hold it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.letters import Letters
from eccube_sync.matchers import Integers, Rows, Text

Cell = TypeVar("Cell")


@dataclass(frozen=True, slots=True)
class Column(Generic[Cell]):
    """A raw column: its distinct values, and for each row which of them stands in it."""

    values: list[Cell]
    codes: Integers

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> Column[Cell]:
        """The column that holds these cells."""
        index = {value: code for code, value in enumerate(dict.fromkeys(cells))}
        return cls(list(index), np.fromiter(map(index.__getitem__, cells), np.int64, len(cells)))


class Words:
    """Normalised strings while a column of them is being made; each is kept once."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {"": 0}

    def codes(self, texts: Iterable[str]) -> NDArray[np.int32]:
        """The code of each text."""
        index = self._index
        return np.fromiter((index.setdefault(text, len(index)) for text in texts), np.int32)

    def text(self, codes: NDArray[np.int32]) -> Text:
        """The column of these codes."""
        return text_of(codes, list(self._index))


def text_of(codes: NDArray[np.int32], strings: Sequence[str]) -> Text:
    """A column whose cells point into these strings."""
    letters = Letters.of(strings)
    values = np.empty(len(strings), object)
    values[:] = strings
    return Text(codes, values, letters.hashes(), letters.bags())


def in_slots(rows: Rows, values: Integers, count: int, most: int) -> Integers:
    """For ``count`` rows their different values beside each other, ``most`` at most, 0 where there are no more.

    ``rows`` is sorted; the first ones written are kept.
    """
    order = np.lexsort((values, rows))
    again = np.zeros(len(rows), bool)
    again[order[1:]] = (np.diff(rows[order]) == 0) & (np.diff(values[order]) == 0)
    rows, values = rows[~again], values[~again]
    starts = np.searchsorted(rows, rows, "left")
    slot = np.arange(len(rows)) - starts
    chosen = slot < most
    columns = np.zeros((count, int(slot[chosen].max(initial=0)) + 1), np.int64)
    columns[rows[chosen], slot[chosen]] = values[chosen]
    return columns
