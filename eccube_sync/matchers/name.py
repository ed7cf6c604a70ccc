"""How alike two family names or two given names are, in writing and in reading together.

Writing and reading are one fact: whoever writes 山田 reads ヤマダ, so the two are not counted twice.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from eccube_sync.matchers import Level, Levels, Names, Prepared, Rows, Verdict, one_slip

MISSING, DIFFERENT, SIMILAR, SLIP, HOMOPHONE, OTHER_READING, SAME_READING, SAME, SWAPPED = range(9)


class _Lengths(NamedTuple):
    """How many letters a name has at least that looks like another one, and one that differs by a slip of the pen."""

    similar: int
    slip: int


_WRITTEN = _Lengths(2, 5)  # so long are names in Latin letters only
_READ = _Lengths(3, 6)  # ケンタロウ and シンタロウ, five without the long vowel, may be brothers

Part = Literal["family", "given"]


class NameMatcher:
    """Compares one part of the name; copes with swapped parts and with names typed as one word."""

    levels = (
        Level("missing", Verdict.SILENT),
        Level("different", Verdict.DIFFERS),
        Level("similar", Verdict.SILENT),
        Level("one_letter_off", Verdict.STRONG),
        Level("written_differently", Verdict.STRONG),
        Level("read_differently", Verdict.WEAK),
        Level("same_reading", Verdict.STRONG),
        Level("same", Verdict.STRONG),
        Level("swapped", Verdict.STRONG),
    )

    def __init__(self, part: Part) -> None:
        self._part: Part = part

    def compare(self, left: Prepared, right: Prepared, i: Rows, j: Rows) -> Levels:
        """The level of each pair from its outcome in writing and its outcome in reading."""
        written = _compare_script(self._part, left.written, right.written, i, j, _WRITTEN)
        read = _compare_script(self._part, left.read, right.read, i, j, _READ)
        return _TOGETHER[written, read]


def _combine(written: int, read: int) -> int:
    """What the two outcomes (MISSING, DIFFERENT, SIMILAR, SLIP, SAME or SWAPPED each) mean together."""
    if SWAPPED in (written, read):
        return SWAPPED
    if written == SAME:
        return OTHER_READING if read == DIFFERENT else SAME
    if written == MISSING:
        return SAME_READING if read == SAME else read
    if read == SAME:
        return HOMOPHONE
    # 健太 and 健一 share a character, as brothers do: only a reading that does not contradict makes it a slip.
    if DIFFERENT in (written, read):
        return DIFFERENT
    return SIMILAR if SIMILAR in (written, read) else SLIP


_TOGETHER = np.array([[_combine(written, read) for read in range(9)] for written in range(9)], np.uint8)


def _compare_script(part: Part, left: Names, right: Names, i: Rows, j: Rows, lengths: _Lengths) -> Levels:
    """MISSING, DIFFERENT, SIMILAR, SLIP, SAME or SWAPPED in one script."""
    ours, theirs = getattr(left, part), getattr(right, part)
    mine_left, mine_right = ours.hashed(i), theirs.hashed(j)
    known = (mine_left != 0) & (mine_right != 0)
    levels = np.where(known, DIFFERENT, MISSING).astype(np.uint8)
    levels[known & (mine_left == mine_right)] = SAME
    open_pairs = np.flatnonzero(levels == DIFFERENT)
    i_open, j_open = i[open_pairs], j[open_pairs]
    for level, letters in ((SIMILAR, lengths.similar), (SLIP, lengths.slip)):
        levels[open_pairs[one_slip(ours, theirs, i_open, j_open, letters)]] = level
    levels[open_pairs[_swapped(left, right, i_open, j_open)]] = SWAPPED
    # A name stands as a whole only where none of its parts is known.
    missing = np.flatnonzero(levels == MISSING)
    joined = missing[_joined(left, i[missing]) | _joined(right, j[missing])]
    levels[joined] = [
        _compare_joined(part, *names, lengths.similar)
        for names in zip(_triples(left, i[joined]), _triples(right, j[joined]), strict=True)
    ]
    return levels


def _swapped(left: Names, right: Names, i: Rows, j: Rows) -> NDArray[np.bool_]:
    family_left, given_left = left.family.hashed(i), left.given.hashed(i)
    family_right, given_right = right.family.hashed(j), right.given.hashed(j)
    exchanged = (family_left == given_right) & (given_left == family_right) & (family_left != given_left)
    swapped: NDArray[np.bool_] = exchanged & (family_left != 0) & (given_left != 0)
    return swapped


def _joined(names: Names, rows: Rows) -> NDArray[np.bool_]:
    joined: NDArray[np.bool_] = names.whole.hashed(rows) != 0
    return joined


def _triples(names: Names, rows: Rows) -> list[tuple[str, str, str]]:
    return list(zip(names.family.strings(rows), names.given.strings(rows), names.full(rows), strict=True))


def _compare_joined(
    part: Part, left: tuple[str, str, str], right: tuple[str, str, str], shortest: int
) -> int:
    """As ``_compare_script`` for one pair in which at least one name has no parts."""
    if left[2] and left[2] == right[2]:
        return SAME
    if not left[0] and not left[1]:
        left, right = right, left
    family, given, full = left
    whole = right[2]
    if not family and not given:
        return _compare_whole(part, full, whole, shortest)
    if part == "family":
        return _compare_start(family, whole)
    return _compare_end(given, whole.removeprefix(family), shortest)


def _compare_start(family: str, whole: str) -> int:
    if not family:
        return MISSING
    return SAME if whole.startswith(family) else DIFFERENT


def _compare_end(given: str, rest: str, shortest: int) -> int:
    if not given or not rest:
        return MISSING
    if rest.endswith(given):
        return SAME
    slip = OSA.distance(rest, given, score_cutoff=1) <= 1 and max(len(rest), len(given)) >= shortest
    return SIMILAR if slip else DIFFERENT


def _compare_whole(part: Part, a: str, b: str, shortest: int) -> int:
    if not a or not b:
        return MISSING
    if OSA.distance(a, b, score_cutoff=1) <= 1 and max(len(a), len(b)) > shortest:
        return SIMILAR
    return MISSING if part == "family" else DIFFERENT
