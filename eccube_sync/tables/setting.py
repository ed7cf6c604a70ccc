"""Set columns of many rows, each row to values of its own, in few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, case, literal, update

from eccube_sync.tables.classes import chunks

ROWS_AT_ONCE = 250


def set_by_id(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], rows: Mapping[int, Sequence[Any]]
) -> None:
    """Give the row of each primary key in ``rows`` the values there, in the order of ``columns``."""
    (key,) = table.primary_key
    for ids in chunks(rows, ROWS_AT_ONCE):
        values = {
            column.name: case({one: literal(rows[one][place], column.type) for one in ids}, value=key)
            for place, column in enumerate(columns)
        }
        connection.execute(update(table).where(key.in_(ids)).values(values))
