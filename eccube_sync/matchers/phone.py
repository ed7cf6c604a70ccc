"""Whether two people have a phone number in common."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eccube_sync.matchers import Integers, Level, Levels, Prepared, Rows, Verdict, meet

MISSING, DIFFERENT, NEAR, SAME = range(4)

_POWERS = 10 ** np.arange(10, dtype=np.int64)


class PhoneMatcher:
    """Compares one kind of number: a mobile is a person's, a landline is a household's."""

    levels = (
        Level("missing", Verdict.SILENT),
        Level("different", Verdict.DIFFERS),
        Level("one_digit_off", Verdict.STRONG),
        Level("same", Verdict.STRONG),
    )

    def __init__(self, column: Literal["mobiles", "landlines"]) -> None:
        self._column = column

    def compare(self, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Levels:
        """Any number of one side may meet any number of the other."""
        numbers_left = getattr(left, self._column)[i]
        numbers_right = getattr(right, self._column)[j]
        known = numbers_left.any(axis=1) & numbers_right.any(axis=1)
        levels = np.where(known, DIFFERENT, MISSING).astype(np.uint8)
        levels[meet(numbers_left, numbers_right)] = SAME
        open_pairs = np.flatnonzero(levels == DIFFERENT)
        near = _near(numbers_left[open_pairs], numbers_right[open_pairs])
        levels[open_pairs[near]] = NEAR
        return levels


def _near(left: Integers, right: Integers) -> NDArray[np.bool_]:
    found = np.zeros(len(left), bool)
    for a in left.T:
        for b in right.T:
            present = np.flatnonzero((a != 0) & (b != 0))
            found[present] |= _one_slip(a[present], b[present])
    return found


def _one_slip(a: Integers, b: Integers) -> NDArray[np.bool_]:
    """One digit replaced, or two neighbours exchanged (which changes the number by 9·k·10^p)."""
    difference = np.abs(a - b)
    # A single slip changes a number by 1..9 or a multiple of 9 up to 81, times a power of ten: few pass.
    lowest = np.zeros(len(a), np.int64)
    for power in _POWERS:
        lowest = np.where((lowest == 0) & (difference % (power * 10) != 0), power, lowest)
    step = difference // np.maximum(lowest, 1)
    slip = np.flatnonzero((difference > 0) & ((step < 10) | ((step % 9 == 0) & (step <= 81))))
    digits_a, digits_b = _digits(a[slip]), _digits(b[slip])
    unlike = (digits_a != digits_b).sum(axis=1)
    same_sum = digits_a.sum(axis=1) == digits_b.sum(axis=1)
    result = np.zeros(len(a), bool)
    result[slip] = (unlike == 1) | ((unlike == 2) & same_sum)
    return result


def _digits(numbers: Integers) -> Integers:
    return numbers[:, None] // _POWERS % 10
