"""Alembic, driven from here: the migrations in ``sql/migrations/``, on a connection or as text.

Migrations are plain Alembic, one DDL step each, and name no schema: they run where our schema is the
default database. They may run twice: MySQL commits every DDL statement by itself, so a killed migration
can leave its step done and its version not yet stored.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import as_file
from typing import Any

from alembic.ddl.impl import DefaultImpl
from alembic.ddl.mysql import MySQLImpl
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Index, event, inspect

from eccube_sync import resources
from eccube_sync.tables import metadata
from eccube_sync.tables.version import schema_version

Steps = Callable[[tuple[str, ...], MigrationContext], Iterable[MigrationStep]]


_NAMED_AFTER = r"\b(TABLE|EXISTS|REFERENCES|ON|INTO|UPDATE|FROM|JOIN) (`?)"
"""What stands before a table's name in the statements of a migration."""


class Repeatable(DefaultImpl):
    """Neither MySQL nor SQLite knows IF NOT EXISTS everywhere, so indexes and columns are looked for first."""

    def _real(self, table_name: str) -> str:
        """The name a table has in the database."""
        return f"{self.context_opts['table_prefix']}{table_name}"

    def create_index(self, index: Index, if_not_exists: bool | None = None, **options: Any) -> None:
        assert index.table is not None
        if if_not_exists and not self.as_sql:
            assert self.connection is not None
            found = inspect(self.connection).get_indexes(self._real(index.table.name))
            if any(entry["name"] == index.name for entry in found):
                return
        super().create_index(index, **options)

    def add_column(
        self, table_name: str, column: Column[Any], *, if_not_exists: bool | None = None, **options: Any
    ) -> None:
        if if_not_exists and not self.as_sql:
            assert self.connection is not None
            found = inspect(self.connection).get_columns(self._real(table_name))
            if any(entry["name"] == column.name for entry in found):
                return
        super().add_column(table_name, column, **options)


class RepeatableMySQL(Repeatable, MySQLImpl):
    """Alembic uses the class that named a dialect last."""

    __dialect__ = "mysql"


class RepeatableSQLite(Repeatable, SQLiteImpl):
    """As on MySQL."""

    __dialect__ = "sqlite"


def upgrade(connection: Connection, prefix: str = "", target: str = "head") -> list[str]:
    """Run every migration up to ``target`` that the connection's default database has not seen; their versions.

    Each is stored as soon as it is done, so a killed upgrade goes on where it stopped. ``prefix`` comes before
    the name of every table of ours.
    """
    done: list[str] = []

    def rewrite(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return with_prefix(statement, prefix), parameters

    if prefix:
        event.listen(connection, "before_cursor_execute", rewrite, retval=True)
    with _scripts() as scripts:
        options = _options(_steps(scripts, done, target), prefix)
        context = MigrationContext.configure(connection=connection, opts=options)
        with Operations.context(context):
            context.run_migrations()
    return done


def upgrade_sql(dialect_name: str, version: str | None, prefix: str = "") -> str:
    """The statements ``upgrade`` would run on a database that has ``version``."""
    buffer = io.StringIO()
    with _scripts() as scripts:
        options = _options(_steps(scripts, [], "head"), prefix)
        options |= {"as_sql": True, "output_buffer": buffer, "starting_rev": version}
        context = MigrationContext.configure(dialect_name=dialect_name, opts=options)
        with Operations.context(context):
            context.run_migrations()
    return with_prefix(buffer.getvalue(), prefix)


def with_prefix(statements: str, prefix: str) -> str:
    """Statements of migrations, which name no prefix, for tables that have one."""
    if not prefix:
        return statements
    names = "|".join(table.name for table in metadata.sorted_tables)
    return re.sub(rf"{_NAMED_AFTER}({names})\b", rf"\1 \2{prefix}\3", statements)


def _options(steps: Steps, prefix: str) -> dict[str, Any]:
    version_table = prefix + schema_version.name
    return {
        "fn": steps,
        "version_table": version_table,
        "transaction_per_migration": True,
        "table_prefix": prefix,
    }


def _steps(scripts: ScriptDirectory, done: list[str], target: str) -> Steps:
    def steps(current: tuple[str, ...], _context: MigrationContext) -> Iterator[MigrationStep]:
        ahead = list(scripts.iterate_revisions(target, current or "base"))
        for script in reversed(ahead):
            yield MigrationStep.upgrade_from_script(scripts.revision_map, script)
            done.append(script.revision)

    return steps


@contextmanager
def _scripts() -> Iterator[ScriptDirectory]:
    with as_file(resources.folder("sql", "migrations")) as folder:
        yield ScriptDirectory(folder)
