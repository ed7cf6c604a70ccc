"""Phone numbers: digits as an integer, mobile and landline apart, nothing for a number nobody has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_OTHER = re.compile(r"\D+")
_EXTENSION = re.compile(r"内線|ext|EXT|x|X|#")
_SEVERAL = re.compile(r"[/、,;・\n]|または|又は")
_MOBILE = ("070", "080", "090")
_TOLL_FREE = ("0120", "0800", "0570", "0990")
_COUNTING = "12345678"


def normalise_phones(typed: Iterable[str]) -> tuple[list[int], list[int]]:
    """All mobiles and all landlines in the cells of one person, as written first; at most two of each count."""
    mobiles: list[int] = []
    landlines: list[int] = []
    for cell in typed:
        if not cell:
            continue
        for number in normalise_phone(cell):
            kind = mobiles if number.startswith(_MOBILE) and len(number) == 11 else landlines
            value = int(number)
            if value not in kind:
                kind.append(value)
    return mobiles, landlines


def normalise_phone(typed: str) -> list[str]:
    """Domestic numbers with their leading zero in one cell (two numbers in one cell happen)."""
    text = typed if typed.isascii() else unicodedata.normalize("NFKC", typed)
    digits = _OTHER.sub("", text)
    if len(digits) <= 11 and text.isascii() and text.replace("-", "").isdigit():  # nearly every cell
        number = _domestic(digits)
        return [number] if number else []
    numbers = []
    for piece in _SEVERAL.split(text):
        bare = _EXTENSION.split(piece)[0]
        number = _domestic(_OTHER.sub("", bare.replace("(0)", "")))
        if number:
            numbers.append(number)
    return numbers


def _domestic(digits: str) -> str:
    """The number with its leading zero, ``""`` if it cannot be somebody's."""
    digits = digits.removeprefix("0081") if digits.startswith("0081") else digits
    if len(digits) in {11, 12, 13} and digits.startswith("81"):  # +81 90 …, +81 (0)90 …
        digits = "0" + digits[2:].removeprefix("0")
    elif len(digits) in {9, 10} and not digits.startswith("0"):  # a spreadsheet took the zero away
        digits = "0" + digits
    possible = len(digits) in {10, 11} and digits.startswith("0") and not digits.startswith(_TOLL_FREE)
    return digits if possible and not _placeholder(digits) else ""


def _placeholder(digits: str) -> bool:
    """000-0000-0000, 090-1111-1111, 03-1234-5678: typed to get past a form."""
    tail = digits[-8:]
    return len(set(digits[-7:])) == 1 or len(set(tail)) == 1 or tail == _COUNTING or digits == "0123456789"
