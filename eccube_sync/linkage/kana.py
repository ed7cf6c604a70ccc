"""Readings: any way to write them becomes one katakana form in which slips of the ear make no difference."""

from __future__ import annotations

import re
import unicodedata

import jaconv

HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)} | {
    0x309D: 0x30FD,
    0x309E: 0x30FE,
}
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30ff\u30fc\s・=-]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\s.'’-]+")
_SYLLABLE = re.compile(
    r"(?P<syllable>(?:sh|ch|ts|[kgsztdnhbpmrjfvwy]y?)?[aiueo])|(?P<nasal>n'|n(?![aiueoy]))"
    r"|(?P<double>([kstpgdbzjcfr])(?=\4|ch))"
)
_MACRONS = str.maketrans("āīūēōâîûêôĀĪŪĒŌÂÎÛÊÔ", "aiueoaiueoaiueoaiueo")

_FOLDED = str.maketrans("ァィゥェォッャュョヮヵヶヲヰヱヂヅヴ", "アイウエオツヤユヨワカケオイエシスフ")
_SILENT = str.maketrans("", "", "ー・=-～ \u3099\u309a")


def _plain(kana: str) -> str:
    """The katakana compared in place of one kana: large, without its voiced mark, ``""`` for what is not heard."""
    folded = unicodedata.normalize("NFD", katakana(kana).translate(_FOLDED))
    return folded.translate(_SILENT)


def is_kana(text: str) -> bool:
    """Whether the text is written in hiragana or katakana only."""
    return _KANA.fullmatch(text) is not None


def is_latin(text: str) -> bool:
    """Whether the text is written in Latin letters only."""
    return _LATIN.fullmatch(text) is not None


def katakana(text: str) -> str:
    """Hiragana as katakana; everything else as it is."""
    return text.translate(HIRAGANA_TO_KATAKANA)


def from_romaji(text: str) -> str:
    """Katakana for Hepburn or kunrei romaji, ``""`` where the text is no Japanese syllables (Smith)."""
    letters = re.sub(r"[^a-z']", "", unicodedata.normalize("NFC", text).translate(_MACRONS).lower())
    letters = re.sub("m(?=[bmp])", "n", letters)  # Homma, Shimpei
    letters = re.sub("([ou])h(?![aiueoy])", r"\1", letters)  # Ohno, Satoh
    letters = letters.replace("tch", "cch")  # Matchi
    result = ""
    position = 0
    while position < len(letters):
        match = _SYLLABLE.match(letters, position)
        if match is None:
            return ""
        position = match.end()
        if match["syllable"]:
            result += jaconv.alphabet2kana(match["syllable"])
        else:
            result += "ん" if match["nasal"] else "っ"
    return katakana(result) if is_kana(result) else ""


_SKELETON = dict.fromkeys(_SILENT) | {code: _plain(chr(code)) for code in range(0x3041, 0x3100)}
_LONG_VOWELS = (
    ("アカサタナハマヤラワ", "ア"),
    ("イキシチニヒミリ", "イ"),
    ("ウクスツヌフムユル", "ウ"),
    ("エケセテネヘメレ", "エイ"),
    ("オコソトノホモヨロ", "オウ"),
)
"""Kana of one vowel, and what behind them only makes it long."""
_PROLONGS = re.compile("|".join(f"(?<=[{kana}])[{prolongs}]+" for kana, prolongs in _LONG_VOWELS))


def skeleton(text: str) -> str:
    """Katakana without long vowels, small kana and voiced marks: オオノ, オーノ and オノ are one; so are
    ナカジマ and ナカシマ, ケイコ and ケーコ."""
    return _PROLONGS.sub("", text.translate(_SKELETON))
