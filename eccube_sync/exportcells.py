"""Single cells of a member export: codes, phones, postal codes, numbers, and how Excel damaged them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from eccube_sync.csvfile import strip_apostrophe

# A cell's text and the damage that was mended in it ("" = none; else a key of DAMAGE_KINDS).
Cell = tuple[str, str]

_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_PHONE_SIGNS = re.compile(r"[\s()./‐‑‒–—―−ー-]")
_POINTS = re.compile(r"([+-]?\d{1,3}(?:,\d{3})+|[+-]?\d+)(?:\.0+)?(?:pt|P|ポイント|点)?", re.IGNORECASE)


class CellRefusedError(ValueError):
    """A cell that refuses the file: ``kind`` is a key of ``DAMAGE_KINDS``."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read_text(cell: str) -> Cell:
    """A cell as written, without outer white space and without one leading apostrophe."""
    text = cell.strip()
    if text[:1] == "'":
        return strip_apostrophe(text).strip(), "apostrophe_stripped"
    return text, ""


def read_code(cell: str) -> Cell:
    """A code in half-width characters. Raises ``CellRefusedError`` for what Excel made 1.23E+12 of."""
    text, repair = read_text(cell)
    if not text:
        return "", ""
    if match := _FORMULA.fullmatch(text):
        text, repair = match[1].strip(), "formula_stripped"
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).strip()
    if "+" in text and _SCIENTIFIC.fullmatch(text):
        raise CellRefusedError("code_scientific")
    return text, repair


def read_phone(cell: str) -> Cell:
    """A phone number as written; nine or ten digits that do not begin with 0 get their lost zero back."""
    text, repair = read_code(cell)
    digits = _PHONE_SIGNS.sub("", text)
    if len(digits) in (9, 10) and digits.isdigit() and digits[0] != "0":
        return "0" + text, "phone_zero_restored"
    return text, repair


def read_postal_code(cell: str) -> Cell:
    """A postal code as written; five or six bare digits get their lost zeros back (Hokkaido, Tohoku)."""
    text, repair = read_code(cell)
    if len(text) in (5, 6) and text.isdigit():
        return text.zfill(7), "postal_zero_restored"
    return text, repair


def read_points(cell: str) -> int | None:
    """A whole number, with separators or a unit; None for an empty cell. Raises ``CellRefusedError``."""
    if len(cell) <= 18 and cell.isascii() and cell.isdigit():
        return int(cell)
    text = unicodedata.normalize("NFKC", read_text(cell)[0]).strip()
    if not text:
        return None
    match = _POINTS.fullmatch(text)
    if not match or len(text) > 18:
        raise CellRefusedError("points_unreadable")
    return int(match[1].replace(",", ""))


@lru_cache(maxsize=4096)
def read_word(cell: str) -> str:
    """A word or code of a legend as it is looked up: half width, without white space, lower case."""
    return "".join(unicodedata.normalize("NFKC", read_text(cell)[0]).split()).casefold()
