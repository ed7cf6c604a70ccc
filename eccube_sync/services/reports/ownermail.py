"""The owner's morning mail: one a night, in numbers; the customers' mails of that night leave only after it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, func, select

from eccube_sync.clock import from_database, to_database
from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.mailmessage import Attachment
from eccube_sync.mailshop import OWNER, OwnerSummary
from eccube_sync.report import Report
from eccube_sync.services.members.overdue import hours_late, overdue_sources
from eccube_sync.services.notices import outboxstates as states
from eccube_sync.services.notices.shopmail import remember, send_to_shop, told
from eccube_sync.services.review.file import NAME_ONLY
from eccube_sync.services.review.folders import newest_review_file
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import projection_state
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal

LINKS = ("links_by_match", "links_by_code", "links_by_card", "links_by_review", "links_by_hand")


def send_owner_mail(run: Run, notes: Sequence[str], *, refusals: Sequence[str] = ()) -> Report:
    """Mail the owner what this run did, what waits and what to do now.

    ``notes`` are what the stages had to say; ``refusals`` are those that stopped one. A repeated night mails
    again only when its refusals are others. A failure is reported in the notes and never raised.
    """
    settings = run.shop.settings
    if settings.owner.mail is None or settings.mail is None:
        return Report(_("No mail to the owner is configured."))
    digest = hashlib.sha256("\n".join(refusals).encode()).hexdigest()[:32]
    mark = f"{run.today} {digest}"
    late = _hours_overdue(run)
    with reading(run.connection):
        known = told(run, "run", states.SUMMARY, mark)
        summary = _summary(run, notes, refusals, late)
    if known:
        return Report(_("The owner was mailed about this night already."))
    attached = [] if summary.complete else [_whole(summary)]
    failure = send_to_shop(run, OWNER, summary.values(), settings.owner.mail, f"owner:{mark}", attached)
    if failure:
        note = _("The owner's mail could not be sent, so the notices of this night wait: {reason}")
        return Report(_("The owner was not mailed."), notes=[note.format(reason=failure)], needs_person=1)
    remember(run, "run", run.id, states.SUMMARY, mark)
    return Report(_("The owner was mailed."))


def _whole(summary: OwnerSummary) -> Attachment:
    """Everything the ten lines have no room for."""
    return Attachment("messages.txt", "plain", "\n".join([*summary.everything_waiting, ""]))


def _summary(run: Run, notes: Sequence[str], refusals: Sequence[str], late: int) -> OwnerSummary:
    settings, counts = run.shop.settings, run.counts
    # Pairs that share only a name stand in no review file of a night.
    in_review_files = and_(review_case.c.state == "open", review_case.c.kind != NAME_ONLY)
    last = _last_summary(run)
    return OwnerSummary(
        shop_name=settings.shop.name,
        label_store=settings.membership.label_store,
        label_ec_only=settings.membership.label_ec_only,
        today=run.today,
        refusals=tuple(refusals),
        messages=tuple(notes),
        file_overdue_hours=late,
        members_read=counts["rows"],
        members_new=counts["new"],
        members_changed=counts["changed"],
        links_made=sum(counts[name] for name in LINKS),
        risen=counts["became_store"],
        fallen=counts["became_ec_only"],
        mails_sent=_sent_since(run, last),
        mails_waiting=states.count_in(run.connection, "queued"),
        dates_to_approve=counts["dates_to_approve"],
        cases_open=_count(run, review_case, in_review_files),
        cases_new=_opened_since(run, in_review_files, last),
        review_file=_newest_review_file(run),
        mails_in_doubt=states.count_in(run.connection, "in_doubt"),
        mails_failed=_failed_since(run, last),
        drifted=_count(run, projection_state, projection_state.c.state == "drift"),
    )


def _last_summary(run: Run) -> datetime | None:
    moment = run.connection.execute(
        select(func.max(journal.c.created_at)).where(
            journal.c.subject == "run", journal.c.field == states.SUMMARY
        )
    ).scalar_one()
    return from_database(moment) if moment else None


def _sent_since(run: Run, since: datetime | None) -> int:
    sent = select(func.count()).select_from(notice).where(notice.c.state == "sent")
    if since is not None:
        sent = sent.where(notice.c.sent_at > to_database(since))
    return int(run.connection.execute(sent).scalar_one())


def _opened_since(run: Run, asked: ColumnElement[bool], since: datetime | None) -> int:
    """Of the questions that wait, those that were opened, by a night or in between, since a moment."""
    opened = (
        select(func.count(review_case.c.id.distinct()))
        .select_from(review_case)
        .join(journal, and_(journal.c.subject == "case", journal.c.subject_id == review_case.c.id))
        .where(asked, journal.c.field == "state", journal.c.new_value == "open")
    )
    if since is not None:
        opened = opened.where(journal.c.created_at > to_database(since))
    return int(run.connection.execute(opened).scalar_one())


def _failed_since(run: Run, since: datetime | None) -> int:
    """Mails that failed since a moment, so that the owner hears of each one once."""
    failed = (
        select(func.count(notice.c.id.distinct()))
        .select_from(notice)
        .join(journal, and_(journal.c.subject == "notice", journal.c.subject_id == notice.c.id))
        .where(notice.c.state == "failed", journal.c.new_value == "failed")
    )
    if since is not None:
        failed = failed.where(journal.c.created_at > to_database(since))
    return int(run.connection.execute(failed).scalar_one())


def _hours_overdue(run: Run) -> int:
    """How long the most overdue export should have been here, in hours; 0 when none is."""
    overdue = overdue_sources(run.shop, run.connection)
    return max((hours_late(run.shop, run.connection, one) for one in overdue), default=0)


def _newest_review_file(run: Run) -> str:
    newest = newest_review_file(run.shop.settings)
    return str(newest.relative_to(run.shop.settings.folders.root)) if newest else ""


def _count(run: Run, table: Table, condition: ColumnElement[bool]) -> int:
    return int(run.connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one())
