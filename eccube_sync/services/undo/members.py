"""Take an import back: members to the version before, new ones out, codes and counters as they were.

A member who leaves keeps the row and its versions, and is the same member again when the file comes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from eccube_sync.db import CHUNK
from eccube_sync.services.links.linking import end_link
from eccube_sync.services.links.pairing import GUESSES
from eccube_sync.services.notices.noticing import cancel_for_links
from eccube_sync.services.review.casing import UNANSWERED, Question, close_case, open_case
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, steps
from eccube_sync.services.undo.imports import ACCEPTED, UNDONE, ImportUndo, predecessors
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.matching import active_links
from eccube_sync.tables.members import member, member_code, member_import, member_version, source

IMPORT_UNDONE = "import_undone"


def undo_import(run: Run, undone_run: int, plan: ImportUndo) -> None:
    """Carry it out, chunk by chunk; the import counts as undone once all of it is."""
    stepping = sorted(plan.stepping)
    for start in range(0, len(stepping), CHUNK):
        run.transaction(_step_back, run, plan, stepping[start : start + CHUNK])
    for start in range(0, len(plan.leaving), CHUNK):
        run.transaction(_leave, run, undone_run, plan, plan.leaving[start : start + CHUNK])
    run.transaction(_finish, run, undone_run, plan)


# --- members -----------------------------------------------------------------------------------------


def _step_back(run: Run, plan: ImportUndo, member_ids: Sequence[int]) -> None:
    connection = run.connection
    wanted = {plan.stepping[one][1] for one in member_ids}
    columns = ("id", "import_id", "content_hash", "fingerprint")
    versions = {
        row.id: row
        for row in connection.execute(
            select(*(member_version.c[name] for name in columns)).where(member_version.c.id.in_(wanted))
        )
    }
    for one in member_ids:
        found, back_to = plan.stepping[one]
        version = versions[back_to]
        values = {
            "version_id": back_to,
            "content_hash": version.content_hash,
            "fingerprint": version.fingerprint,
            "changed_import_id": version.import_id,
            "row_digest": None,
        }
        here = (member.c.id == one, member.c.version_id == found)
        # Only what the matcher reads makes a member worth matching again; it is compared before it is written.
        connection.execute(
            update(member)
            .where(*here, member.c.fingerprint != version.fingerprint)
            .values(changed_run_id=run.id)
        )
        done = connection.execute(update(member).where(*here).values(values))
        if done.rowcount == 1:
            run.record("member", one, "version", found, back_to, UNDO)
            run.counts["reversed"] += 1
    _codes_back(run, plan, member_code.c.member_id.in_(member_ids))
    _make_due(run, member_ids)


def _leave(run: Run, undone_run: int, plan: ImportUndo, member_ids: Sequence[int]) -> None:
    connection = run.connection
    back = predecessors(connection, member_ids, plan.row)
    connection.execute(
        update(member).where(member.c.id.in_(member_ids)).values(current=None, changed_run_id=run.id)
    )
    for one in member_ids:
        run.record("member", one, "current", 1, None, UNDO)
    run.counts["reversed"] += len(member_ids)
    if back:
        connection.execute(
            update(member).where(member.c.id.in_(back)).values(current=1, changed_run_id=run.id)
        )
    for one in back:
        run.record("member", one, "current", None, 1, UNDO)
    _codes_back(run, plan, member_code.c.member_id.in_([*member_ids, *back]))
    _make_due(run, member_ids)
    _close_questions(run, member_ids)
    _part(run, undone_run, member_ids)


def _make_due(run: Run, member_ids: Sequence[int]) -> None:
    """Should the undo be interrupted, the next expiry looks at the people concerned."""
    linked = [row.customer_id for row in active_links(run.connection, (), member_ids)]
    for ids in chunks(linked):
        run.connection.execute(
            update(customer_class).where(customer_class.c.customer_id.in_(ids)).values(due_on=run.today)
        )


def _close_questions(run: Run, member_ids: Sequence[int]) -> None:
    waiting = select(review_case.c.id).where(
        review_case.c.member_id.in_(member_ids), review_case.c.state.in_(UNANSWERED)
    )
    for case_id in run.connection.execute(waiting).scalars().all():
        close_case(run, case_id, IMPORT_UNDONE)


def _part(run: Run, undone_run: int, member_ids: Sequence[int]) -> None:
    """End the links other runs made to members who leave; a guess comes back by itself, the rest is asked about."""
    ended = []
    for row in active_links(run.connection, (), member_ids):
        if row.run_id == undone_run:
            continue  # taken back as a link of the run
        end_link(run, row, IMPORT_UNDONE)
        ended.append(row.id)
        if row.method not in GUESSES:
            open_case(run, Question("missing_member", row.customer_id, row.member_id))
    cancel_for_links(run, ended, UNDO)


# --- codes -------------------------------------------------------------------------------------------


def _codes_back(run: Run, plan: ImportUndo, whose: ColumnElement[bool]) -> None:
    """Remove the codes that undone imports opened and open those they closed."""
    connection = run.connection
    undone = or_(member_import.c.state == UNDONE, member_import.c.id == plan.row.id)
    imports = select(member_import.c.id).where(member_import.c.source_id == plan.row.source_id, undone)
    gone = list(connection.execute(imports).scalars())
    connection.execute(delete(member_code).where(whose, member_code.c.from_import_id.in_(gone)))
    connection.execute(
        update(member_code).where(whose, member_code.c.to_import_id.in_(gone)).values(to_import_id=None)
    )


def _codes_of_others(run: Run, plan: ImportUndo) -> None:
    """Open the barcodes this import took from members it said nothing about, unless somebody else has them."""
    connection = run.connection
    other = member_code.alias("other")
    said = select(member_version.c.member_id).where(member_version.c.import_id == plan.row.id)
    rows = connection.execute(
        select(member_code.c.id)
        .outerjoin(
            other,
            (other.c.source_id == member_code.c.source_id)
            & (other.c.kind == member_code.c.kind)
            & (other.c.code == member_code.c.code)
            & other.c.to_import_id.is_(None),
        )
        .where(
            member_code.c.to_import_id == plan.row.id,
            member_code.c.member_id.not_in(said),
            other.c.id.is_(None),
        )
    )
    for ids in chunks(rows.scalars().all()):
        connection.execute(update(member_code).where(member_code.c.id.in_(ids)).values(to_import_id=None))


# --- what the import said about the source as a whole ----------------------------------------------------


def _finish(run: Run, undone_run: int, plan: ImportUndo) -> None:
    row, connection = plan.row, run.connection
    _codes_of_others(run, plan)
    if row.partial:
        _unconfirm(connection, plan)
    else:
        _unmiss(connection, plan)
        _older_again(run, plan)
    _reappeared(run, undone_run, plan)
    connection.execute(update(member_import).where(member_import.c.id == row.id).values(state=UNDONE))
    run.record("import", row.id, "state", ACCEPTED, UNDONE, UNDO)
    run.counts["reversed"] += 1


def _unmiss(connection: Connection, plan: ImportUndo) -> None:
    """Who is missing from this file and from all later ones was missed once too often."""
    here = (member.c.source_id == plan.row.source_id, member.c.current == 1)
    connection.execute(
        update(member)
        .where(*here, member.c.missing_imports > plan.later_full)
        .values(missing_imports=member.c.missing_imports - 1)
    )


def _older_again(run: Run, plan: ImportUndo) -> None:
    """The source's data is as old as the newest full file that counts."""
    row, connection = plan.row, run.connection
    before = connection.execute(
        select(func.max(member_import.c.taken_at)).where(
            member_import.c.source_id == row.source_id,
            member_import.c.state == ACCEPTED,
            member_import.c.partial.is_(False),
            member_import.c.id != row.id,
        )
    ).scalar_one()
    changed = connection.execute(
        update(source)
        .where(source.c.id == row.source_id, source.c.taken_at == row.taken_at)
        .values(taken_at=before)
    )
    if changed.rowcount == 1:
        run.record("source", row.source_id, "taken_at", row.taken_at, before, UNDO)
    if before is not None:
        # Says no more than the source does.
        connection.execute(
            update(member)
            .where(
                member.c.source_id == row.source_id,
                member.c.missing_imports == 0,
                member.c.confirmed_at <= before,
            )
            .values(confirmed_at=None)
        )


