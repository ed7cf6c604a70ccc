"""Mail what was recorded only: a person names the exact number, and what is still true is queued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from eccube_sync.clock import from_database, tokyo_date
from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import GuardRefusedError
from eccube_sync.i18n import _
from eccube_sync.services.notices.composing import Composer
from eccube_sync.services.notices.judging import WAITING, judge
from eccube_sync.services.notices.outboxrows import BASELINE, QUEUED, Outcome, compose_all, event_of
from eccube_sync.services.notices.situations import DueNotice, links_of
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation

JUDGED_AT_ONCE = 500
COMPOSED_AT_ONCE = 50


def plan_release(shop: Shop, connection: Connection, count: int) -> list[AnyRow]:
    """The recorded events that would be mailed. Raises ``GuardRefusedError`` unless they are exactly ``count``."""
    now = shop.clock.now()
    chosen: list[AnyRow] = []
    with reading(connection):
        rows = connection.execute(
            select(notice).where(notice.c.state == BASELINE).order_by(notice.c.id)
        ).all()
        for start in range(0, len(rows), JUDGED_AT_ONCE):
            part = rows[start : start + JUDGED_AT_ONCE]
            judged = judge(shop.settings, connection, part, now)
            chosen += [row for row in part if judged[row.id] in (None, WAITING)]
    if len(chosen) != count:
        raise GuardRefusedError(
            _(
                "{found} recorded events would be mailed, and you named {named}. Nothing was queued. If all of them "
                "are to be mailed, name {found}."
            ).format(found=len(chosen), named=count)
        )
    return chosen


def release(run: Run, rows: Sequence[AnyRow]) -> None:
    """Queue these recorded events: they get their bytes now, and leave as all others do."""
    for start in range(0, len(rows), COMPOSED_AT_ONCE):
        part = rows[start : start + COMPOSED_AT_ONCE]
        with reading(run.connection):
            outcomes = _compose(run, part)
        run.transaction(_write, run, part, outcomes)


def _compose(run: Run, rows: Sequence[AnyRow]) -> list[Outcome]:
    connection, settings = run.connection, run.shop.settings
    install_id = connection.execute(select(installation.c.install_id)).scalar_one()
    links = links_of(connection, [row.customer_id for row in rows])
    due = []
    for row in rows:
        standing = links.of(row.customer_id, row.member_id)
        proven = standing is not None and standing.id == row.link_id and standing.proven_by is not None
        due.append(DueNotice(row.kind, event_of(row), row.event_on, proven))
    mailed_on = {row.customer_id: tokyo_date(from_database(row.created_at)) for row in rows}
    return compose_all(settings, connection, Composer(settings, install_id), due, run.now, mailed_on)


def _write(run: Run, rows: Sequence[AnyRow], outcomes: Sequence[Outcome]) -> None:
    for row, outcome in zip(rows, outcomes, strict=True):
        values: dict[str, Any] = {
            "state": outcome.state,
            "reason": outcome.reason,
            "recipient": outcome.recipient,
            "message": outcome.message,
            "created_at": run.moment,  # its days in the outbox begin now
        }
        done = run.connection.execute(
            update(notice).where(notice.c.id == row.id, notice.c.state == BASELINE).values(**values)
        )
        if done.rowcount == 1:
            run.record("notice", row.id, "state", BASELINE, outcome.state, "named_by_a_person")
            run.counts["notices_queued"] += outcome.state == QUEUED
