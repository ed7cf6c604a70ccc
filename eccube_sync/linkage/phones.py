"""Phone numbers: digits as an integer, mobile and landline apart, nothing for a number nobody has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.letters import Letters
from eccube_sync.matchers import Integers

_EXTENSION = re.compile(r"内線|ext|EXT|x|X|#")
_SEVERAL = re.compile(r"[/、,;・\n]|または|又は")
_BETWEEN = np.array([ord(sign) for sign in "-()+. "], np.uint32)
_MOST_DIGITS = 17
_POWERS = 10 ** np.arange(_MOST_DIGITS + 1, dtype=np.int64)
_MOBILE = np.array([70, 80, 90])
_TOLL_FREE = np.array([120, 800, 570, 990])


def normalise_phones(cells: Sequence[str]) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """All numbers in these cells: the cell each stands in, the number, and whether it is a mobile.

    Sorted by cell, as written within it. Most cells hold one number and nothing else; the others (two numbers,
    an extension, full width) are taken apart first.
    """
    numbers = _read(Letters.of(cells))
    odd = np.flatnonzero(numbers < 0)
    pieces: list[str] = []
    piece_cells: list[int] = []
    for cell in odd.tolist():
        for piece in _pieces(cells[cell]):
            pieces.append(piece)
            piece_cells.append(cell)
    plain = np.flatnonzero(numbers > 0)
    found = np.concatenate([numbers[plain], np.maximum(_read(Letters.of(pieces)), 0)])
    where = np.concatenate([plain, np.array(piece_cells, np.int64)])
    order = np.argsort(where, kind="stable")
    order = order[found[order] > 0]
    return where[order], found[order], is_mobile(found[order])


def is_mobile(numbers: Integers) -> NDArray[np.bool_]:
    """Which of these numbers (without their leading zero) are mobiles: 070, 080, 090 and eight digits more."""
    mobile: NDArray[np.bool_] = np.isin(numbers // 10**8, _MOBILE)
    return mobile


def _pieces(cell: str) -> list[str]:
    """The digits of each number in a cell."""
    text = unicodedata.normalize("NFKC", cell)
    bare = [_EXTENSION.split(piece)[0] for piece in _SEVERAL.split(text)]
    return ["".join(sign for sign in piece if sign in "0123456789") for piece in bare]


def _read(letters: Letters) -> Integers:
    """The domestic number in each cell without its leading zero; 0 for none, -1 for a cell to be taken apart."""
    digit = (letters.codes >= ord("0")) & (letters.codes <= ord("9"))
    count = letters.count(digit)
    other = letters.count(letters.present() & ~digit & ~np.isin(letters.codes, _BETWEEN))
    # The power of ten of a digit is the number of digits behind it in its cell.
    behind = np.repeat(count, letters.lengths() + 1) - letters.places(digit) - 1
    power = _POWERS[np.clip(behind, 0, _MOST_DIGITS)]
    value = letters.total(np.where(digit & (behind < _MOST_DIGITS), (letters.codes - 48) * power, 0))
    return np.where(other > 0, -1, _domestic(value, np.minimum(count, _MOST_DIGITS)))


def _domestic(value: Integers, count: Integers) -> Integers:
    """Numbers of ``count`` digits without country code, 0 for one that cannot be somebody's."""
    abroad = _leading(value, count, 4) == 81  # 0081 …
    abroad &= count > 4
    count = np.where(abroad, count - 4, count)
    value = np.where(abroad, value % _POWERS[count], value)
    japan = (count >= 11) & (count <= 13) & (_leading(value, count, 2) == 81)  # +81 90 …, +81 (0)90 …
    count = np.where(japan, count - 2, count)
    value = np.where(japan, value % _POWERS[count], value)
    count = np.where(japan & (value >= _POWERS[np.maximum(count - 1, 0)]), count + 1, count)
    lost = ~japan & ((count == 9) | (count == 10)) & (value >= _POWERS[np.maximum(count - 1, 0)])
    count = np.where(lost, count + 1, count)  # a spreadsheet took the zero away
    possible = ((count == 10) | (count == 11)) & (value < _POWERS[np.maximum(count - 1, 0)])
    possible &= ~np.isin(_leading(value, count, 4), _TOLL_FREE)
    return np.where(possible & ~_placeholder(value), value, 0)


def _leading(value: Integers, count: Integers, digits: int) -> Integers:
    """The first digits of numbers of ``count`` digits, as a number."""
    return value // _POWERS[np.maximum(count - digits, 0)]


def _placeholder(value: Integers) -> NDArray[np.bool_]:
    """000-0000-0000, 090-1111-1111, 03-1234-5678: typed to get past a form."""
    counting = (value % 10**8 == 12_345_678) | (value == 123_456_789)
    placeholder: NDArray[np.bool_] = counting | (value % 10**7 % 1_111_111 == 0)
    return placeholder
