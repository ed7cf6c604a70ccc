"""Alembic, driven from here: the migrations in ``sql/migrations/``, on a connection or as text.

Migrations are plain Alembic, one DDL step each, and name no schema: they run where our schema is the
default database. They may run twice: MySQL commits every DDL statement by itself, so a killed migration
can leave its step done and its version not yet stored.
"""

from __future__ import annotations

import io
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
from sqlalchemy import Column, Connection, Index, inspect

from eccube_sync import resources
from eccube_sync.tables.version import schema_version

Steps = Callable[[tuple[str, ...], MigrationContext], Iterable[MigrationStep]]


class Repeatable(DefaultImpl):
    """Neither MySQL nor SQLite knows IF NOT EXISTS everywhere, so indexes and columns are looked for first."""

    def create_index(self, index: Index, if_not_exists: bool | None = None, **options: Any) -> None:
        assert index.table is not None
        if if_not_exists and not self.as_sql:
            assert self.connection is not None
            found = inspect(self.connection).get_indexes(index.table.name)
            if any(entry["name"] == index.name for entry in found):
                return
        super().create_index(index, **options)

    def add_column(
        self, table_name: str, column: Column[Any], *, if_not_exists: bool | None = None, **options: Any
    ) -> None:
        if if_not_exists and not self.as_sql:
            assert self.connection is not None
            found = inspect(self.connection).get_columns(table_name)
            if any(entry["name"] == column.name for entry in found):
                return
        super().add_column(table_name, column, **options)


class RepeatableMySQL(Repeatable, MySQLImpl):
    """Alembic uses the class that named a dialect last."""

    __dialect__ = "mysql"


class RepeatableSQLite(Repeatable, SQLiteImpl):
    """As on MySQL."""

    __dialect__ = "sqlite"


def upgrade(connection: Connection) -> list[str]:
    """Run every migration that the connection's default database has not seen; their versions.

    Each is stored as soon as it is done, so a killed upgrade goes on where it stopped.
    """
    done: list[str] = []
    with _scripts() as scripts:
        context = MigrationContext.configure(connection=connection, opts=_options(_steps(scripts, done)))
        with Operations.context(context):
            context.run_migrations()
    return done


def upgrade_sql(dialect_name: str, version: str | None) -> str:
    """The statements ``upgrade`` would run on a database that has ``version``."""
    buffer = io.StringIO()
    with _scripts() as scripts:
        options = _options(_steps(scripts, []))
        options |= {"as_sql": True, "output_buffer": buffer, "starting_rev": version}
        context = MigrationContext.configure(dialect_name=dialect_name, opts=options)
        with Operations.context(context):
            context.run_migrations()
    return buffer.getvalue()


def _options(steps: Steps) -> dict[str, Any]:
    return {"fn": steps, "version_table": schema_version.name, "transaction_per_migration": True}


def _steps(scripts: ScriptDirectory, done: list[str]) -> Steps:
    def steps(current: tuple[str, ...], _context: MigrationContext) -> Iterator[MigrationStep]:
        ahead = list(scripts.iterate_revisions("head", current or "base"))
        for script in reversed(ahead):
            yield MigrationStep.upgrade_from_script(scripts.revision_map, script)
            done.append(script.revision)

    return steps


@contextmanager
def _scripts() -> Iterator[ScriptDirectory]:
    with as_file(resources.folder("sql", "migrations")) as folder:
        yield ScriptDirectory(folder)
