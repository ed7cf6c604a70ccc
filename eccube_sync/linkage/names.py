"""Names: from six columns as typed to one name in writing and one in reading.

Mends what people and exports do to names: both parts in one column, kana or romaji in the kanji column, kanji in
the kana column, a title behind the name, a note in brackets.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from eccube_sync.linkage.kana import HIRAGANA_TO_KATAKANA, from_romaji, is_kana, is_latin, skeleton
from eccube_sync.linkage.normalise import one_width, without_placeholder
from eccube_sync.linkage.variants import VARIANTS, fold_variants

_TITLES = ("様", "殿", "さま", "さん", "サマ")
_REMEMBERED = 2**16
"""So many names and parts of names are kept with what they become: sides come in pieces, and most names again."""


class Typed(NamedTuple):
    """A name as it stands in the columns of one side."""

    family: str
    given: str
    full: str
    family_kana: str
    given_kana: str
    full_kana: str


class Name(NamedTuple):
    """A normalised name, each part in writing and in reading; ``whole`` where the parts could not be told apart."""

    family: Part
    given: Part
    whole: Part


class Part(NamedTuple):
    """A part of a name: ``""`` where the writing or the reading is not known."""

    written: str
    read: str


def normalise_name(typed: Typed) -> Name:
    """One name, whatever stands in its columns."""
    family, given, whole = _split(*map(clean, typed[:3]))
    family_kana, given_kana, whole_kana = _split(*map(clean, typed[3:]))
    parts = normalise_part(family, family_kana), normalise_part(given, given_kana)
    together = normalise_part(whole, whole_kana)
    # A whole beside known parts is of no use: the reading of a joined name whose writing has its parts, say.
    written, read = (
        together[script] if not (parts[0][script] or parts[1][script]) else "" for script in (0, 1)
    )
    return Name(*parts, Part(written, read))


def splits_by_itself(family: str, given: str) -> bool:
    """Whether two filled, clean columns hold a family and a given name and nothing else."""
    return not (" " in family or " " in given or family.endswith(given) or given.startswith(family))


@lru_cache(_REMEMBERED)
def clean(typed: str) -> str:
    """One width, no brackets, no title, nothing for a placeholder; a single space where there was any."""
    text = without_placeholder(one_width(typed))
    if "(" in text:
        text = text.split("(")[0].strip()
    return _without_title(text) if text.endswith(_TITLES) else text


def _without_title(text: str) -> str:
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
        return (family, given, "") if splits_by_itself(family, given) else _unrepeat(family, given)
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


@lru_cache(_REMEMBERED)
def normalise_part(typed: str, typed_kana: str) -> Part:
    """One part of a name, both clean: kana or romaji in the kanji column is its reading."""
    if typed_kana and not is_kana(typed_kana) and not is_latin(typed_kana) and (not typed or is_kana(typed)):
        typed, typed_kana = typed_kana, typed
    read = _reading(typed_kana)
    if not typed:
        return Part("", read)
    if is_kana(typed):
        return Part("", read or skeleton(typed))
    if is_latin(typed):
        syllables = from_romaji(typed)
        if syllables:
            return Part("", read or skeleton(syllables))
        return Part("".join(letter for letter in typed.upper() if letter.isalpha()), read)
    return Part(_fold(typed), read)


def _reading(typed: str) -> str:
    if not typed:
        return ""
    if is_kana(typed):
        return skeleton(typed)
    return skeleton(from_romaji(typed)) if is_latin(typed) else ""


def _fold(typed: str) -> str:
    """Variant kanji, kana inside a name (龍ケ崎, 井ノ上) and stray marks folded."""
    plain = fold_variants(typed) if "々" in typed else typed
    return plain.translate(_FOLDED) or typed


_INSIDE = str.maketrans({"ヶ": "ケ", "ゖ": "ケ", "ノ": None, "の": None, "之": None, "・": None, " ": None})
_FOLDED = VARIANTS | HIRAGANA_TO_KATAKANA | _INSIDE
