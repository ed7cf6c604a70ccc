"""The rights our account needs on the database server, and the rights it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, column, select, table, text

from eccube_sync.dbcolumns import columns_of
from eccube_sync.eccube import GENERATIONS, Generation, detect
from eccube_sync.projections import PROJECTIONS, Grant
from eccube_sync.settings import Settings
from eccube_sync.tables import metadata
from eccube_sync.tables.runs import journal
from eccube_sync.tables.version import schema_version

WRITING = frozenset({"INSERT", "UPDATE", "DELETE"})


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One privilege on a table, or with ``column`` on that column alone."""

    database: str
    table: str
    privilege: str
    column: str | None = None

    def __str__(self) -> str:
        columns = f" ({self.column})" if self.column else ""
        return f"{self.privilege}{columns} ON {self.table}"


def own_rights(settings: Settings) -> list[Right]:
    """What the account of every day needs on our tables; the journal is only ever added to."""
    own, prefix = settings.database.own, settings.database.table_prefix
    allowed = {journal.name: ("SELECT", "INSERT"), schema_version.name: ("SELECT",)}
    names = sorted([*(one.name for one in metadata.sorted_tables), schema_version.name])
    return [
        Right(own, prefix + name, privilege)
        for name in names
        for privilege in allowed.get(name, ("SELECT", "INSERT", "UPDATE", "DELETE"))
    ]


def eccube_rights(settings: Settings, generation: Generation) -> list[Right]:
    """What it needs on EC-CUBE's tables: the columns it reads, and the places it shows a class in."""
    grants = [Grant("SELECT", name, columns) for name, columns in generation.needed_columns().items()]
    for section in settings.projections:
        grants += PROJECTIONS[section.kind](section).needed_grants()
    rights = {right for grant in grants for right in _rights_of(grant, settings.database.eccube)}
    return sorted(rights, key=repr)


def optional_rights(
    settings: Settings, generation: Generation, connection: Connection | None
) -> Iterator[Right]:
    """What it needs on columns of plugins: on those that ``connection`` sees, without one on all we know."""
    for name, wanted in generation.optional_columns().items():
        present = columns_of(connection, name) if connection is not None else wanted
        for one in wanted:
            if one in present:
                yield Right(settings.database.eccube, name, "SELECT", one)


def generation_of(connection: Connection | None) -> Generation:
    """The generation of the connected shop; without a connection the newest we know."""
    return GENERATIONS[detect(connection) if connection is not None else max(GENERATIONS)]


def _rights_of(grant: Grant, database: str) -> Iterator[Right]:
    for name in grant.columns or (None,):
        yield Right(database, grant.table, grant.privilege, name)


# --- what the account has ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """The rights of the connected account, as the server lists them."""

    server: frozenset[str]
    databases: frozenset[tuple[str, str]]
    """Name pattern and privilege."""
    tables: frozenset[Right]

    def covers(self, right: Right) -> bool:
        """Whether the account may do this, on whatever level the right was given."""
        whole_table = Right(right.database, right.table, right.privilege)
        return (
            right.privilege in self.server
            or right in self.tables
            or whole_table in self.tables
            or any(
                privilege == right.privilege and _matches(pattern, right.database)
                for pattern, privilege in self.databases
            )
        )

    def on_databases(self) -> dict[str, set[str]]:
        """Pattern → the privileges given on whole databases."""
        found: dict[str, set[str]] = {}
        for pattern, privilege in self.databases:
            found.setdefault(pattern, set()).add(privilege)
        return found


def held_rights(connection: Connection) -> Held:
    """The rights of the account of this connection (MySQL, MariaDB)."""
    user, _at, host = str(connection.execute(text("SELECT CURRENT_USER()")).scalar_one()).rpartition("@")
    grantee = f"'{user}'@'{host}'"
    server = _privileges(connection, "user_privileges", grantee)
    databases = _privileges(connection, "schema_privileges", grantee, "table_schema")
    tables = _privileges(connection, "table_privileges", grantee, "table_schema", "table_name")
    columns = _privileges(
        connection, "column_privileges", grantee, "table_schema", "table_name", "column_name"
    )
    return Held(
        frozenset(privilege for (privilege,) in server if privilege != "USAGE"),
        frozenset((pattern, privilege) for pattern, privilege in databases),
        frozenset(
            [
                *(Right(database, name, privilege) for database, name, privilege in tables),
                *(Right(database, name, privilege, one) for database, name, one, privilege in columns),
            ]
        ),
    )


def _privileges(connection: Connection, view: str, grantee: str, *names: str) -> list[tuple[str, ...]]:
    source = table(
        view,
        *(column(name) for name in ("grantee", "privilege_type", *names)),
        schema="information_schema",
    )
    wanted = (*(source.c[name] for name in names), source.c.privilege_type)
    return [tuple(row) for row in connection.execute(select(*wanted).where(source.c.grantee == grantee))]


@cache
def _matches(pattern: str, database: str) -> bool:
    """A database right's name is a LIKE pattern, in which a backslash makes _ and % plain."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join({"_": ".", "%": ".*"}.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, database, re.DOTALL) is not None


def missing_rights(needed: Iterable[Right], held: Held) -> list[Right]:
    """Needed and not held."""
    return [right for right in needed if not held.covers(right)]
