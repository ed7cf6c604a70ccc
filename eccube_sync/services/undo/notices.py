"""Mails of an undone run: those that have not left are cancelled, those that have are listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select, update

from eccube_sync.db import AnyRow
from eccube_sync.services.notices.outboxrows import BASELINE, CANCELLED, QUEUED
from eccube_sync.services.notices.outboxstates import WITHOUT_CODE
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding
from eccube_sync.tables.customers import customer
from eccube_sync.tables.notices import notice

MAILED = ("sent", "in_doubt", "dot", "claimed")
"""Left, may have left, or leaving right now."""


def find_unsent(connection: Connection, run_id: int) -> list[Finding]:
    """What the run queued or recorded and nobody was mailed about."""
    rows = connection.execute(
        select(notice.c.id, notice.c.customer_id, notice.c.state)
        .where(notice.c.run_id == run_id, notice.c.state.in_((QUEUED, BASELINE)))
        .order_by(notice.c.id.desc())
    )
    return [Finding("notice", row.id, row.customer_id, row.state, CANCELLED) for row in rows]


def mailed_by(connection: Connection, run_id: int) -> list[AnyRow]:
    """Who was mailed by the run: EC-CUBE id, kind, state and moment of each mail; never an address."""
    return list(
        connection.execute(
            select(
                customer.c.eccube_id,
                *(notice.c[name] for name in ("kind", "state", "sent_at", "customer_id", "member_id")),
            )
            .outerjoin(customer, customer.c.id == notice.c.customer_id)
            .where(notice.c.run_id == run_id, notice.c.state.in_(MAILED))
            .order_by(customer.c.eccube_id, notice.c.id)
        )
    )


def cancel(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Cancel them, inside the transaction under way.

    The event did not happen after all. It gives its key back, so that the same event is mailed when it is true.
    """
    for one in findings:
        row = run.connection.execute(select(notice.c.notice_key).where(notice.c.id == one.subject_id)).one()
        free = f":undone:{one.subject_id}"
        done = run.connection.execute(
            update(notice)
            .where(notice.c.id == one.subject_id, notice.c.state == one.found)
            .values(
                state=CANCELLED,
                reason=UNDO,
                notice_key=row.notice_key[: 120 - len(free)] + free,
                **WITHOUT_CODE,
            )
        )
        if done.rowcount == 1:
            run.record("notice", one.subject_id, "state", one.found, CANCELLED, UNDO)
            run.counts["notices_cancelled"] += 1
            yield one
        else:
            yield one.keep("leaving")
