"""64-bit hashes that are the same in every process, on every machine and in the database's index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eccube_sync.matchers import Integers

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)

_ROOM = 8
"""Buckets a hash; the emptier they are, the fewer strangers meet in one."""


def combine(kind: int, *columns: NDArray[np.int64]) -> Integers:
    """One hash of a kind and the values of several columns of one shape, in their order, by cell."""
    state = np.full(columns[0].shape, kind * _GOLDEN % 2**64, np.uint64)
    for column in columns:
        state = scatter(state ^ column.astype(np.int64).view(np.uint64))
    return state.view(np.int64)


def scatter(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finishing steps of splitmix64: every bit of the input reaches every bit of the output."""
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))


def last_bucket(count: int) -> int:
    """The number of the last bucket when so many hashes are laid into 2^n of them: a mask of the lowest bits."""
    return int(2 ** (count * _ROOM).bit_length()) - 1


def more_often(hashes: Integers, limit: int) -> Integers:
    """The hashes other than 0 that stand there more than ``limit`` times, sorted.

    Only buckets that are full enough are counted out: to sort all would cost several times as much.
    """
    known = hashes[hashes != 0]
    buckets = known & last_bucket(len(known) // _ROOM)
    full = np.bincount(buckets) > limit
    found, counts = np.unique(known[full[buckets]], return_counts=True)
    return found[counts > limit]
