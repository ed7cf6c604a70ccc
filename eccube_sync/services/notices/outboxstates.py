"""The outbox as the sender sees it: what is due, and every change of a row's state by compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, insert, null, or_, select, update

from eccube_sync.clock import from_database, to_database
from eccube_sync.db import AnyRow
from eccube_sync.mailbounces import Blame
from eccube_sync.notices import NOTICES
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.notices import mail_count, notice
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table

NIGHTLY = "nightly"
SUMMARY = "owner_mail"
"""The journal's name for the owner's mail; its subject is the run it tells about."""

OVER = frozenset({"sent", "failed", "cancelled"})
"""States in which a mail's bytes are kept only to be read again."""
WITHOUT_CODE: Mapping[str, Any] = {
    "message": case(
        (notice.c.kind.in_([kind for kind, one in NOTICES.items() if one.HOLDS_CODE]), null()),
        else_=notice.c.message,
    )
}
"""A mail that holds a link code opens a membership: no copy of it outlives its purpose."""

RETURNED: Mapping[Blame, str] = {blame: f"returned_{blame}" for blame in Blame}
"""Reasons of mails that came back."""

AT_ONCE = 10_000
DAY = timedelta(days=1)


# --- what is due -------------------------------------------------------------------------------------


def summarised_through(settings: Settings, connection: Connection) -> date | None:
    """The newest night the owner was mailed about; ``date.max`` where the owner gets no mail."""
    if settings.owner.mail is None or "summary" not in settings.nightly.stages:
        return date.max
    newest: date | None = connection.execute(
        select(func.max(run_table.c.today))
        .join(journal, journal.c.run_id == run_table.c.id)
        .where(journal.c.subject == "run", journal.c.field == SUMMARY)
    ).scalar_one()
    return newest


def _told(summarised: date | None) -> Any:
    """A night's mails leave after the owner was told about that night; mails of other runs need no telling."""
    by_hand = run_table.c.command != NIGHTLY
    return by_hand if summarised is None else or_(by_hand, run_table.c.today <= summarised)


def due_notices(connection: Connection, now: datetime, summarised: date | None) -> list[AnyRow]:
    """Id and Message-ID of every mail that may be tried now, the most urgent first."""
    return list(
        connection.execute(
            select(notice.c.id, notice.c.message_id)
            .join(run_table, run_table.c.id == notice.c.run_id)
            .where(
                notice.c.state == "queued",
                or_(notice.c.next_try_at.is_(None), notice.c.next_try_at <= to_database(now)),
                _told(summarised),
            )
            .order_by(notice.c.urgency, notice.c.days, notice.c.id)
            .limit(AT_ONCE)
        )
    )


def count_untold(connection: Connection, summarised: date | None) -> int:
    """Mails that wait for the owner's mail."""
    statement = (
        select(func.count())
        .select_from(notice)
        .join(run_table, run_table.c.id == notice.c.run_id)
        .where(notice.c.state == "queued", ~_told(summarised))
    )
    return int(connection.execute(statement).scalar_one())


def count_in(connection: Connection, *states: str) -> int:
    """How many mails are in one of these states."""
    return int(
        connection.execute(
            select(func.count()).select_from(notice).where(notice.c.state.in_(states))
        ).scalar_one()
    )


def outbox_row(connection: Connection, notice_id: int) -> AnyRow:
    """A whole row, with its bytes."""
    return connection.execute(select(notice).where(notice.c.id == notice_id)).one()


# --- every change of a state: inside the transaction under way -------------------------------------------


def move(run: Run, notice_id: int, old: str, new: str, reason: str | None, **values: Any) -> bool:
    """Change a row's state, with its journal line. False, and nothing is written, when it is no longer ``old``."""
    if new in OVER:
        values |= WITHOUT_CODE
    done = run.connection.execute(
        update(notice)
        .where(and_(notice.c.id == notice_id, notice.c.state == old))
        .values(state=new, reason=reason, **values)
    )
    if done.rowcount != 1:
        return False
    run.record("notice", notice_id, "state", old, new, reason or new)
    return True


def recover(run: Run) -> None:
    """Settle what a killed run left: a claimed mail cannot have left, one at the dot may have."""
    for row in run.connection.execute(
        select(notice.c.id, notice.c.state).where(notice.c.state.in_(("claimed", "dot")))
    ).all():
        if row.state == "claimed":
            move(run, row.id, "claimed", "queued", "interrupted")
        else:
            move(run, row.id, "dot", "in_doubt", "interrupted")
            run.counts["notices_in_doubt"] += 1


# --- how many left lately, for the caps ----------------------------------------------------------------


def count_one(connection: Connection, now: datetime) -> None:
    """Count one mail that is about to leave, inside the transaction under way."""
    minute = _minute(now)
    counted = connection.execute(
        update(mail_count).where(mail_count.c.minute == minute).values(mails=mail_count.c.mails + 1)
    )
    if counted.rowcount == 0:
        connection.execute(insert(mail_count), {"minute": minute, "mails": 1})


def left_lately(connection: Connection, now: datetime) -> list[datetime]:
    """When the mails of the last day left; a minute counts as its end, so that no cap is ever broken."""
    rows = connection.execute(select(mail_count).where(mail_count.c.minute >= _minute(now - DAY)))
    moments: list[datetime] = []
    for row in rows:
        end = datetime.fromtimestamp((row.minute + 1) * 60, UTC)
        moments += [min(end, now)] * row.mails
    return moments


def forget_old_counts(connection: Connection, now: datetime) -> None:
    """Drop counts no cap asks for any more, inside the transaction under way."""
    connection.execute(delete(mail_count).where(mail_count.c.minute < _minute(now - 2 * DAY)))


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def first_tried(row: AnyRow, now: datetime) -> datetime:
    """When the mail was first handed to a server; now, if never."""
    return from_database(row.first_tried_at) if row.first_tried_at else now
