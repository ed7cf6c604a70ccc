"""Import a store's member export: read all of it, judge it, then apply it as one transaction.

The file is read twice. The first reading only counts and compares hashes, so a plan needs little memory
and writes nothing. The second stages the new and changed rows in chunks; one set-based transaction then
moves them into our tables. A night's cost follows what changed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from eccube_sync.clock import from_database, to_database
from eccube_sync.configsources import Source
from eccube_sync.csvfile import Limits
from eccube_sync.db import CHUNK, AnyRow, inserted_id, reading
from eccube_sync.errors import BadInputError
from eccube_sync.exportfile import Export, open_export
from eccube_sync.i18n import _
from eccube_sync.linkage.people import fingerprint_rows
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.pos import MemberRecord
from eccube_sync.report import Report
from eccube_sync.services.guarding import file_counts, import_verdicts
from eccube_sync.services.people import people_of_records
from eccube_sync.services.reusedcodes import names_another_person
from eccube_sync.services.running import Run, Shop
from eccube_sync.services.takenat import taken_at_of
from eccube_sync.settings import Settings
from eccube_sync.tables import importing as statements
from eccube_sync.tables.members import (
    member,
    member_import,
    record_columns,
    source,
    staged_member,
)

CONTENT = tuple(
    column.name
    for column in record_columns()
    if column.name not in {"repairs", "content_hash", "fingerprint"}
)


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
    counts: Counter[str] = field(default_factory=Counter)
    fill_rates: dict[str, float] = field(default_factory=dict)
    changed_lines: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    """Line of each new or changed row: its member, or None, and the member whose code it took over."""
    missing: list[int] = field(default_factory=list)
    reappeared: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    moved_back: int = 0
    warnings: list[str] = field(default_factory=list)

    def report(self) -> Report:
        """The plan as counts."""
        if self.known:
            return Report(_("{file} was imported before; it changes nothing.").format(file=self.path.name))
        headline = _("Import of {file} ({format}, {encoding}, data of {taken_at:%Y-%m-%d %H:%M})").format(
            file=self.path.name,
            format=self.format_key,
            encoding=self.encoding,
            taken_at=self.taken_at.astimezone(statements.TOKYO),
        )
        return Report(headline, dict(self.counts), notes=list(self.warnings))


def choose_source(settings: Settings, key: str | None) -> Source:
    """The source a file belongs to: the named one, or the only one."""
    if key is not None:
        return settings.source(key)
    if len(settings.sources) == 1:
        return settings.sources[0]
    raise BadInputError(
        _("There are several sources ({keys}); say which one with --source.").format(
            keys=", ".join(one.key for one in settings.sources)
        )
    )


def open_file(settings: Settings, path: Path, chosen: Source) -> Export:
    """The export as configured for its source."""
    return open_export(
        path,
        format=chosen.format,
        encoding=chosen.encoding,
        columns={name: list(headers) for name, headers in chosen.columns.items()},
        memo_columns=chosen.memo_columns,
        limits=Limits(file_bytes=settings.guards.file_megabytes * 1_000_000, rows=settings.guards.file_rows),
    )


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
    export = open_file(shop.settings, path, chosen)
    with reading(connection):
        return _plan(shop, connection, export, path, chosen, chosen.partial if partial is None else partial)


def _plan(
    shop: Shop, connection: Connection, export: Export, path: Path, chosen: Source, partial: bool
) -> ImportPlan:
    plan = ImportPlan(
        path, chosen, partial, export.sha256, export.format_key, export.encoding, shop.clock.now()
    )
    source_id = statements.source_id(connection, chosen.key)
    if source_id is not None and statements.accepted_import(connection, source_id, export.sha256):
        plan.known = True
        return plan
    present = statements.present_members(connection, source_id) if source_id is not None else {}
    _compare(connection, export, present, plan)
    plan.fill_rates = dict(export.fill_rates)
    plan.warnings.extend(warning.message for warning in export.warnings)
    plan.taken_at = taken_at_of(chosen, path, export.newest_moment, shop.clock.now())
    _refuse_older_data(connection, plan)
    return plan


def _compare(connection: Connection, export: Export, present: dict[str, Any], plan: ImportPlan) -> None:
    seen: set[str] = set()
    for records in _chunks(export.rows()):
        hashes = [content_hash(record) for record in records]
        changed = [
            (record, present[record.store_key].id)
            for record, digest in zip(records, hashes, strict=True)
            if record.store_key in present and present[record.store_key].content_hash != digest
        ]
        before = statements.versions_of(connection, [member_id for _record, member_id in changed])
        for record, digest in zip(records, hashes, strict=True):
            seen.add(record.store_key)
            _compare_one(record, digest, present.get(record.store_key), before, plan)
    plan.counts["rows"] = len(seen)
    if not plan.partial:
        plan.missing = [row.id for store_key, row in present.items() if store_key not in seen]
        plan.counts["missing"] = len(plan.missing)


def _compare_one(
    record: MemberRecord, digest: str, present: AnyRow | None, before: dict[int, AnyRow], plan: ImportPlan
) -> None:
    if record.repairs:
        plan.counts["repaired"] += 1
    if present is None:
        plan.counts["new"] += 1
        plan.changed_lines[record.line] = (None, None)
        return
    if present.missing_imports:
        plan.reappeared.append(present.id)
    if plan.partial:
        plan.seen.append(present.id)
    if present.content_hash == digest:
        plan.counts["unchanged"] += 1
        return
    old = before[present.id]
    if names_another_person(old, record):
        plan.counts["reused_codes"] += 1
        plan.changed_lines[record.line] = (None, present.id)
        return
    plan.counts["changed"] += 1
    plan.changed_lines[record.line] = (present.id, None)
    if old.end_date and record.end_date and record.end_date < old.end_date:
        plan.moved_back += 1


def _refuse_older_data(connection: Connection, plan: ImportPlan) -> None:
    known = connection.execute(
        select(source.c.taken_at).where(source.c.source_key == plan.source.key)
    ).scalar_one_or_none()
    if known is not None and not plan.partial and plan.taken_at < from_database(known):
        raise BadInputError(
            _(
                "{file} holds data of {taken_at:%Y-%m-%d %H:%M}, older than the data of {known:%Y-%m-%d %H:%M} that "
                "was imported before. Nothing was changed; export the members again."
            ).format(
                file=plan.path.name,
                taken_at=plan.taken_at.astimezone(statements.TOKYO),
                known=from_database(known).astimezone(statements.TOKYO),
            )
        )


def _chunks(records: Iterator[MemberRecord]) -> Iterator[list[MemberRecord]]:
    chunk: list[MemberRecord] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def content_hash(record: MemberRecord) -> str:
    """What tells two versions of a member's data apart; the line and the repairs are no part of it."""
    values = tuple(getattr(record, name) for name in CONTENT)
    return blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# --- apply ---------------------------------------------------------------------------------------


