"""Names: from six columns as typed to one name in writing and one in reading.

Mends what people and exports do to names: both parts in one column, kana or romaji in the kanji column, kanji in
the kana column, a title behind the name, a note in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from eccube_sync.linkage.kana import from_romaji, is_kana, is_latin, katakana, skeleton
from eccube_sync.linkage.normalise import one_width, without_placeholder
from eccube_sync.linkage.variants import fold_variants

_TITLES = ("様", "殿", "さま", "さん", "サマ")


class Script(NamedTuple):
    """A name in one script. ``full`` is set where both parts are known or where they could not be told apart."""

    family: str
    given: str
    full: str


class Typed(NamedTuple):
    """A name as it stands in the columns of one side."""

    family: str
    given: str
    full: str
    family_kana: str
    given_kana: str
    full_kana: str


def normalise_names(rows: Iterable[Typed]) -> tuple[list[Script], list[Script]]:
    """The names in writing and in reading. Strings that occur often are worked on once."""
    clean, part = cache(_clean), cache(_part)
    written: list[Script] = []
    read: list[Script] = []
    for row in rows:
        family, given, whole = _split(clean(row.family), clean(row.given), clean(row.full))
        kana = _split(clean(row.family_kana), clean(row.given_kana), clean(row.full_kana))
        family_written, family_read = part(family, kana[0])
        given_written, given_read = part(given, kana[1])
        whole_written, whole_read = part(whole, kana[2]) if whole or kana[2] else ("", "")
        written.append(_script(family_written, given_written, whole_written))
        read.append(_script(family_read, given_read, whole_read))
    return written, read


def _script(family: str, given: str, whole: str) -> Script:
    # A whole beside known parts is of no use: the reading of a joined name whose writing has its parts, say.
    if whole and not (family or given):
        return Script("", "", whole)
    return Script(family, given, family + given if family and given else "")


def _clean(typed: str) -> str:
    """One width, no brackets, no title, nothing for a placeholder; a single space where there was any."""
    text = without_placeholder(one_width(typed))
    if "(" in text:
        text = text.split("(")[0].strip()
    for title in _TITLES:
        if len(text) > len(title) + 1 and text.endswith(title):
            bare = text.removesuffix(title)
            # 〜さん and 〜さま can be the end of a name in kana only after a space or behind kanji.
            if title in {"様", "殿"} or bare.endswith(" ") or not is_kana(bare):
                return bare.strip()
    return text


def _split(family: str, given: str, full: str) -> tuple[str, str, str]:
    """Family name, given name and, where they cannot be told apart, the whole in their place."""
    if family and given:
        if " " in family or " " in given or family.endswith(given) or given.startswith(family):
            return _unrepeat(family, given)
        return family, given, ""
    whole = full or family or given
    first, _, rest = whole.partition(" ")
    if rest:
        return first, rest.replace(" ", ""), ""
    if full and family and full.startswith(family) and full != family:
        return family, full.removeprefix(family), ""
    # 山田 alone is a family name; 山田太郎 is a name without its space; 佐々木 may be either and stays whole.
    longest_part = 4 if is_kana(whole) or is_latin(whole) else 2
    if len(whole) > longest_part + (whole == given):
        return "", "", whole
    return ("", whole, "") if whole == given else (whole, "", "")


def _unrepeat(family: str, given: str) -> tuple[str, str, str]:
    """The whole name typed into one of two columns, or into both."""
    family, given = family.replace(" ", ""), given.replace(" ", "")
    if family == given:
        return "", "", family
    if family.endswith(given):
        return family.removesuffix(given), given, ""
    if given.startswith(family):
        return family, given.removeprefix(family), ""
    return family, given, ""


def _part(typed: str, typed_kana: str) -> tuple[str, str]:
    """One part of a name in writing (``""`` if only its reading is known) and its reading."""
    if typed_kana and not is_kana(typed_kana) and not is_latin(typed_kana) and (not typed or is_kana(typed)):
        typed, typed_kana = typed_kana, typed
    read = _reading(typed_kana)
    if not typed:
        return "", read
    if is_kana(typed):
        return "", read or skeleton(typed)
    if is_latin(typed):
        syllables = from_romaji(typed)
        if syllables:
            return "", read or skeleton(syllables)
        return "".join(letter for letter in typed.upper() if letter.isalpha()), read
    return _fold(typed), read


def _reading(typed: str) -> str:
    if not typed:
        return ""
    if is_kana(typed):
        return skeleton(typed)
    return skeleton(from_romaji(typed)) if is_latin(typed) else ""


def _fold(typed: str) -> str:
    """Variant kanji, kana inside a name (龍ケ崎, 井ノ上) and stray marks folded."""
    folded = katakana(fold_variants(typed)).translate(_INSIDE)
    return folded.replace(" ", "") or typed


_INSIDE = str.maketrans({"ヶ": "ケ", "ノ": None, "之": None, "・": None, "ー": "ー"})
