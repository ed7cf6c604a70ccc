"""When two people were born."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eccube_sync.matchers import NO_DATE, Level, Levels, Prepared, Rows, Verdict

MISSING, DIFFERENT, PART, TRANSPOSED, SAME = range(5)


class BirthDateMatcher:
    """Tells a slip (one part wrong, month and day exchanged) from another person's date."""

    levels = (
        Level("missing", Verdict.SILENT),
        Level("different", Verdict.DIFFERS),
        Level("two_parts", Verdict.WEAK),
        Level("transposed", Verdict.STRONG),
        Level("same", Verdict.STRONG),
    )

    def compare(self, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Levels:
        """Year, month and day are compared one by one where the dates are not the same."""
        born_left, born_right = left.birth[i], right.birth[j]
        known = (born_left != NO_DATE) & (born_right != NO_DATE)
        levels = np.where(known, DIFFERENT, MISSING).astype(np.uint8)
        levels[known & (born_left == born_right)] = SAME
        open_pairs = np.flatnonzero(levels == DIFFERENT)
        year_a, month_a, day_a = _parts(born_left[open_pairs])
        year_b, month_b, day_b = _parts(born_right[open_pairs])
        agreeing = (year_a == year_b).astype(np.uint8) + (month_a == month_b) + (day_a == day_b)
        levels[open_pairs[agreeing == 2]] = PART
        transposed = (year_a == year_b) & (month_a == day_b) & (day_a == month_b)
        levels[open_pairs[transposed]] = TRANSPOSED
        return levels


def _parts(days: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month_numbers = months.astype(np.int64)
    return month_numbers // 12, month_numbers % 12 + 1, (dates - months).astype(np.int64) + 1
