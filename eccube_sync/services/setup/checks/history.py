"""What nights and stores left behind: the last good night, overdue exports, runs that ended badly, mails in doubt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.db import AnyRow, reading
from eccube_sync.i18n import _
from eccube_sync.services.members.overdue import hours_late, overdue_sources
from eccube_sync.services.members.takenat import newest_data
from eccube_sync.services.running import Shop
from eccube_sync.services.setup.findings import Finding, fine, note, wrong
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import run

LATE_AFTER = timedelta(hours=26)


def nightly(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """How long ago the last night went well."""
    nights = select(run).where(run.c.command == "nightly").order_by(run.c.id.desc())
    with reading(connection):
        newest = connection.execute(nights.limit(1)).first()
        # One that a person took back has been a night: cron is well.
        finished = select(func.max(run.c.finished_at)).where(
            run.c.command == "nightly", run.c.state.in_(("done", "undone"))
        )
        last = connection.execute(finished).scalar_one()
    if newest is None or last is None:
        yield note("nightly", _("none yet; crontab.example shows how to start it every night"))
        return
    moment = from_database(last)
    words = _("{moment:%Y-%m-%d %H:%M}, {hours} hours ago").format(
        moment=moment.astimezone(TOKYO), hours=int((shop.clock.now() - moment).total_seconds() // 3600)
    )
    if shop.clock.now() - moment > LATE_AFTER:
        words += _("; find out whether cron still runs `eccube-sync nightly`")
        yield wrong("nightly", words, _facts(newest))
    else:
        yield fine("nightly", words, _facts(newest))


def store_data(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Whether each store's export came in time."""
    with reading(connection):
        taken = newest_data(shop.settings.sources, connection)
    overdue = {one.key for one in overdue_sources(shop, connection)}
    for one in shop.settings.sources:
        moment = taken.get(one.key)
        if moment is None:
            yield note("store_data", _("{source}: no export was imported yet").format(source=one.label))
            continue
        words = _("{source}: of {moment:%Y-%m-%d %H:%M}").format(
            source=one.label, moment=moment.astimezone(TOKYO)
        )
        if one.key not in overdue:
            yield fine("store_data", words)
            continue
        late = hours_late(shop, connection, one)
        words += _(
            ", {hours} hours late; until a new export lies in {folder} no membership ends by its date"
        ).format(hours=late, folder=shop.settings.drop_folder(one))
        yield wrong("store_data", words, {"source": one.key, "hours_late": late})


def _facts(newest: AnyRow) -> dict[str, Any]:
    """The newest night for a monitor: numbers and words of ours only."""
    return {
        "run": newest.id,
        "day": newest.today.isoformat(),
        "state": newest.state,
        "started_at": _utc(newest.started_at),
        "finished_at": _utc(newest.finished_at),
        "counts": json.loads(newest.counts or "{}"),
    }


def _utc(stored: datetime | None) -> str | None:
    return None if stored is None else from_database(stored).isoformat()


def unfinished(_shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Commands whose last run did not come to its end."""
    newest = select(func.max(run.c.id)).group_by(run.c.command).scalar_subquery()
    ended_badly = (
        select(run.c.id, run.c.command)
        .where(run.c.id.in_(newest), run.c.state.in_(["failed", "interrupted"]))
        .order_by(run.c.id)
    )
    with reading(connection):
        rows = connection.execute(ended_badly).all()
    for row in rows:
        yield wrong(
            "runs",
            _("run {run_id} ({command}) did not finish; see: eccube-sync runs show {run_id}").format(
                run_id=row.id, command=row.command
            ),
        )
    if not rows:
        yield fine("runs", _("the last of every command came to its end"))


def in_doubt(_shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Mails that were perhaps delivered; only a person may say."""
    waiting = select(func.count()).select_from(notice).where(notice.c.state == "in_doubt")
    with reading(connection):
        count = connection.execute(waiting).scalar_one()
    if count:
        yield wrong(
            "in_doubt", _("{count}; see eccube-sync notices list, then notices resolve").format(count=count)
        )
    else:
        yield fine("in_doubt", _("none"))
