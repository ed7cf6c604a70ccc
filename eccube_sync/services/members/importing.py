"""Apply the import of a store's member export as one transaction, after the guards looked at its plan.

The file is read a second time: the new and changed rows are staged in chunks, then one set-based transaction
moves them into our tables. A night's cost follows what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, insert, or_, select, update

from eccube_sync.clock import to_database
from eccube_sync.csvfile import sha256_of
from eccube_sync.db import CHUNK, inserted_id, reading
from eccube_sync.errors import BadInputError, LockedError
from eccube_sync.i18n import _
from eccube_sync.linkage.people import fingerprint_rows
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.pos import MemberRecord
from eccube_sync.report import Report
from eccube_sync.services.classes.guarding import file_counts, import_verdicts
from eccube_sync.services.codes.assigning import bind_from_import
from eccube_sync.services.matching.people import people_of_records
from eccube_sync.services.members.importplan import (
    ImportPlan,
    choose_source,
    in_chunks,
    open_file,
    plan_import,
)
from eccube_sync.services.members.knownmembers import content_hash, stored_moment
from eccube_sync.services.members.memberfields import keep_known_facts
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables import importing as statements
from eccube_sync.tables.members import member, member_import, source, staged_member
from eccube_sync.tables.staging import make_due, move_staged

__all__ = ["ImportPlan", "apply_import", "choose_source", "guard", "open_file", "plan_import"]

_STAGED = tuple(each.name for each in fields(MemberRecord))


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
        vanished=plan.vanished,
        reused=plan.counts["reused_codes"],
        expected=expected,
    )


def apply_import(run: Run, plan: ImportPlan) -> Report:
    """Carry the plan out: all of the file, or nothing of it.

    Raises ``BadInputError`` when the file and ``LockedError`` when the members changed since the plan.
    """
    if plan.known:
        return plan.report()
    source_id = run.transaction(_begin, run, plan)
    _stage(run, plan)
    run.transaction(_apply, run, plan, source_id)
    run.counts.update(plan.counts)
    return plan.report(applied_run=run.id)


def _begin(run: Run, plan: ImportPlan) -> int:
    if statements.imports_mark(run.connection, plan.source.key) != plan.mark:
        raise LockedError(
            _("Members of {source} were imported meanwhile; nothing was written. Start again.").format(
                source=plan.source.label
            )
        )
    run.connection.execute(delete(staged_member))
    return statements.ensure_source(run.connection, plan.source.key, plan.source.label)


def _stage(run: Run, plan: ImportPlan) -> None:
    for records in in_chunks(_changed_records(run, plan)):
        run.transaction(_stage_chunk, run, plan, records)


def _changed_records(run: Run, plan: ImportPlan) -> Iterator[MemberRecord]:
    """The rows to be staged: those the plan kept, or, where they were too many to keep, from the file again."""
    if sha256_of(plan.path) != plan.sha256:
        raise BadInputError(
            _("{file} changed while it was being imported; nothing was imported. Start again.").format(
                file=plan.path.name
            )
        )
    if plan.kept is not None:
        yield from plan.kept
        return
    export = open_file(run.shop, run.connection, plan.path, plan.source, run.now)
    yield from (record for record in export.rows() if record.line in plan.changed_lines)


def _stage_chunk(run: Run, plan: ImportPlan, records: Sequence[MemberRecord]) -> None:
    whose = [plan.changed_lines[record.line] for record in records]
    # What an undone import said of a member is no longer known.
    stayed = [member_id for member_id, _replaces in whose if member_id and member_id not in plan.returned]
    before = statements.versions_of(run.connection, stayed)
    facts = [
        keep_known_facts(before[member_id], record) if member_id in before else record
        for record, (member_id, _replaces) in zip(records, whose, strict=True)
    ]
    fingerprints = fingerprint_rows(people_of_records(facts))
    rows = [
        # The hash is the row's as written, so that the same row is known again.
        _staged_row(run.id, fact, content_hash(record), fingerprint, *places)
        for record, fact, fingerprint, places in zip(records, facts, fingerprints, whose, strict=True)
    ]
    run.connection.execute(insert(staged_member), rows)


def _staged_row(
    run_id: int,
    record: MemberRecord,
    digest: str,
    fingerprint: str,
    member_id: int | None,
    replaces: int | None,
) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _STAGED} | {
        "run_id": run_id,
        "member_id": member_id,
        "replaces_member_id": replaces,
        "emails": "\n".join(record.emails),
        "repairs": ",".join(sorted({repair.kind for repair in record.repairs}))[:255],
        "row_newest": stored_moment(record.row_newest),
        "content_hash": digest,
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
    taken_at = to_database(plan.taken_at)
    staged = move_staged(connection, run.id, source_id, import_id)
    statements.remember_rows(connection, plan.read_again)
    for one in staged.replaced:
        run.record("member", one, "current", 1, None, "code_of_another")
    _mark_present(run, plan.reappeared)
    _mark_returned(run, sorted(plan.returned), import_id)
    if plan.partial:
        _confirm(connection, plan.seen, import_id, taken_at)
    else:
        _mark_missing(connection, plan, source_id)
        statements.data_taken(connection, source_id, taken_at)
    make_due(connection, staged.codes, run.today)
    connection.execute(delete(staged_member).where(staged_member.c.run_id == run.id))
    run.record("import", import_id, "state", None, "accepted", "member_file")
    bind_from_import(run, import_id)


def _confirm(connection: Connection, member_ids: Sequence[int], import_id: int, taken_at: datetime) -> None:
    """A partial file says how fresh the data of its own members is, new ones included, and of no others."""
    older = or_(member.c.confirmed_at.is_(None), member.c.confirmed_at < taken_at)
    fresh = update(member).where(older).values(confirmed_at=taken_at)
    connection.execute(fresh.where(member.c.first_import_id == import_id))
    for start in range(0, len(member_ids), CHUNK):
        connection.execute(fresh.where(member.c.id.in_(member_ids[start : start + CHUNK])))


def _mark_missing(connection: Connection, plan: ImportPlan, source_id: int) -> None:
    # The data a missing member had is as old as the last full file that still held it.
    last = connection.execute(select(source.c.taken_at).where(source.c.id == source_id)).scalar_one()
    known = member.c.confirmed_at
    for start in range(0, len(plan.missing), CHUNK):
        chunk = plan.missing[start : start + CHUNK]
        if last is not None:
            connection.execute(
                update(member)
                .where(member.c.id.in_(chunk), member.c.missing_imports == 0)
                .values(confirmed_at=case((known > last, known), else_=last))
            )
        connection.execute(
            update(member).where(member.c.id.in_(chunk)).values(missing_imports=member.c.missing_imports + 1)
        )


def _mark_present(run: Run, member_ids: Sequence[int]) -> None:
    """Members who are there again; how long they were missing is journalled, so that an undo knows it."""
    columns = (member.c.id, member.c.missing_imports, member.c.confirmed_at)
    for start in range(0, len(member_ids), CHUNK):
        these = member.c.id.in_(member_ids[start : start + CHUNK])
        for row in run.connection.execute(select(*columns).where(these)):
            run.record("member", row.id, "missing_imports", row.missing_imports, 0, "in_file_again")
            run.record("member", row.id, "confirmed_at", row.confirmed_at, None, "in_file_again")
        run.connection.execute(update(member).where(these).values(missing_imports=0, confirmed_at=None))


def _mark_returned(run: Run, member_ids: Sequence[int], import_id: int) -> None:
    for one in member_ids:
        run.record("member", one, "current", None, 1, "in_file_again")
    for start in range(0, len(member_ids), CHUNK):
        run.connection.execute(
            update(member)
            .where(member.c.id.in_(member_ids[start : start + CHUNK]))
            .values(current=1, missing_imports=0, confirmed_at=None, first_import_id=import_id)
        )
