"""Whether two people have an e-mail address in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eccube_sync.matchers import Level, Levels, Prepared, Rows, Text, Verdict, meet, one_slip

MISSING, DIFFERENT, NEAR, MAILBOX, SAME = range(5)


class EmailMatcher:
    """Compares addresses; the same mailbox name elsewhere is how a change of carrier looks."""

    levels = (
        Level("missing", Verdict.SILENT),
        Level("different", Verdict.DIFFERS),
        Level("one_letter_off", Verdict.STRONG),
        Level("same_mailbox", Verdict.STRONG),
        Level("same", Verdict.STRONG),
    )

    def compare(self, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Levels:
        """Any address of one side may meet any address of the other."""
        hashes_left, hashes_right = left.emails.hashed(i), right.emails.hashed(j)
        known = hashes_left.any(axis=1) & hashes_right.any(axis=1)
        levels = np.where(known, DIFFERENT, MISSING).astype(np.uint8)
        levels[meet(hashes_left, hashes_right)] = SAME
        open_pairs = np.flatnonzero(levels == DIFFERENT)
        i, j = i[open_pairs], j[open_pairs]
        levels[open_pairs[_near(left, right, i, j)]] = NEAR
        levels[open_pairs[meet(left.mailboxes.hashed(i), right.mailboxes.hashed(j))]] = MAILBOX
        return levels


def _near(left: Prepared, right: Prepared, i: Rows, j: Rows) -> NDArray[np.bool_]:
    found = np.zeros(len(i), bool)
    for a in _slots(left.emails):
        for b in _slots(right.emails):
            found |= one_slip(a, b, i, j)
    return found


def _slots(emails: Text) -> Iterator[Text]:
    for codes in emails.codes.T:
        yield replace(emails, codes=codes)
