"""Which version our tables have: one row that Alembic keeps, in our schema beside them."""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select
from sqlalchemy.exc import DBAPIError

from eccube_sync.dberrors import error_number
from eccube_sync.tables.metadata import OWN_SCHEMA

# Of its own metadata: Alembic makes this table, no migration does.
schema_version = Table(
    "schema_version",
    MetaData(schema=OWN_SCHEMA),
    Column("version_num", String(32), primary_key=True),
)

RESTORING = "restoring"
"""Stands for the version while a dump is read in; a restore that was killed leaves it behind."""

# No such database, no such table, and what MySQL says of both to an account without rights on them.
_NOT_THERE = frozenset({1049, 1146, 1044, 1142})


def stored_version(connection: Connection) -> str | None:
    """The version of our tables; None where they are missing, or this account has no rights on them yet."""
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table(schema_version.name, OWN_SCHEMA):
            return None
        return connection.execute(select(schema_version.c.version_num)).scalar_one_or_none()
    try:
        return connection.execute(select(schema_version.c.version_num)).scalar_one_or_none()
    except DBAPIError as error:
        if error_number(error) in _NOT_THERE:
            return None
        raise
