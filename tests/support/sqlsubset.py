"""Every statement the suite runs stays in what MySQL 5.7, MariaDB 10.3 and SQLite all understand (DESIGN §4.18).

Only MariaDB of today and SQLite run here, so that what an older server lacks would be seen in a shop first.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine, event

_TEXT = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
NOT_EVERYWHERE: dict[str, re.Pattern[str]] = {
    what: re.compile(pattern, re.IGNORECASE)
    for what, pattern in {
        "a common table expression": r"\bWITH\s+(RECURSIVE\s+)?\w+\s*(\([^)]*\)\s*)?AS\s*\(",
        "a window function": r"\)\s*OVER\s*(\(|\w)|\bWINDOW\s+\w+\s+AS\b",
        "RETURNING": r"\bRETURNING\b",
        "INTERSECT or EXCEPT": r"\b(INTERSECT|EXCEPT)\b",
        "a lateral join": r"\bLATERAL\b",
        "a full or natural join": r"\b(FULL|NATURAL)\s+(OUTER\s+)?JOIN\b",
        "JSON functions": r"\bJSON_\w+\s*\(|->",
        "SKIP LOCKED or NOWAIT": r"\b(SKIP\s+LOCKED|NOWAIT)\b",
        "an upsert": r"\bON\s+(CONFLICT|DUPLICATE\s+KEY)\b|\bREPLACE\s+INTO\b|\bINSERT\s+(OR\s+)?IGNORE\b",
        "FILTER": r"\)\s*FILTER\s*\(",
        "VALUES as a table": r"\bFROM\s*\(\s*VALUES\b|\bVALUES\s+ROW\s*\(",
        "NULLS FIRST or LAST": r"\bNULLS\s+(FIRST|LAST)\b",
        "IS DISTINCT FROM": r"\bIS\s+(NOT\s+)?DISTINCT\s+FROM\b",
        "|| between texts": r"\|\|",
        "row values": r"\)\s*IN\s*\(\s*\(\s*[%?:]",
        "LIMIT in a subquery of IN": r"\bIN\s*\(\s*SELECT\b[^()]*\bLIMIT\b",
    }.items()
}


# Alembic notes the version; SQLAlchemy adds this only where the server says that it knows it.
_VERSION_NOTED = re.compile(r"INSERT INTO \w*schema_version \(version_num\) VALUES \('\d+'\) RETURNING ")


def outside_the_subset(statement: str, *, sqlite: bool = False) -> str | None:
    """What in a statement some server of ours does not know; None where all do.

    ``sqlite``: it is for SQLite alone, where texts are joined with || and not with CONCAT as on the others.
    """
    plain = _TEXT.sub("''", statement)
    if sqlite:
        plain = plain.replace("||", "+")
    return next((what for what, pattern in NOT_EVERYWHERE.items() if pattern.search(plain)), None)


@event.listens_for(Engine, "before_cursor_execute")
def _look_at(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if _VERSION_NOTED.match(statement):
        return
    found = outside_the_subset(statement, sqlite=connection.dialect.name == "sqlite")
    assert found is None, f"{found} is not understood everywhere (DESIGN §4.18): {statement}"