def guard(
    shop: Shop, connection: Connection, plan: ImportPlan, expected: int | None = None
) -> list[GuardVerdict]:
    """What the import guards say about the plan."""
    if plan.known:
        return []
    with reading(connection):
        last = statements.last_full_import(connection, plan.source.key)
    return import_verdicts(
        shop.settings,
        file_counts(plan.counts["rows"], plan.fill_rates),
        file_counts(last.row_count, json.loads(last.fill_rates)) if last else None,
        partial=plan.partial,
        moved_back=plan.moved_back,
        expected=expected,
    )


def apply_import(run: Run, plan: ImportPlan) -> Report:
    """Carry the plan out. All of the file, or nothing of it."""
    if plan.known:
        return plan.report()
    source_id = run.transaction(
        lambda: statements.ensure_source(run.connection, plan.source.key, plan.source.label)
    )
    run.transaction(run.connection.execute, delete(staged_member))
    _stage(run, plan)
    run.transaction(_apply, run, plan, source_id)
    run.counts.update(plan.counts)
    return plan.report()


def _stage(run: Run, plan: ImportPlan) -> None:
    export = open_file(run.shop.settings, plan.path, plan.source)
    if export.sha256 != plan.sha256:
        raise BadInputError(
            _("{file} changed while it was being imported; nothing was imported. Start again.").format(
                file=plan.path.name
            )
        )
    for records in _chunks(record for record in export.rows() if record.line in plan.changed_lines):
        rows = [
            _staged_row(run.id, record, fingerprint, *plan.changed_lines[record.line])
            for record, fingerprint in zip(records, fingerprint_rows(people_of_records(records)), strict=True)
        ]
        run.transaction(run.connection.execute, insert(staged_member), rows)


