"""What the tables of the connected database look like, read in a way that column grants allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Integer, String, column, func, inspect, select, table, union_all
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import DateTime, TypeEngine

Family = Literal["integer", "text", "moment", "other"]

_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXT_TYPES = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_MOMENT_TYPES = frozenset({"datetime", "timestamp"})


_TOLD = (
    "table_name", "column_name", "data_type", "column_type", "is_nullable", "character_maximum_length",
    "character_set_name",
)  # fmt: skip
_CATALOGUE = table("columns", *map(column, ("table_schema", *_TOLD)), schema="information_schema")
_IN_CATALOGUE = select(*(_CATALOGUE.c[name] for name in _TOLD)).where(
    _CATALOGUE.c.table_schema == func.database()
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``length`` in characters where the type has one, ``low``/``high`` for integers.

    ``charset`` is that of a text where each column can have its own.
    """

    name: str
    family: Family
    nullable: bool
    length: int | None = None
    low: int = -(2**63)
    high: int = 2**63 - 1
    charset: str | None = None


def columns_of(connection: Connection, table_name: str) -> dict[str, Column]:
    """The columns of a table of the default database by their exact names; empty without the table.

    An account with column grants sees only the columns it was granted, so a column that is missing
    here is missing or not granted.
    """
    return columns_of_tables(connection, [table_name])[table_name]


def columns_of_tables(connection: Connection, table_names: Sequence[str]) -> dict[str, dict[str, Column]]:
    """The columns of each of these tables, as ``columns_of`` tells them."""
    if connection.dialect.name == "sqlite":
        return {name: _sqlite_columns(connection, name) for name in table_names}
    found: dict[str, dict[str, Column]] = {name: {} for name in table_names}
    # One table a part: named together, the server would open every table there is.
    parts = [_IN_CATALOGUE.where(_CATALOGUE.c.table_name == name) for name in table_names]
    for table_name, name, data_type, column_type, nullable, length, charset in connection.execute(
        union_all(*parts)
    ):
        if table_name in found:  # the catalogue compares without case
            found[table_name][name] = _mysql_column(
                name, data_type.lower(), column_type, nullable == "YES", length, charset
            )
    return found


def unique_columns(connection: Connection, table_name: str) -> set[str]:
    """The columns that identify a row of a table on their own: by primary key or unique index."""
    if connection.dialect.name == "sqlite":
        return _sqlite_unique_columns(connection, table_name)
    statistics = table(
        "statistics",
        *(column(name) for name in ("table_schema", "table_name", "index_name", "column_name", "non_unique")),
        schema="information_schema",
    )
    statement = select(statistics.c.index_name, statistics.c.column_name).where(
        statistics.c.table_schema == func.database(),
        statistics.c.table_name == table_name,
        statistics.c.non_unique == 0,
    )
    indexes: defaultdict[str, list[str]] = defaultdict(list)
    for index_name, column_name in connection.execute(statement):
        indexes[index_name].append(column_name)
    return {names[0] for names in indexes.values() if len(names) == 1}


def triggers_of(connection: Connection, table_name: str) -> list[str]:
    """The names of a table's triggers. An account without the right TRIGGER on the table sees none."""
    if connection.dialect.name == "sqlite":
        master = table("sqlite_master", column("name"), column("type"), column("tbl_name"))
        found = select(master.c.name).where(master.c.type == "trigger", master.c.tbl_name == table_name)
        return sorted(connection.execute(found).scalars())
    triggers = table(
        "triggers",
        *(column(name) for name in ("trigger_name", "event_object_schema", "event_object_table")),
        schema="information_schema",
    )
    statement = select(triggers.c.trigger_name).where(
        triggers.c.event_object_schema == func.database(), triggers.c.event_object_table == table_name
    )
    return sorted(connection.execute(statement).scalars())


def _mysql_column(
    name: str, data_type: str, column_type: str, nullable: bool, length: int | None, charset: str | None
) -> Column:
    bits = _INTEGER_BITS.get(data_type)
    if bits is not None:
        unsigned = "unsigned" in column_type.lower()
        low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return Column(name, "integer", nullable, low=low, high=high)
    if data_type in _TEXT_TYPES:
        return Column(name, "text", nullable, length=length, charset=charset)
    return Column(name, "moment" if data_type in _MOMENT_TYPES else "other", nullable)


def _sqlite_columns(connection: Connection, table_name: str) -> dict[str, Column]:
    try:
        found = inspect(connection).get_columns(table_name)
    except NoSuchTableError:
        return {}
    return {
        entry["name"]: Column(
            entry["name"], _family(entry["type"]), entry["nullable"], getattr(entry["type"], "length", None)
        )
        for entry in found
    }


def _family(kind: TypeEngine[object]) -> Family:
    if isinstance(kind, Integer):
        return "integer"
    if isinstance(kind, String):
        return "text"
    return "moment" if isinstance(kind, DateTime) else "other"


def _sqlite_unique_columns(connection: Connection, table_name: str) -> set[str]:
    inspector = inspect(connection)
    keys = [inspector.get_pk_constraint(table_name)["constrained_columns"]]
    keys += [key["column_names"] for key in inspector.get_unique_constraints(table_name)]
    keys += [
        [name for name in index["column_names"] if name is not None]
        for index in inspector.get_indexes(table_name)
        if index["unique"]
    ]
    return {names[0] for names in keys if len(names) == 1}
