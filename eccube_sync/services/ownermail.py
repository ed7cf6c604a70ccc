"""The owner's morning mail: one a night, in numbers; the customers' mails of that night leave only after it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, func, select

from eccube_sync.clock import from_database, to_database
from eccube_sync.db import reading
from eccube_sync.errors import EccubeSyncError
from eccube_sync.i18n import _
from eccube_sync.maildelivery import Verdict
from eccube_sync.mailer import open_session
from eccube_sync.mailowner import TEMPLATE, OwnerSummary
from eccube_sync.mailtemplates import Rendered, Templates
from eccube_sync.membership.guards import is_stale
from eccube_sync.report import Report
from eccube_sync.services import outboxstates as states
from eccube_sync.services.composing import Composer
from eccube_sync.services.mailserver import envelope_sender, mail_server
from eccube_sync.services.policies import guard_numbers
from eccube_sync.services.reviewfile import NAME_ONLY
from eccube_sync.services.running import Run
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import projection_state
from eccube_sync.tables.members import source
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation, journal

LINKS = ("links_by_match", "links_by_code", "links_by_card", "links_by_review", "links_by_hand")


def send_owner_mail(run: Run, notes: Sequence[str], *, refusals: Sequence[str] = ()) -> Report:
    """Mail the owner what this run did, what waits and what to do now.

    ``notes`` are what the stages had to say; ``refusals`` are those that stopped one. A repeated night mails
    again only when its refusals are others. A failure is reported in the notes and never raised.
    """
    settings = run.shop.settings
    if settings.owner.mail is None or settings.mail is None:
        return Report(_("No mail to the owner is configured."))
    mark = hashlib.sha256("\n".join(refusals).encode()).hexdigest()[:32]
    with reading(run.connection):
        known = run.connection.execute(
            select(journal.c.id).where(
                journal.c.subject == "run",
                journal.c.field == states.SUMMARY,
                journal.c.new_value == f"{run.today} {mark}",
            )
        ).first()
        summary = _summary(run, refusals)
    if known:
        return Report(_("The owner was mailed about this night already."))
    failure = _send(run, settings.owner.mail, summary, notes, f"owner:{run.today}:{mark}")
    if failure:
        note = _("The owner's mail could not be sent, so the notices of this night wait: {reason}")
        return Report(_("The owner was not mailed."), notes=[note.format(reason=failure)], needs_person=1)
    run.transaction(run.record, "run", run.id, states.SUMMARY, None, f"{run.today} {mark}", "sent")
    return Report(_("The owner was mailed."))


def _send(run: Run, owner: str, summary: OwnerSummary, notes: Sequence[str], key: str) -> str | None:
    """Send the mail; why it failed, in words, or None. One that may have arrived counts as arrived."""
    settings = run.shop.settings
    with reading(run.connection):
        install_id = run.connection.execute(select(installation.c.install_id)).scalar_one()
    composer = Composer(settings, install_id)
    try:
        rendered = Templates(settings.notices.templates).render(TEMPLATE, summary.values())
        content = composer.build(_with_notes(rendered, notes), owner, composer.message_id(key), run.now)
        with open_session(mail_server(settings)) as session:
            delivery = session.deliver(
                content, sender=envelope_sender(settings), recipient=owner, before_dot=lambda: None
            )
    except EccubeSyncError as error:
        return str(error)
    return None if delivery.verdict in (Verdict.SENT, Verdict.IN_DOUBT) else delivery.describe()


def _with_notes(rendered: Rendered, notes: Sequence[str]) -> Rendered:
    if not notes:
        return rendered
    lines = [line for note in notes for line in note.splitlines()]
    text = "\n".join(
        [rendered.text, "■ " + _("Messages of the night"), *(f"・{line.strip()}" for line in lines)]
    )
    return Rendered(rendered.subject, text + "\n", rendered.html)


def _summary(run: Run, refusals: Sequence[str]) -> OwnerSummary:
    settings, counts = run.shop.settings, run.counts
    # Pairs that share only a name stand in no review file of a night.
    in_review_files = and_(review_case.c.state == "open", review_case.c.kind != NAME_ONLY)
    last = _last_summary(run)
    return OwnerSummary(
        shop_name=settings.shop.name,
        label_store=settings.membership.label_store,
        label_ec_only=settings.membership.label_ec_only,
        today=run.today,
        stopped=bool(refusals),
        stop_reason=" ".join(refusals),
        file_overdue_hours=_hours_overdue(run),
        members_read=counts["rows"],
        members_new=counts["new"],
        members_changed=counts["changed"],
        links_made=sum(counts[name] for name in LINKS),
        risen=counts["became_store"],
        fallen=counts["became_ec_only"],
        mails_sent=_sent_since(run, last),
        mails_waiting=states.count_in(run.connection, "queued"),
        cases_open=_count(run, review_case, in_review_files),
        cases_new=counts["cases_opened"],
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
    settings = run.shop.settings
    numbers = guard_numbers(settings)
    taken = {row.source_key: row.taken_at for row in run.connection.execute(select(source))}
    overdue = [0]
    for one in settings.sources:
        moment = from_database(taken[one.key]) if taken.get(one.key) else None
        if moment and is_stale(moment, run.now, one.export_every_hours, numbers):
            overdue.append(round((run.now - moment).total_seconds() / 3600) - one.export_every_hours)
    return max(overdue)


def _newest_review_file(run: Run) -> str:
    settings = run.shop.settings
    folder = settings.folders.review_out
    files = [path for path in folder.glob("*") if path.is_file()] if folder.is_dir() else []
    newest = max(files, key=lambda path: path.stat().st_mtime, default=None)
    return str(newest.relative_to(settings.folders.root)) if newest else ""


def _count(run: Run, table: Table, condition: ColumnElement[bool]) -> int:
    return int(run.connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one())
