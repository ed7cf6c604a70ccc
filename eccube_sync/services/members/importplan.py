"""Plan the import of a store's member export: read all of it, compare it with what is known, write nothing.

Only counts, hashes and line numbers are kept of a reading, so that a plan needs little memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.configsources import Source
from eccube_sync.csvfile import Limits
from eccube_sync.db import CHUNK, AnyRow, reading
from eccube_sync.errors import BadInputError, ConfigurationError, Problem, UsageError
from eccube_sync.exportfile import Export, open_export
from eccube_sync.i18n import _
from eccube_sync.pos import KnownRow, KnownRows, MemberRecord
from eccube_sync.report import Report
from eccube_sync.services.claims.pinhashing import pin_hider
from eccube_sync.services.members.exportfacts import describe, field_fill_rates
from eccube_sync.services.members.knownmembers import Known, stored_moment
from eccube_sync.services.members.memberfields import too_long
from eccube_sync.services.members.reusedcodes import names_another_person
from eccube_sync.services.members.takenat import TELLS_OWN_AGE, taken_at_of
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables import importing as statements
from eccube_sync.tables.importing import PresentMember
from eccube_sync.tables.members import source

COUNTED = ("rows", "new", "changed", "unchanged", "missing", "reused_codes", "repaired")


Row = TypeVar("Row")

KEPT_AT_MOST = 10_000
"""Rows a plan holds; some 20 MiB."""


@dataclass(slots=True)
class ImportPlan:
    """What applying a file would do; nothing is written yet."""

    path: Path
    source: Source
    partial: bool
    sha256: str
    format_key: str
    encoding: str
    taken_at: datetime
    known: bool = False
    mark: str = ""
    """Which imports the source had: when another one came meanwhile, the plan is void."""
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(COUNTED, 0)))
    fill_rates: dict[str, float] = field(default_factory=dict)
    """Field → the share of rows that fill it."""
    changed_lines: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    """Line of each new or changed row: its member, or None, and the member whose code it took over."""
    kept: list[MemberRecord] | None = field(default_factory=list)
    """The rows of these lines; None where they are too many to hold, as in a first import."""
    missing: list[int] = field(default_factory=list)
    reappeared: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    returned: set[int] = field(default_factory=set)
    """Members that left with an undone import and are there again."""
    read_again: dict[int, tuple[str, datetime | None, bool]] = field(default_factory=dict)
    """Members that were there, whose row was not known: how it is known from now on."""
    moved_back: int = 0
    vanished: tuple[int, int] = (0, 0)
    """Of the members that were in the last full file, how many are not in this one, and how many there were."""
    warnings: list[str] = field(default_factory=list)

    def add(self, line: int, returning: int | None, replaces: int | None) -> None:
        """A row with a member that was not there: a new one, or one that returns."""
        self.changed_lines[line] = (returning, replaces)
        if returning is not None:
            self.returned.add(returning)

    def notice_known(self, present: PresentMember) -> None:
        """A member that was there and is in the file."""
        if present.missing_imports:
            self.reappeared.append(present.id)
        if self.partial:
            self.seen.append(present.id)

    def keep(self, record: MemberRecord) -> None:
        """Hold a row that will be staged, so that a usual night reads its file once."""
        if self.kept is not None and record.line in self.changed_lines:
            self.kept.append(record)
            if len(self.kept) > KEPT_AT_MOST:
                self.kept = None

    def report(self, applied_run: int | None = None) -> Report:
        """The plan as counts; with the run that carried it out, what was done."""
        if self.known:
            return Report(_("{file} was imported before; it changes nothing.").format(file=self.path.name))
        if applied_run is None:
            headline = _("Import of {file} ({format}, {encoding}, data of {taken_at:%Y-%m-%d %H:%M})")
        else:
            headline = _("{file} was imported (run {run}, data of {taken_at:%Y-%m-%d %H:%M})")
        headline = headline.format(
            file=self.path.name,
            format=self.format_key,
            encoding=self.encoding,
            taken_at=self.taken_at.astimezone(TOKYO),
            run=applied_run,
        )
        notes = list(self.warnings) if applied_run is None else []
        return Report(headline, dict(self.counts), notes=notes)


def choose_source(settings: Settings, key: str | None) -> Source:
    """The source a file belongs to: the named one, or the only one."""
    if key is not None:
        return settings.source(key)
    if len(settings.sources) == 1:
        return settings.sources[0]
    if not settings.sources:
        raise ConfigurationError(
            _("{path} names no store's export yet; add a [[source]] with a key.").format(path=settings.path)
        )
    raise UsageError(
        _("There are several sources ({keys}); say which one with --source.").format(
            keys=", ".join(one.key for one in settings.sources)
        )
    )


def reading_options(settings: Settings, chosen: Source, now: datetime) -> dict[str, Any]:
    """How a file of this source is read: the options of ``open_export`` and ``inspect_export``."""
    return {
        "format": chosen.format,
        "encoding": chosen.encoding,
        "columns": {name: list(headers) for name, headers in chosen.columns.items()},
        "memo_columns": chosen.memo_columns,
        "now": now,
        "limits": Limits(
            file_bytes=settings.guards.file_megabytes * 1_000_000, rows=settings.guards.file_rows
        ),
    }


def open_file(shop: Shop, connection: Connection, path: Path, chosen: Source, now: datetime) -> Export:
    """The export as configured for its source; times after ``now`` do not make it look new."""
    hide_pin = pin_hider(shop, connection, chosen)
    return open_export(path, **reading_options(shop.settings, chosen, now), hide_pin=hide_pin)


def plan_import(
    shop: Shop,
    connection: Connection,
    path: Path,
    *,
    source_key: str | None = None,
    partial: bool | None = None,
) -> ImportPlan:
    """Read ``path`` and say what it would change. Raises ``BadInputError`` when it looks wrong."""
    chosen = choose_source(shop.settings, source_key)
    now = shop.clock.now()
    export = open_file(shop, connection, path, chosen, now)
    partial = chosen.partial if partial is None else partial
    plan = ImportPlan(path, chosen, partial, export.sha256, export.format_key, export.encoding, now)
    with reading(connection):
        _compare_with_known(connection, export, plan, now)
    return plan


def _compare_with_known(connection: Connection, export: Export, plan: ImportPlan, now: datetime) -> None:
    source_id = statements.source_id(connection, plan.source.key)
    read_anew = False
    if source_id is not None and statements.accepted_import(connection, source_id, export.sha256):
        read_anew = _reads_anew(connection, export, source_id)
        plan.known = not read_anew and not _dated_anew(connection, plan, now)
        if plan.known:
            return
    plan.mark = statements.imports_mark(connection, plan.source.key)
    known = Known() if source_id is None else Known.of(connection, source_id)
    _compare(connection, export, known, plan)
    if read_anew:
        plan.missing.clear()  # who is absent was counted when the file came first
    plan.fill_rates = field_fill_rates(export)
    plan.warnings.extend(map(describe, export.warnings))
    plan.taken_at = taken_at_of(plan.source, plan.path, export.newest_moment, now)
    _refuse_older_data(connection, plan)


def _reads_anew(connection: Connection, export: Export, source_id: int) -> bool:
    """Whether the newest file would be read in another way now: other columns are configured, or the program is newer.

    Then no row of it is known by its digest any more.
    """
    if statements.newest_import(connection, source_id) != export.sha256:
        return False
    known = Known.of(connection, source_id).rows()
    return bool(known) and not any(isinstance(row, KnownRow) for row in export.rows_unless_known(known))


def _dated_anew(connection: Connection, plan: ImportPlan, now: datetime) -> bool:
    """Whether the store exported the same content again: only a newer date in the file's name says so.

    It then confirms that nothing changed. A newer time of change says nothing: copying yesterday's file makes one.
    """
    if plan.source.taken_at != "name":
        return False
    known = _data_taken(connection, plan)
    return known is None or taken_at_of(plan.source, plan.path, None, now) > known


def _compare(connection: Connection, export: Export, known: Known, plan: ImportPlan) -> None:
    seen: set[str] = set()
    for records in in_chunks(_unknown(export, known, seen, plan)):
        before = known.read(connection, records)
        for record in records:
            plan.counts["repaired"] += bool(record.repairs)
            _compare_one(record, known, before, plan)
            plan.keep(record)
    plan.counts["rows"] = len(seen)
    if not plan.partial:
        plan.missing = [one.id for store_key, one in known.present.items() if store_key not in seen]
        plan.counts["missing"] = len(plan.missing)
        there = [store_key for store_key, one in known.present.items() if not one.missing_imports]
        plan.vanished = sum(store_key not in seen for store_key in there), len(there)


def _unknown(export: Export, known: Known, seen: set[str], plan: ImportPlan) -> Iterator[MemberRecord]:
    """The rows to be compared. Those known by their digest, almost all of a usual night, are only counted."""
    for row in _storable(export, known.rows()):
        seen.add(row.store_key)
        if isinstance(row, MemberRecord):
            yield row
        else:
            present = known.present[row.store_key]
            plan.counts["repaired"] += present.row_repaired
            plan.counts["unchanged"] += 1
            plan.notice_known(present)


def _storable(export: Export, known: KnownRows) -> Iterator[MemberRecord | KnownRow]:
    """Every member; refuses a file with a cell our tables cannot hold, once everything else was found well."""
    problems: list[Problem] = []
    for row in export.rows_unless_known(known):
        for name, limit in too_long(row) if isinstance(row, MemberRecord) else ():
            message = _("The text is longer than {limit} characters; correct it at the POS.")
            problems.append(Problem(message.format(limit=limit), row.line, export.column_map.get(name)))
        yield row
    if problems:
        sentence = _("{file}: cells are too long to be stored. Nothing was changed.")
        raise BadInputError(sentence.format(file=export.name), tuple(problems[:20]))


def _compare_one(record: MemberRecord, known: Known, before: Mapping[int, AnyRow], plan: ImportPlan) -> None:
    present = known.present.get(record.store_key)
    if present is None:
        plan.counts["new"] += 1
        plan.add(record.line, known.returning(record, before), None)
        return
    plan.notice_known(present)
    old = before.get(present.id)
    if old is not None and names_another_person(old, record):
        plan.counts["reused_codes"] += 1
        plan.add(record.line, known.returning(record, before), present.id)
        return
    plan.read_again[present.id] = (record.row_digest, stored_moment(record.row_newest), bool(record.repairs))
    if old is None:
        plan.counts["unchanged"] += 1
    else:
        plan.counts["changed"] += 1
        plan.changed_lines[record.line] = (present.id, None)
        if old.end_date and record.end_date and record.end_date < old.end_date:
            plan.moved_back += 1


def _refuse_older_data(connection: Connection, plan: ImportPlan) -> None:
    known = _data_taken(connection, plan)
    if known is None or plan.taken_at >= known:
        return
    # The newest visit in a few members' rows says nothing about when that part was exported.
    if plan.partial and plan.source.taken_at not in TELLS_OWN_AGE:
        return
    raise BadInputError(
        _(
            "{file} holds data of {taken_at:%Y-%m-%d %H:%M}, older than the data of {known:%Y-%m-%d %H:%M} that "
            "was imported before. Nothing was changed; export the members again."
        ).format(
            file=plan.path.name,
            taken_at=plan.taken_at.astimezone(TOKYO),
            known=known.astimezone(TOKYO),
        )
    )


def _data_taken(connection: Connection, plan: ImportPlan) -> datetime | None:
    """When the source's newest full data was taken; None before its first full import."""
    stored = connection.execute(
        select(source.c.taken_at).where(source.c.source_key == plan.source.key)
    ).scalar_one_or_none()
    return from_database(stored) if stored else None


def in_chunks(records: Iterator[Row]) -> Iterator[list[Row]]:
    """The records in lists of a size one statement takes."""
    chunk: list[Row] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