def _reappeared(run: Run, undone_run: int, plan: ImportUndo) -> None:
    """Members who were missing before this import are missing again, and so are those later files lack too."""
    connection = run.connection
    missing = steps(connection, undone_run, "member", "missing_imports")
    confirmed = steps(connection, undone_run, "member", "confirmed_at")
    for ids in chunks(missing):
        rows = connection.execute(
            select(member.c.id, member.c.missing_imports).where(
                member.c.id.in_(ids), member.c.source_id == plan.row.source_id, member.c.current == 1
            )
        ).all()
        for row in rows:
            before = int(missing[row.id].old or 0)
            if row.missing_imports != plan.later_full or not before:
                continue
            moment = confirmed[row.id].old if row.id in confirmed else None
            values = {
                "missing_imports": before + row.missing_imports,
                "confirmed_at": datetime.fromisoformat(moment) if moment else None,
            }
            connection.execute(update(member).where(member.c.id == row.id).values(values))
            run.record("member", row.id, "missing_imports", 0, before, UNDO)


def _unconfirm(connection: Connection, plan: ImportUndo) -> None:
    """A member is as fresh as the newest partial file that is known to have held it."""
    ids = connection.execute(
        select(member.c.id).where(
            member.c.source_id == plan.row.source_id,
            member.c.confirmed_at == plan.row.taken_at,
            member.c.missing_imports == 0,
        )
    ).scalars()
    for part in chunks(ids.all()):
        known = _partial_files(connection, part, plan.row.id)
        for one in part:
            connection.execute(update(member).where(member.c.id == one).values(confirmed_at=known.get(one)))


def _partial_files(connection: Connection, member_ids: Iterable[int], without: int) -> dict[int, datetime]:
    rows = connection.execute(
        select(member_version.c.member_id, func.max(member_import.c.taken_at).label("taken_at"))
        .join(member_import, member_import.c.id == member_version.c.import_id)
        .where(
            member_version.c.member_id.in_(list(member_ids)),
            member_import.c.id != without,
            member_import.c.state == ACCEPTED,
            member_import.c.partial.is_(True),
        )
        .group_by(member_version.c.member_id)
    )
    return {row.member_id: row.taken_at for row in rows}
