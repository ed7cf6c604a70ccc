"""Bring our own tables to this program's version, and refuse to work on any other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, event

from eccube_sync import resources
from eccube_sync.clock import Clock
from eccube_sync.db import Database, reading
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.running import Shop, stage_lock
from eccube_sync.settings import Settings
from eccube_sync.tables.version import stored_version


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The version our tables have (None = there are none) and the one this program works with."""

    stored: str | None
    needed: str

    @property
    def current(self) -> bool:
        """Whether the program may work on these tables."""
        return self.stored == self.needed

    @property
    def newer(self) -> bool:
        """Whether a newer program made these tables; nothing may be done with them."""
        return self.stored is not None and self.stored > self.needed

    def problem(self) -> str | None:
        """What is wrong and what to do, in one sentence; None when the versions agree."""
        if self.current:
            return None
        if self.stored is None:
            return _(
                "Our own tables are not there yet, or this account has no rights on them; run: eccube-sync migrate, "
                "then part 3 of: eccube-sync grants"
            )
        if self.newer:
            return _(
                "Our tables have version {stored}, this program knows versions up to {needed}: a newer eccube-sync "
                "worked here. Nothing was changed; install that version again."
            ).format(stored=self.stored, needed=self.needed)
        return _(
            "Our tables have version {stored}, this program needs {needed}; run: eccube-sync migrate"
        ).format(stored=self.stored, needed=self.needed)


def needed_version() -> str:
    """The version this program works with: that of its last migration."""
    files = resources.folder("sql", "migrations", "versions").iterdir()
    return max(file.name.partition("_")[0] for file in files if file.name.endswith(".py"))


def schema_state(connection: Connection) -> SchemaState:
    """Compare the tables' version with the program's; reads only."""
    with reading(connection):
        return SchemaState(stored_version(connection), needed_version())


def require_schema(connection: Connection) -> None:
    """Raise ``ConfigurationError`` unless our tables have exactly this program's version."""
    problem = schema_state(connection).problem()
    if problem:
        raise ConfigurationError(problem)


def migrate(settings: Settings, clock: Clock, actor: str) -> Report:
    """Make or change our tables as the setup account; safe to run again after any interruption.

    Raises ``ConfigurationError`` for tables of a newer program, ``LockedError`` while a run is under way.
    """
    from eccube_sync.services.migrations import upgrade

    _refuse_ec_cubes_database(settings)
    database = _setup_database(settings)
    _make_private_file(settings)
    with database.connect() as connection:
        state = schema_state(connection)
        if state.newer:
            raise ConfigurationError(state.problem())
        with (
            stage_lock(Shop(settings, database, clock, actor), connection, "batch"),
            _in_our_schema(settings, connection) as ours,
        ):
            steps = upgrade(ours)
    return _report(settings, state, len(steps))


@contextmanager
def _in_our_schema(settings: Settings, connection: Connection) -> Iterator[Connection]:
    """A connection whose default database is ours, made where it is missing."""
    if settings.database.kind == "sqlite":
        with create_engine(f"sqlite:///{settings.sqlite_path('own')}", poolclass=NullPool).connect() as own:
            yield own
        return
    connection.exec_driver_sql(_create_database(settings.database.own))
    connection.rollback()
    with _setup_database(settings, enter=settings.database.own).connect() as own:
        yield own


def migration_sql(settings: Settings) -> str:
    """The statements ``migrate`` would run now; all of them where the database cannot be asked."""
    from eccube_sync.services.migrations import upgrade_sql

    _refuse_ec_cubes_database(settings)
    lines = []
    try:
        state = _state_now(settings)
    except ConfigurationError as error:  # no such account yet, or no way to the server from here
        state = SchemaState(None, needed_version())
        lines = [f"-- {error}", "-- " + _("These statements make everything from nothing."), ""]
    if state.newer:
        raise ConfigurationError(state.problem())
    if settings.database.kind == "mysql":
        lines += [f"{_create_database(settings.database.own)};\n", f"USE {_quoted(settings.database.own)};\n"]
    return "\n".join([*lines, upgrade_sql(settings.database.kind, state.stored)])


def _state_now(settings: Settings) -> SchemaState:
    if settings.database.kind == "sqlite" and not settings.sqlite_path("own").exists():
        return SchemaState(None, needed_version())  # connecting would make the file
    with _setup_database(settings).connect() as connection:
        return schema_state(connection)


def _refuse_ec_cubes_database(settings: Settings) -> None:
    """Our tables keep their names, which would stand among EC-CUBE's; table_prefix is for a later version."""
    database = settings.database
    if database.kind == "mysql" and (database.own == database.eccube or database.table_prefix):
        raise ConfigurationError(
            _(
                "This version keeps its tables in a database of their own: set database.own to another name than "
                "{eccube} in {file}, and leave out database.table_prefix. Nothing was changed."
            ).format(eccube=database.eccube, file=settings.path)
        )


def _create_database(name: str) -> str:
    return f"CREATE DATABASE IF NOT EXISTS {_quoted(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _setup_database(settings: Settings, enter: str | None = None) -> Database:
    """The database as the setup account, which has no rights on EC-CUBE's: it enters ours, or none."""
    database = Database(settings, "setup")

    def elsewhere(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["database"] = enter

    if database.kind == "mysql":
        event.listen(database.engine, "do_connect", elsewhere)
    return database


def _make_private_file(settings: Settings) -> None:
    """SQLite makes a missing file readable by all; ours will hold personal data."""
    if settings.database.kind != "sqlite":
        return
    if not settings.sqlite_path("eccube").exists():
        raise ConfigurationError(
            _("There is no EC-CUBE database {path}; check database.eccube in {file}").format(
                path=settings.sqlite_path("eccube"), file=settings.path
            )
        )
    path: Path = settings.sqlite_path("own")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _report(settings: Settings, before: SchemaState, steps: int) -> Report:
    if before.current:
        return Report(
            _("Our tables have version {version} already; nothing to do.").format(version=before.needed)
        )
    notes = []
    if settings.database.kind == "mysql" and settings.database.accounts == "two":
        notes.append(_("Next: part 3 of `eccube-sync grants`, then `eccube-sync check`."))
    headline = _("Our tables are ready: {steps} steps, version {version}.")
    return Report(headline.format(steps=steps, version=before.needed), notes=notes)
