"""Addresses: the town in words, the house as its numbers. No parser: a few passes over the letters of all of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.hashing import scatter
from eccube_sync.linkage.letters import Chosen, Codes, Letters, place_factors
from eccube_sync.linkage.normalise import one_width, without_placeholder
from eccube_sync.linkage.variants import VARIANTS, fold_variants
from eccube_sync.matchers import Integers

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
# What is written or left out at will between the parts of a place name.
_AT_WILL = " ケヶがガのノ之ツッつ-‐−–—―、,.・"
_MOST_NUMBERS = 5
_BLOCK_NUMBERS = 2
_LONGEST_PLACEHOLDER = 8
_PREFECTURE = 3  # letters, 県 and 府 included; three of them have one more
_CODE_BITS = 21
_LINE_FEED = 10
_ODD = 0
_LAST_CODE = 0x30000
# Where letters stand that NFKC replaces: Latin, CJK symbols and kana, compatible ideographs, half and full width.
_COMPATIBLE = ((0, 0x33FF), (0xF900, 0xFAFF), (0xFB00, 0xFFFF), (0x2F800, 0x2FA1F))


class Places(NamedTuple):
    """Addresses: hashes of the town without the prefecture, of all house numbers and of the first two of them;
    the postal code that stands in the address. 0 wherever nothing is known."""

    town: Integers
    house: Integers
    block: Integers
    postal: Integers


def normalise_postal(typed: str) -> int:
    """A postal code as a number of seven digits, 0 if it is none. A lost leading zero is put back."""
    text = typed if typed.isascii() else unicodedata.normalize("NFKC", typed)
    digits = "".join(_NUMBER.findall(text))
    return int(digits) if len(digits) in {6, 7} and len(set(digits)) > 1 and digits != "1234567" else 0


def normalise_addresses(typed: Sequence[str]) -> Places:
    """東京都千代田区丸の内一丁目2番3号 ハイツ405 → 千代田区丸内, 1-2-3-405, 1-2.

    Most addresses need no more than single letters replaced. The odd ones are written out plainly first.
    """
    letters = Letters.of(typed)
    folded = Letters(_folds()[np.minimum(letters.codes, _LAST_CODE)], letters.starts)
    places = _read(folded, np.zeros(len(typed), np.int64))
    odd = np.flatnonzero(_odd(folded))
    if len(odd):
        texts, postals = zip(*(_plain(typed[row]) for row in odd.tolist()), strict=True)
        for column, values in zip(places, _read(Letters.of(texts), np.array(postals)), strict=True):
            column[odd] = values
    return places


def _read(letters: Letters, postal: Integers) -> Places:
    digit = (letters.codes >= ord("0")) & (letters.codes <= ord("9"))
    in_town = letters.present() & (letters.places(digit) == 0) & ~digit & ~_is_one_of(letters, _AT_WILL)
    _leave_out_prefecture(letters, in_town)
    _leave_out(letters, in_town, "大字")
    house, block = _numbers(letters, digit)
    return Places(letters.hashes(in_town), house, block, postal)


def _numbers(letters: Letters, digit: Chosen) -> tuple[Integers, Integers]:
    """Hashes of the first numbers of each address; leading zeros do not count."""
    house, block = np.zeros(len(letters), np.int64), np.zeros(len(letters), np.int64)
    at = np.flatnonzero(digit)
    if not len(at):
        return house, block
    first = np.diff(at, prepend=-2) > 1
    starts = np.flatnonzero(first)
    lengths = np.diff(starts, append=len(at))
    behind = np.repeat(starts + lengths, lengths) - np.arange(len(at)) - 1
    values = np.add.reduceat((letters.codes[at].astype(np.int64) - 48) * 10 ** np.minimum(behind, 17), starts)
    rows = np.searchsorted(letters.starts, at[starts], "right") - 1
    of_row, runs = np.unique(rows, return_index=True)
    place = np.arange(len(rows)) - np.repeat(runs, np.diff(runs, append=len(rows)))
    worth = (values + 1) * place_factors(place)
    for column, most in ((house, _MOST_NUMBERS), (block, _BLOCK_NUMBERS)):
        total = np.add.reduceat(np.where(place < most, worth, 0), runs)
        column[of_row] = scatter(total.view(np.uint64)).view(np.int64)
    return house, block


def _is_one_of(letters: Letters, signs: str) -> Chosen:
    return _table(signs)[np.minimum(letters.codes, _LAST_CODE)]


def _leave_out_prefecture(letters: Letters, chosen: Chosen) -> None:
    """A prefecture at the very start is left out: many do not write it."""
    at = letters.starts[letters.lengths() > _PREFECTURE]
    heads = _packed(*(letters.codes[at + place] for place in range(_PREFECTURE)))
    short = np.isin(heads, _heads(_PREFECTURE))
    long = np.isin(heads, _heads(_PREFECTURE + 1)) & (letters.codes[at + _PREFECTURE] == ord("県"))
    for place in range(_PREFECTURE + 1):
        chosen[at[long | (short & (place < _PREFECTURE))] + place] = False


@cache
def _heads(length: int) -> NDArray[np.uint64]:
    """The first three letters of every prefecture of this length."""
    words = [word for word in _PREFECTURES if len(word) == length]
    return _packed(*(np.array([ord(word[place]) for word in words]) for place in range(_PREFECTURE)))


def _packed(*codes: NDArray[Any]) -> NDArray[np.uint64]:
    packed = np.zeros(len(codes[0]), np.uint64)
    for code in codes:
        packed = packed << np.uint64(_CODE_BITS) | code.astype(np.uint64)
    return packed


def _leave_out(letters: Letters, chosen: Chosen, word: str) -> None:
    at = np.flatnonzero(letters.codes[:-1] == ord(word[0]))
    at = at[letters.codes[at + 1] == ord(word[1])]
    chosen[at] = chosen[at + 1] = False


def _odd(letters: Letters) -> Chosen:
    """Addresses that more than single letters must be replaced in: placeholders, 一丁目, 〒, letters in parts."""
    codes = letters.codes
    kanji_number = _is_one_of(letters, "〇一二三四五六七八九十百")
    kanji_number[:-1] &= _is_one_of(letters, "丁番号の-‐−ー–—―")[1:]
    strange = (codes == _ODD) | (codes == ord("〒")) | kanji_number
    length = letters.lengths()
    return (letters.count(strange) > 0) | ((length > 0) & (length <= _LONGEST_PLACEHOLDER))


def _plain(typed: str) -> tuple[str, int]:
    """An odd address written out plainly, and the postal code that stood in front of it."""
    text = without_placeholder(one_width(typed))
    postal = 0
    if text.startswith("〒"):
        postal, text = normalise_postal(text[1:9]), text[1:].lstrip("0123456789- ")
    prefecture = 4 if text[3:4] == "県" else 3
    if text[:prefecture] in _PREFECTURES:  # 三重県 is no number
        return text[:prefecture] + _rewritten(text[prefecture:]), postal
    return _rewritten(text), postal


def _rewritten(text: str) -> str:
    return fold_variants(_KANJI_NUMBER.sub(_arabic, text))


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


@cache
def _table(signs: str) -> Chosen:
    """For every code point whether it is one of these signs."""
    table = np.zeros(_LAST_CODE + 1, bool)
    table[[ord(sign) for sign in signs]] = True
    return table


@cache
def _folds() -> Codes:
    """For every code point the letter compared in its place; ``_ODD`` where one letter alone cannot tell."""
    table = np.arange(_LAST_CODE + 1, dtype=np.uint32)
    for first, last in _COMPATIBLE:
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            alone = len(plain) == 1 and not unicodedata.combining(plain) and plain.isprintable()
            table[code] = ord(plain) if alone or code == _LINE_FEED else _ODD
    for variant, plain in VARIANTS.items():
        table[variant] = ord(plain)
    table[ord("々")] = table[_LAST_CODE] = _ODD
    return table
