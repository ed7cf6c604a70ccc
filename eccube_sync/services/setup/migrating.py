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
from eccube_sync.services.setup.dumping import OwnTables, dumps, quoted, write_dump
from eccube_sync.settings import Settings
from eccube_sync.tables.version import RESTORING, schema_version, stored_version


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
        return self.stored is not None and self.stored > self.needed and not self.half_restored

    @property
    def half_restored(self) -> bool:
        """Whether a restore was killed; what is there is not whole."""
        return self.stored == RESTORING

    def problem(self) -> str | None:
        """What is wrong and what to do, in one sentence; None when the versions agree."""
        if self.current:
            return None
        if self.stored is None:
            return _(
                "Our own tables are not there, or this account has no rights on them. On a new shop run: eccube-sync "
                "migrate, then part 3 of: eccube-sync grants. If they were dropped, run: eccube-sync restore"
            )
        if self.half_restored:
            return _("A restore was interrupted and our tables are not whole; run again: eccube-sync restore")
        if self.newer:
            return _(
                "Our tables have version {stored}, this program knows versions up to {needed}: a newer eccube-sync "
                "worked here. Nothing was changed; install that version again, or go back to the tables before it: "
                "eccube-sync restore"
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
    from eccube_sync.services.setup.migrations import upgrade

    database = setup_database(settings)
    make_private_file(settings)
    settings.folders.create()
    with database.connect() as connection:
        state = schema_state(connection)
        if state.newer or state.half_restored:
            raise ConfigurationError(state.problem())
        with stage_lock(Shop(settings, database, clock, actor), connection, "batch"):
            _refuse_lost_tables(settings, state)
            _refuse_foreign_tables(settings, connection, state)
            saved = _save(settings, database, clock, state)
            with our_schema(settings) as ours:
                steps = upgrade(ours, settings.database.table_prefix)
    return _report(settings, state, len(steps), saved)


def _save(settings: Settings, database: Database, clock: Clock, state: SchemaState) -> Path | None:
    """A dump of the tables before they change, the way back to the program before this one."""
    if state.stored is None or state.current:
        return None
    return write_dump(settings, database, "migrate", clock.now())


def _refuse_lost_tables(settings: Settings, state: SchemaState) -> None:
    """Empty tables in place of dropped ones would be a first night: everything is linked, and asked, anew."""
    found = dumps(settings)
    if state.stored is None and found:
        raise ConfigurationError(
            _(
                "Our tables are gone, but there is a dump of them: {path}. Run: eccube-sync restore. To begin anew "
                "instead, move the dumps away first."
            ).format(path=found[0])
        )


def _refuse_foreign_tables(settings: Settings, connection: Connection, state: SchemaState) -> None:
    """Where no version is stored, no table with our prefix is ours: it would be written into, and dropped one day."""
    database = settings.database
    if not database.table_prefix or state.stored is not None:
        return
    with reading(connection):
        present = OwnTables.of(settings).present(connection)
    if present and schema_version.name not in present:
        raise ConfigurationError(
            _(
                "{eccube} has tables beginning with {prefix} already; choose another database.table_prefix."
            ).format(eccube=database.eccube, prefix=database.table_prefix)
        )


@contextmanager
def our_schema(settings: Settings) -> Iterator[Connection]:
    """A connection of the setup account whose default database is ours, made where it is missing."""
    if settings.database.kind == "sqlite":
        with create_engine(f"sqlite:///{settings.sqlite_path('own')}", poolclass=NullPool).connect() as own:
            yield own
        return
    own_name = settings.database.own
    if not settings.database.table_prefix:
        with setup_database(settings).connect() as connection:
            connection.exec_driver_sql(_create_database(own_name))
            connection.commit()
    with setup_database(settings, enter=own_name).connect() as own:
        yield own


def migration_sql(settings: Settings) -> str:
    """The statements ``migrate`` would run now; all of them where the database cannot be asked."""
    from eccube_sync.services.setup.migrations import upgrade_sql

    database = settings.database
    lines = []
    try:
        state = _state_now(settings)
    except ConfigurationError as error:  # no such account yet, or no way to the server from here
        state = SchemaState(None, needed_version())
        lines = [f"-- {error}", "-- " + _("These statements make everything from nothing."), ""]
    if state.newer or state.half_restored:
        raise ConfigurationError(state.problem())
    if database.kind == "mysql":
        lines += [] if database.table_prefix else [f"{_create_database(database.own)};\n"]
        lines += [f"USE {quoted(database.own)};\n"]
    return "\n".join([*lines, upgrade_sql(database.kind, state.stored, database.table_prefix)])


def _state_now(settings: Settings) -> SchemaState:
    if settings.database.kind == "sqlite" and not settings.sqlite_path("own").exists():
        return SchemaState(None, needed_version())  # connecting would make the file
    with setup_database(settings).connect() as connection:
        return schema_state(connection)


def _create_database(name: str) -> str:
    return f"CREATE DATABASE IF NOT EXISTS {quoted(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


def setup_database(settings: Settings, enter: str | None = None) -> Database:
    """The database as the setup account, which has no rights on EC-CUBE's: it enters ours, or none."""
    database = Database(settings, "setup")
    if database.table_prefix:
        return database  # EC-CUBE's is ours too

    def elsewhere(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["database"] = enter

    if database.kind == "mysql":
        event.listen(database.engine, "do_connect", elsewhere)
    return database


def make_private_file(settings: Settings) -> None:
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


def _report(settings: Settings, before: SchemaState, steps: int, saved: Path | None) -> Report:
    if before.current:
        return Report(
            _("Our tables have version {version} already; nothing to do.").format(version=before.needed)
        )
    notes = []
    if saved is not None:
        notes.append(
            _(
                "The tables as they were are in {path}; with the program before this one: eccube-sync restore"
            ).format(path=saved)
        )
    if settings.database.kind == "mysql" and settings.database.accounts == "two":
        notes.append(_("Next: part 3 of `eccube-sync grants`, then `eccube-sync check`."))
    headline = _("Our tables are ready: {steps} steps, version {version}.")
    return Report(headline.format(steps=steps, version=before.needed), notes=notes)