def _staged_row(
    run_id: int, record: MemberRecord, fingerprint: str, member_id: int | None, replaces: int | None
) -> dict[str, Any]:
    return asdict(record) | {
        "run_id": run_id,
        "member_id": member_id,
        "replaces_member_id": replaces,
        "emails": "\n".join(record.emails),
        "repairs": ",".join(sorted({repair.kind for repair in record.repairs}))[:255],
        "content_hash": content_hash(record),
        "fingerprint": fingerprint,
    }


def _apply(run: Run, plan: ImportPlan, source_id: int) -> None:
    connection = run.connection
    import_id = inserted_id(
        connection.execute(
            insert(member_import).values(
                source_id=source_id,
                run_id=run.id,
                sha256=plan.sha256,
                file_name=plan.path.name[:255],
                format_key=plan.format_key,
                encoding=plan.encoding,
                partial=plan.partial,
                taken_at=to_database(plan.taken_at),
                row_count=plan.counts["rows"],
                counts=json.dumps(dict(plan.counts)),
                fill_rates=json.dumps(plan.fill_rates),
                state="accepted",
            )
        )
    )
    statements.move_staged(connection, run.id, source_id, import_id)
    if plan.partial:
        _confirm(connection, plan.seen, to_database(plan.taken_at))
    else:
        _mark_missing(connection, plan, source_id)
        statements.data_taken(connection, source_id, to_database(plan.taken_at))
    _mark_present(connection, plan.reappeared)
    statements.make_due(connection, run.id, run.today)
    connection.execute(delete(staged_member).where(staged_member.c.run_id == run.id))
    run.record("import", import_id, "state", None, "accepted", "member_file")


def _confirm(connection: Connection, member_ids: Sequence[int], taken_at: datetime) -> None:
    for start in range(0, len(member_ids), CHUNK):
        connection.execute(
            update(member)
            .where(member.c.id.in_(member_ids[start : start + CHUNK]))
            .values(confirmed_at=taken_at)
        )


def _mark_missing(connection: Connection, plan: ImportPlan, source_id: int) -> None:
    # The data a missing member had is as old as the last full file that still held it.
    last = connection.execute(select(source.c.taken_at).where(source.c.id == source_id)).scalar_one()
    for start in range(0, len(plan.missing), CHUNK):
        chunk = plan.missing[start : start + CHUNK]
        connection.execute(
            update(member)
            .where(member.c.id.in_(chunk), member.c.missing_imports == 0)
            .values(confirmed_at=last)
        )
        connection.execute(
            update(member).where(member.c.id.in_(chunk)).values(missing_imports=member.c.missing_imports + 1)
        )


def _mark_present(connection: Connection, member_ids: Sequence[int]) -> None:
    for start in range(0, len(member_ids), CHUNK):
        connection.execute(
            update(member)
            .where(member.c.id.in_(member_ids[start : start + CHUNK]))
            .values(missing_imports=0, confirmed_at=None)
        )
