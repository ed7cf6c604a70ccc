"""Names by the column: most rows are put together from parts that were normalised once for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.columns import Column, Words
from eccube_sync.linkage.letters import Codes, Letters
from eccube_sync.linkage.names import Name, Typed, clean, normalise_name, normalise_part
from eccube_sync.linkage.people import People
from eccube_sync.matchers import Integers, Names

_PARTS = ("family", "given")
_WRITTEN, _READ = 0, 1
_SPACE = 32


class _Cleaned(NamedTuple):
    """A column of name parts; first and last letter, 0 where it is empty or holds more than one word."""

    column: Column[str]
    texts: list[str]
    empty: NDArray[np.bool_]
    first: Codes
    last: Codes


def normalise_names(people: People) -> tuple[Names, Names]:
    """The names of all rows in writing and in reading."""
    written = [_cleaned(people.strings(f"{part}_name")) for part in _PARTS]
    read = [_cleaned(people.strings(f"{part}_kana")) for part in _PARTS]
    ordinary = _split_already(*written) & (_split_already(*read) | (_empty(read) & _no_full_kana(people)))
    words = {part: (Words(), Words()) for part in (*_PARTS, "whole")}
    codes = {part: np.zeros((2, len(people)), np.int32) for part in words}
    for part, typed, kana in zip(_PARTS, written, read, strict=True):
        codes[part][:] = _combined(typed, kana, words[part], ordinary)
    odd = np.flatnonzero(~ordinary)
    for part, names in zip(words, zip(*_one_by_one(people, odd), strict=True), strict=False):
        for script in (_WRITTEN, _READ):
            codes[part][script, odd] = words[part][script].codes(name[script] for name in names)
    scripts = [
        Names(*(words[part][script].text(codes[part][script]) for part in words))
        for script in (_WRITTEN, _READ)
    ]
    return scripts[_WRITTEN], scripts[_READ]


def _cleaned(texts: Sequence[str]) -> _Cleaned:
    column = Column.of(texts)
    cleaned = list(map(clean, column.values))
    letters = Letters.of(cleaned)
    empty = letters.lengths() == 0
    one_word = ~empty & (letters.count(letters.codes == _SPACE) == 0)
    first, last = letters.codes[letters.starts], letters.codes[letters.starts + letters.lengths() - 1]
    return _Cleaned(column, cleaned, empty, np.where(one_word, first, 0), np.where(one_word, last, 0))


def _split_already(family: _Cleaned, given: _Cleaned) -> NDArray[np.bool_]:
    """Rows in which both columns hold one word, and neither can hold the other's too."""
    first, last = family.first[family.column.codes], family.last[family.column.codes]
    other_first, other_last = given.first[given.column.codes], given.last[given.column.codes]
    split: NDArray[np.bool_] = (
        (first != 0) & (other_first != 0) & (first != other_first) & (last != other_last)
    )
    return split


def _empty(columns: list[_Cleaned]) -> NDArray[np.bool_]:
    family, given = columns
    empty: NDArray[np.bool_] = family.empty[family.column.codes] & given.empty[given.column.codes]
    return empty


def _no_full_kana(people: People) -> NDArray[np.bool_]:
    if not len(people.full_kana):
        return np.ones(len(people), bool)
    return np.fromiter((not text for text in people.full_kana), bool, len(people))


def _combined(
    typed: _Cleaned, kana: _Cleaned, words: tuple[Words, Words], chosen: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """The codes of one part in writing and reading, for the chosen rows."""
    codes = np.zeros((2, len(chosen)), np.int32)
    width = len(kana.texts)
    both, row_codes = np.unique(
        typed.column.codes[chosen] * width + kana.column.codes[chosen], return_inverse=True
    )
    parts = [normalise_part(typed.texts[pair // width], kana.texts[pair % width]) for pair in both.tolist()]
    for script in (_WRITTEN, _READ):
        codes[script, chosen] = words[script].codes(part[script] for part in parts)[row_codes]
    return codes


def _one_by_one(people: People, rows: Integers) -> list[Name]:
    columns = [
        people.strings(f"{part}_{kind}") for kind in ("name", "kana") for part in ("family", "given", "full")
    ]
    known: dict[Typed, Name] = {}
    names = []
    for row in rows.tolist():
        typed = Typed(*(column[row] for column in columns))
        if typed not in known:
            known[typed] = normalise_name(typed)
        names.append(known[typed])
    return names
