"""Delete personal data whose time is over, by the periods in [retention]; made for cron, once a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, select, update

from eccube_sync.clock import to_database, tokyo_date, tokyo_midnight
from eccube_sync.db import CHUNK, reading
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.members.dropfolder import old_imported
from eccube_sync.services.privacy.forgetting import LIVING, ForgetPlan, Side, apply_forget, plan_forget
from eccube_sync.services.review.folders import old_review_files, plain_files
from eccube_sync.services.running import Run, Shop
from eccube_sync.services.setup.dumping import dumps
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_import, member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.personal import BLANK_NOTICE, BLANK_VERSION, FORGOTTEN
from eccube_sync.tables.runs import run as run_table

SETTLED = ("sent", "failed", "cancelled", "baseline")
COUNTS = ("mails_blanked", "versions_blanked", "forgotten", "files_deleted")


@dataclass(slots=True)
class PurgePlan:
    """What is older than its period: our ids, and every file that goes, also for naming one of these people."""

    notices: Sequence[int] = ()
    versions: Sequence[int] = ()
    people: list[ForgetPlan] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        """Whether nothing is."""
        return not (self.notices or self.versions or self.files or any(one.ids for one in self.people))

    def report(self) -> Report:
        """The plan as counts."""
        counts = {
            "mails_blanked": len(self.notices),
            "versions_blanked": len(self.versions),
            "forgotten": sum(len(one.ids) for one in self.people),
            "files_deleted": len(self.files),
        }
        return Report(_("Personal data whose time is over:"), counts)


def plan_purge(shop: Shop, connection: Connection) -> PurgePlan:
    """What the periods in [retention] say should go."""
    now, periods = shop.clock.now(), shop.settings.retention
    today = tokyo_date(now)

    def before(days: int) -> datetime:
        return to_database(tokyo_midnight(today - timedelta(days=days)))

    plan = PurgePlan(files=_old_files(shop.settings, now))
    with reading(connection):
        plan.notices = _old_mails(connection, before(periods.mails_days))
        plan.versions = _old_versions(connection, before(periods.versions_days))
        too_long: dict[Side, list[int]] = {
            "customer": _gone_customers(connection, today - timedelta(days=periods.gone_days)),
            "member": _gone_members(connection, before(periods.gone_days)),
        }
        people = [plan_forget(shop.settings, connection, side, ids) for side, ids in too_long.items() if ids]
    plan.files |= {path for one in people for path in one.files}
    plan.people = [replace(one, files=()) for one in people]
    return plan


def _old_files(settings: Settings, now: datetime) -> set[Path]:
    limit = (now - timedelta(days=settings.retention.files_days)).timestamp()
    newest = dumps(settings, "run")[:1]
    folders = settings.folders
    kept = [
        *plain_files(folders.exports),
        *plain_files(folders.codes),
        *(path for path in dumps(settings) if path not in newest),
    ]
    old = {path for path in kept if path.stat().st_mtime < limit}
    return old.union(old_imported(settings, now), old_review_files(settings, now))


def _ids(connection: Connection, statement: Select[Any]) -> list[int]:
    return sorted(int(row[0]) for row in connection.execute(statement))


def _old_mails(connection: Connection, before: datetime) -> list[int]:
    says_something = notice.c.message.is_not(None) | notice.c.recipient.is_not(None)
    statement = select(notice.c.id).where(notice.c.state.in_(SETTLED), notice.c.created_at < before)
    return _ids(connection, statement.where(says_something))


def _old_versions(connection: Connection, before: datetime) -> list[int]:
    """Versions that another took the place of, longer ago than their period."""
    following = member_version.alias("following")
    statement = (
        select(member_version.c.id)
        .join(following, following.c.previous_version_id == member_version.c.id)
        .join(member_import, member_import.c.id == following.c.import_id)
        .join(run_table, run_table.c.id == member_import.c.run_id)
        .join(member, member.c.id == member_version.c.member_id)
        .where(
            run_table.c.started_at < before,
            member.c.version_id != member_version.c.id,
            member_version.c.content_hash != "",
        )
    )
    return _ids(connection, statement)


def _gone_customers(connection: Connection, before: date) -> list[int]:
    statement = (
        select(customer.c.id)
        .join(run_table, run_table.c.id == customer.c.changed_run_id)
        .where(
            customer.c.state.not_in(LIVING) | customer.c.current.is_(None),
            customer.c.fingerprint != "",
            run_table.c.today < before,
        )
    )
    return _ids(connection, statement)


def _gone_members(connection: Connection, before: datetime) -> list[int]:
    """Members the store's files do not have any more, and nobody is linked to."""
    linked = select(link.c.member_id).where(link.c.active == 1, link.c.member_id == member.c.id).exists()
    statement = select(member.c.id).where(
        member.c.missing_imports > 0, member.c.confirmed_at < before, member.c.fingerprint != "", ~linked
    )
    return _ids(connection, statement)


# --- apply -------------------------------------------------------------------------------------------


def apply_purge(run: Run, plan: PurgePlan) -> Report:
    """Blank and delete what the plan names; safe to run again.

    Files go first: nobody could tell any more that they name somebody who was forgotten.
    """
    for path in plan.files:
        path.unlink(missing_ok=True)
    run.counts["files_deleted"] += len(plan.files)
    for ids in chunks(plan.notices, CHUNK):
        run.transaction(_blank_notices, run, ids)
    for ids in chunks(plan.versions, CHUNK):
        run.transaction(_blank_versions, run, ids)
    for people in plan.people:
        apply_forget(run, people)
    return Report(_("Purged:"), {name: run.counts[name] for name in COUNTS})


def _blank_notices(run: Run, ids: Sequence[int]) -> None:
    run.connection.execute(update(notice).where(notice.c.id.in_(ids)).values(BLANK_NOTICE))
    for notice_id in ids:
        run.record("notice", notice_id, "personal_data", "kept", FORGOTTEN, "retention")
    run.counts["mails_blanked"] += len(ids)


def _blank_versions(run: Run, ids: Sequence[int]) -> None:
    run.connection.execute(update(member_version).where(member_version.c.id.in_(ids)).values(BLANK_VERSION))
    for version_id in ids:
        run.record("member_version", version_id, "personal_data", "kept", FORGOTTEN, "retention")
    run.counts["versions_blanked"] += len(ids)
