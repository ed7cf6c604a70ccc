"""Addresses: the town in words, the house as its numbers. No parser: two expressions a row, for speed."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from eccube_sync.linkage.normalise import without_placeholder
from eccube_sync.linkage.variants import fold_variants

_PREFECTURES_WORDS = """
北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県
新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県
和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県
大分県 宮崎県 鹿児島県 沖縄県
"""
_PREFECTURES = frozenset(_PREFECTURES_WORDS.split())
_KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十百]+(?=丁目|番|号|[-‐−ー–—―の])")
_NUMBER = re.compile(r"\d+")
_KANJI_DIGITS = {"〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_KANJI_UNITS = {"十": 10, "百": 100}
_MARKED = frozenset("〇一二三四五六七八九十百")
# What is written or left out at will between the parts of a place name.
_AT_WILL = str.maketrans(dict.fromkeys(" ケヶがガのノ之ツッつ-‐−–—―、,.・"))
_MOST_NUMBERS = 5


class Place(NamedTuple):
    """An address: town without the prefecture, all house numbers, the first two of them; postal code in it or 0."""

    town: str
    house: str
    block: str
    postal: int


_NOWHERE = Place("", "", "", 0)


def normalise_postal(typed: str) -> int:
    """A postal code as a number of seven digits, 0 if it is none. A lost leading zero is put back."""
    text = typed if typed.isascii() else unicodedata.normalize("NFKC", typed)
    digits = "".join(_NUMBER.findall(text))
    return int(digits) if len(digits) in {6, 7} and len(set(digits)) > 1 and digits != "1234567" else 0


def normalise_address(typed: str) -> Place:
    """東京都千代田区丸の内一丁目2番3号 ハイツ405 → 千代田区丸内, 1-2-3-405, 1-2."""
    text = without_placeholder(unicodedata.normalize("NFKC", typed).strip())
    if not text:
        return _NOWHERE
    postal = 0
    if text.startswith("〒"):
        postal, text = normalise_postal(text[1:9]), text[1:].lstrip("0123456789- ")
    prefecture = 4 if text[3:4] == "県" else 3
    if text[:prefecture] in _PREFECTURES:
        text = text[prefecture:]
    if not _MARKED.isdisjoint(text):
        text = _KANJI_NUMBER.sub(_arabic, text)
    numbers = _NUMBER.findall(text)
    town = text[: text.index(numbers[0])] if numbers else text
    numbers = [number.lstrip("0") or "0" for number in numbers[:_MOST_NUMBERS]]
    return Place(
        fold_variants(town.replace("大字", "")).translate(_AT_WILL),
        "-".join(numbers),
        "-".join(numbers[:2]),
        postal,
    )


def _arabic(match: re.Match[str]) -> str:
    text = match[0]
    if text.isdecimal() or not _KANJI_UNITS.keys() & set(text):
        return "".join(str(_KANJI_DIGITS[character]) for character in text)
    total, digit = 0, 0
    for character in text:
        if character in _KANJI_UNITS:
            total += max(digit, 1) * _KANJI_UNITS[character]
            digit = 0
        else:
            digit = _KANJI_DIGITS[character]
    return str(total + digit)
