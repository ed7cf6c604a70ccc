"""Whether a row under a known code is another person: the code was given away a second time (DESIGN §4.1)."""

from __future__ import annotations

import unicodedata
from typing import Any

from eccube_sync.pos import MemberRecord
from eccube_sync.services.matching.people import digits_of

_PARTS = ("family", "given")


def names_another_person(before: Any, record: MemberRecord) -> bool:
    """Whether name and birth date, or name and phone, both contradict what stood there before.

    A marriage changes the family name, a correction one letter: only a name of which no part is left counts,
    and an empty cell contradicts nothing.
    """
    return _other_name(before, record) and (
        _contradicts(before.birth_date, record.birth_date)
        or _contradicts(_numbers(before.phone, before.mobile), _numbers(record.phone, record.mobile))
    )


def _other_name(before: Any, record: MemberRecord) -> bool:
    old, new = _name_parts(before), _name_parts(record)
    return bool(old and new) and not old & new


def _name_parts(person: Any) -> set[str]:
    parts = {getattr(person, f"{part}_{script}") for part in _PARTS for script in ("name", "kana")}
    parts |= {person.full_name, person.full_kana}
    folded = {"".join(unicodedata.normalize("NFKC", part).split()) for part in parts}
    return folded - {""}


def _numbers(*phones: str) -> frozenset[str]:
    return frozenset(filter(None, map(digits_of, phones)))


def _contradicts(old: Any, new: Any) -> bool:
    if not old or not new:
        return False
    return not (old & new) if isinstance(old, frozenset) else bool(old != new)
