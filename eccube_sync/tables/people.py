"""Statements that find members by part of what their newest version says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from eccube_sync.tables.members import member, member_version

ESCAPE = "!"
"""The sign that takes the meaning from ``%`` and ``_`` in a pattern, the same in every dialect."""


def contains(text: str) -> str:
    """The pattern of values that hold this text."""
    for sign in (ESCAPE, "%", "_"):
        text = text.replace(sign, ESCAPE + sign)
    return f"%{text}%"


def _without(column: ColumnElement[Any], *signs: str) -> ColumnElement[Any]:
    for sign in signs:
        column = func.replace(column, sign, "")
    return column


_VERSION = member_version.c
_NAMES = _without(
    _VERSION.family_name + _VERSION.given_name + "|" + _VERSION.full_name + "|"
    + _VERSION.family_kana + _VERSION.given_kana + "|" + _VERSION.full_kana,
    " ", "　",
)  # fmt: skip
_PHONES = _without(_VERSION.phone + "|" + _VERSION.mobile, "-", " ", "(", ")")
_EMAILS = func.lower(_VERSION.emails)


def members_named(connection: Connection, patterns: Sequence[str], limit: int) -> list[int]:
    """Ids of current members whose name or reading fits one of these patterns."""
    return _fitting(connection, _NAMES, patterns, limit)


def members_phoned(connection: Connection, patterns: Sequence[str], limit: int) -> list[int]:
    """The same by phone number, whatever stands between its digits."""
    return _fitting(connection, _PHONES, patterns, limit)


def members_mailed(connection: Connection, patterns: Sequence[str], limit: int) -> list[int]:
    """The same by e-mail address."""
    return _fitting(connection, _EMAILS, patterns, limit)


def _fitting(
    connection: Connection, text: ColumnElement[Any], patterns: Sequence[str], limit: int
) -> list[int]:
    rows = connection.execute(
        select(member.c.id)
        .join(member_version, member_version.c.id == member.c.version_id)
        .where(member.c.current == 1, or_(*(text.like(one, escape=ESCAPE) for one in patterns)))
        .order_by(member.c.id)
        .limit(limit)
    )
    return list(rows.scalars())
