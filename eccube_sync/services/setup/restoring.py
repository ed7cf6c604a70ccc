"""Put our tables back as a dump has them: after EC-CUBE dropped them, or to go back to an older program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from eccube_sync.clock import Clock
from eccube_sync.db import CHUNK, Database, reading
from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.matching.indexing import rebuild
from eccube_sync.services.running import Run, Shop, applied_run, stage_lock
from eccube_sync.services.setup.dumpfile import Dump, Row, chunks_in, inspect_dump
from eccube_sync.services.setup.dumping import OwnTables, dumps, quoted
from eccube_sync.services.setup.identity import adopt
from eccube_sync.services.setup.migrating import make_private_file, needed_version, our_schema, setup_database
from eccube_sync.services.setup.migrations import upgrade
from eccube_sync.settings import Settings
from eccube_sync.tables.version import RESTORING, schema_version


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """Which dump takes the place of which tables."""

    dump: Dump
    present: Sequence[str]

    def report(self) -> Report:
        """What restoring means here."""
        dump = self.dump
        listing = Listing(_("Tables"), (_("table"), _("rows in the dump")))
        listing.rows += [(name, rows) for name, rows in dump.rows.items() if rows]
        notes = [
            _("The dump was written by eccube-sync {program}, its tables have version {version}.").format(
                program=dump.program, version=dump.version
            ),
            _(
                "What happened after the dump is lost: imports, decisions, links. EC-CUBE itself is not touched."
            ),
        ]
        if self.present:
            count = len(self.present)
            notes.append(_("{count} tables of ours are there and will be dropped first.").format(count=count))
        return Report(_("Restore from {path}:").format(path=dump.path), listings=[listing], notes=notes)


def plan_restore(settings: Settings, path: Path | None) -> RestorePlan:
    """Which dump would be put back; the newest one where none is named.

    Raises ``UsageError`` where there is none, ``BadInputError`` for a damaged one, ``ConfigurationError`` for one
    of a newer program.
    """
    if path is None:
        newest = dumps(settings)
        if not newest:
            raise UsageError(_("There is no dump in {folder}.").format(folder=settings.folders.dumps))
        path = newest[0]
    dump = inspect_dump(path)
    if dump.version > needed_version():
        raise ConfigurationError(
            _(
                "The tables in {path} have version {version}, this program knows versions up to {needed}; install the "
                "eccube-sync that wrote it ({program}). Nothing was changed."
            ).format(path=path, version=dump.version, needed=needed_version(), program=dump.program)
        )
    if settings.database.kind == "sqlite" and not settings.sqlite_path("own").exists():
        return RestorePlan(dump, ())  # connecting would make the file
    with setup_database(settings).connect() as connection, reading(connection):
        return RestorePlan(dump, OwnTables.of(settings).present(connection))


def apply_restore(settings: Settings, clock: Clock, actor: str, plan: RestorePlan) -> Report:
    """Drop what is there, make the tables, fill them, bring them to this version; safe to run again after a kill.

    Raises ``LockedError`` while a run is under way.
    """
    make_private_file(settings)
    setup = setup_database(settings)
    locked = Shop(settings, setup, clock, actor)
    with (
        setup.connect() as holder,
        stage_lock(locked, holder, "batch"),
        stage_lock(locked, holder, "notify"),
        our_schema(settings) as connection,
    ):
        _put_back(settings, connection, plan.dump)
        with Database(settings).connect() as reader:
            rebuild(settings, reader)
        _set_version(connection, OwnTables.of(settings).alone(), needed_version())
    shop = Shop(settings, Database(settings), clock, actor)
    with shop.database.connect() as connection:
        adopt(shop, connection)
        with applied_run(shop, connection, "restore", sound=False) as run:
            run.transaction(_remember, run, plan.dump)
    rows = sum(plan.dump.rows.values())
    return Report(
        _("Restored from {path}: {rows} rows. The next run goes on from there.").format(
            path=plan.dump.path, rows=rows
        )
    )


def _put_back(settings: Settings, connection: Connection, dump: Dump) -> None:
    ours = OwnTables.of(settings).alone()
    drop_all(connection, ours)
    upgrade(connection, ours.prefix, target=dump.version)
    _set_version(connection, ours, RESTORING)
    for name, columns, rows in chunks_in(dump.path, CHUNK):
        _insert(connection, ours, name, columns, rows)
        connection.commit()
    _set_version(connection, ours, dump.version)
    upgrade(connection, ours.prefix)
    _set_version(connection, ours, RESTORING)


def drop_all(connection: Connection, ours: OwnTables) -> None:
    """Drop every table of ours; what they refer to is not looked at on this connection any more."""
    if ours.kind == "mysql":
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    for name in ours.present(connection):
        connection.exec_driver_sql(f"DROP TABLE {ours.quoted(name)}")
    connection.commit()


def _insert(connection: Connection, ours: OwnTables, name: str, columns: list[str], rows: list[Row]) -> None:
    mark = "?" if ours.kind == "sqlite" else "%s"
    names, marks = ", ".join(map(quoted, columns)), ", ".join(mark for _column in columns)
    connection.exec_driver_sql(
        f"INSERT INTO {ours.quoted(name)} ({names}) VALUES ({marks})", [tuple(row) for row in rows]
    )


def _set_version(connection: Connection, ours: OwnTables, version: str) -> None:
    connection.exec_driver_sql(f"UPDATE {ours.quoted(schema_version.name)} SET version_num = '{version}'")
    connection.commit()


def _remember(run: Run, dump: Dump) -> None:
    run.record("run", run.id, "restored", None, dump.path.name[:190], "restored_by_person")
