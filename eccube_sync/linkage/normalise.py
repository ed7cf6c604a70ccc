"""What all fields need: one width, no invisible characters, nothing where somebody typed a placeholder."""

from __future__ import annotations

import re
import unicodedata

NORMALISER_VERSION = 2
"""Raise it whenever any normaliser gives another result: it is in every fingerprint and in every model."""

# Variation selectors choose a glyph, not a letter. They go first: NFKC would keep them, and no table would match.
_INVISIBLE = re.compile("[\ufe00-\ufe0f\u200b-\u200f\u2060\ufeff\u00ad\U000e0100-\U000e01ef\u0000-\u001f]")

_PLACEHOLDERS_WORDS = """
未入力 未登録 未記入 未設定 未定 不明 無 無し なし ナシ ない 空白 該当なし 同上 匿名 非公開 ダミー
テスト だみー てすと 登録なし 情報なし 入力なし お客様 会員 ゲスト dummy test none null nil unknown n/a
na nan - -- --- ー ― — … . .. ... ・ * ** *** x xx xxx ? ?? ??? / // 0 00 000 #n/a
"""
_PLACEHOLDERS = frozenset(_PLACEHOLDERS_WORDS.split())


def one_width(text: str) -> str:
    """NFKC without invisible characters and with single spaces; the letters stay what they are."""
    if text.isascii() and text.isprintable():
        plain = text.strip()
        return plain if "  " not in plain else " ".join(plain.split())
    return " ".join(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).split())


def without_placeholder(text: str) -> str:
    """``""`` where the text (already of one width) only says that there is none."""
    return "" if text.lower() in _PLACEHOLDERS else text
