"""Forget a person: blank what our tables say about a customer or a member, and delete the files that name them.

The journal stays whole; it never named anybody. What was forgotten cannot be brought back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, delete, null, select, update

from eccube_sync.db import reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.links.linking import end_link
from eccube_sync.services.members.findmember import find_members
from eccube_sync.services.notices import outboxstates
from eccube_sync.services.review.cases import EXPORTED
from eccube_sync.services.review.casing import close_case
from eccube_sync.services.review.folders import done_folder, plain_files
from eccube_sync.services.running import Run, Shop
from eccube_sync.services.setup.dumping import dumps
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case, review_export
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_code
from eccube_sync.tables.notices import notice
from eccube_sync.tables.personal import FORGOTTEN, OF_CUSTOMERS, OF_MEMBERS, Personal
from eccube_sync.tables.runs import journal

Side = Literal["customer", "member"]
LIVING = frozenset({"full", "provisional", "unknown"})
"""States in which a customer is still registered with EC-CUBE, which the next run would read again."""
UNSENT = ("queued", "failed")


@dataclass(frozen=True, slots=True)
class ForgetPlan:
    """Whom to forget (our ids on one side), what ends with it, and which files go."""

    side: Side
    ids: Sequence[int]
    links: Sequence[int]
    cases: Sequence[int]
    files: Sequence[Path]
    notes: Sequence[str]

    def report(self) -> Report:
        """What would be forgotten, and that it is for ever."""
        counts = {
            "to_forget": len(self.ids),
            "links_to_end": len(self.links),
            "files_to_delete": len(self.files),
        }
        return Report(_("Personal data to be forgotten, for ever:"), counts, notes=[*self.notes])


def plan_forget_customer(shop: Shop, connection: Connection, eccube_id: int) -> ForgetPlan:
    """What forgetting a customer would do. Raises ``UsageError`` for one who is still registered, or unknown."""
    with reading(connection):
        rows = connection.execute(select(customer).where(customer.c.eccube_id == eccube_id)).all()
        if not rows:
            raise UsageError(_("There is no customer {eccube_id}.").format(eccube_id=eccube_id))
        if any(row.state in LIVING and row.current for row in rows):
            raise UsageError(
                _(
                    "Customer {eccube_id} is still registered with EC-CUBE, and would be read again. Have the account "
                    "withdrawn or deleted there, run eccube-sync classify, then forget."
                ).format(eccube_id=eccube_id)
            )
        return plan_forget(shop.settings, connection, "customer", [row.id for row in rows])


def plan_forget_member(shop: Shop, connection: Connection, code: str) -> ForgetPlan:
    """What forgetting a member would do. Raises ``UsageError`` when the code leads to nobody, or to several."""
    with reading(connection):
        found = find_members(connection, code)
        if len(found) > 1:
            raise UsageError(
                _("The code {code} leads to {count} members; name one by the POS's own id.").format(
                    code=code, count=len(found)
                )
            )
        notes = []
        if not found[0].missing_imports and found[0].current:
            notes.append(
                _(
                    "The store's newest file still had this member: delete the member in the POS too, or the next "
                    "import brings the data back as a new member."
                )
            )
        return plan_forget(shop.settings, connection, "member", [found[0].member_id], notes)


def plan_forget(
    settings: Settings, connection: Connection, side: Side, ids: Sequence[int], notes: Sequence[str] = ()
) -> ForgetPlan:
    """The same for our ids, inside a read-only stretch."""
    owner, case_owner = _columns(side)
    links = connection.execute(select(link.c.id).where(owner.in_(ids), link.c.active == 1)).scalars().all()
    cases = connection.execute(select(review_case.c.id).where(case_owner.in_(ids))).scalars().all()
    found = sorted({*_review_files(settings, connection, cases), *_files_of_everybody(settings)})
    return ForgetPlan(side, ids, links, cases, found, notes)


def _columns(side: Side) -> tuple[Any, Any]:
    if side == "customer":
        return link.c.customer_id, review_case.c.customer_id
    return link.c.member_id, review_case.c.member_id


def _review_files(settings: Settings, connection: Connection, cases: Sequence[int]) -> Iterable[Path]:
    """Review files that show one of these cases, and all that were read back."""
    runs = select(journal.c.run_id).where(
        journal.c.subject == "case", journal.c.field == EXPORTED, journal.c.subject_id.in_(cases)
    )
    names = connection.execute(
        select(review_export.c.file_name).where(review_export.c.run_id.in_(runs))
    ).scalars()
    found = [settings.folders.review_out / name for name in names]
    return [path for path in found if path.is_file()] + plain_files(done_folder(settings))


def _files_of_everybody(settings: Settings) -> Iterable[Path]:
    """Imported files, dumps and disclosures hold whole lists, or a person who is perhaps this one."""
    folders = settings.folders
    return [*plain_files(folders.imported), *dumps(settings), *plain_files(folders.exports)]


# --- apply -------------------------------------------------------------------------------------------


def apply_forget(run: Run, plan: ForgetPlan) -> Report:
    """Forget them, the files first, then person by person; safe to run again."""
    for path in plan.files:
        path.unlink(missing_ok=True)
    run.counts["files_deleted"] += len(plan.files)
    for link_id in plan.links:
        run.transaction(end_link, run, link_id, FORGOTTEN)
    for subject_id in plan.ids:
        run.transaction(_forget, run, plan.side, subject_id)
    report = Report(_("Forgotten:"), {name: run.counts[name] for name in COUNTS})
    report.notes += [_("Backups of the database and of this folder are yours to delete.")]
    if plan.links:
        report.notes.append(_("The class falls with the next run of: eccube-sync expire"))
    if any(path.parent == run.shop.settings.folders.review_out for path in plan.files):
        report.notes.append(
            _(
                "Questions about others were in a deleted review file; write it anew: eccube-sync review export"
            )
        )
    return report


COUNTS = ("forgotten", "links_ended", "notices_cancelled", "cases_closed", "files_deleted")


def _forget(run: Run, side: Side, subject_id: int) -> None:
    connection = run.connection
    _link_owner, case_owner = _columns(side)
    for case_id in (
        connection.execute(select(review_case.c.id).where(case_owner == subject_id)).scalars().all()
    ):
        close_case(run, case_id, FORGOTTEN)
    notice_owner = notice.c.customer_id if side == "customer" else notice.c.member_id
    unsent = select(notice).where(notice_owner == subject_id, notice.c.state.in_(UNSENT))
    for row in connection.execute(unsent).all():
        outboxstates.move(run, row.id, row.state, "cancelled", FORGOTTEN)
        run.counts["notices_cancelled"] += 1
    if side == "member":
        _retire(run, subject_id)
    for one in OF_CUSTOMERS if side == "customer" else OF_MEMBERS:
        _blank(connection, one, subject_id)
    run.record(side, subject_id, "personal_data", "kept", FORGOTTEN, "forgotten_by_person")
    run.counts["forgotten"] += 1


def _blank(connection: Connection, one: Personal, subject_id: int) -> None:
    mine = (one.owner == subject_id, *one.and_where)
    statement = (
        update(one.table).where(*mine).values(one.blank) if one.blank else delete(one.table).where(*mine)
    )
    connection.execute(statement)


def _retire(run: Run, member_id: int) -> None:
    """Put the member aside and free its codes; its key is needed no more, but must stay unique."""
    connection = run.connection
    held = connection.execute(
        select(member_code.c.source_id, member_code.c.code).where(member_code.c.member_id == member_id)
    ).all()
    for row in held:
        connection.execute(
            update(link_code)
            .where(link_code.c.source_id == row.source_id, link_code.c.member_code == row.code)
            .values(member_code=None)
        )
    connection.execute(
        update(member)
        .where(member.c.id == member_id)
        .values(current=null(), store_key=f"{FORGOTTEN}:{member_id}", changed_run_id=run.id)
    )
