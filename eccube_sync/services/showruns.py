"""Show runs: the list, and one with its counts and what it changed."""

from __future__ import annotations

import json

from sqlalchemy import Connection, func, select

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.db import reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.tables.runs import journal, run


def list_report(connection: Connection, limit: int) -> Report:
    """The newest runs, newest first."""
    columns = (_("run"), _("started"), _("command"), _("state"), _("by"))
    listing = Listing(_("Runs"), columns)
    with reading(connection):
        for row in connection.execute(select(run).order_by(run.c.id.desc()).limit(limit)):
            started = from_database(row.started_at).astimezone(TOKYO)
            listing.rows.append((row.id, f"{started:%Y-%m-%d %H:%M}", row.command, row.state, row.actor))
    headline = _("{count} runs").format(count=len(listing.rows)) if listing.rows else _("No run yet.")
    return Report(headline, listings=[listing])


def show_report(connection: Connection, run_id: int) -> Report:
    """One run: its counts, and the changes in its journal by subject, field and reason."""
    with reading(connection):
        row = connection.execute(select(run).where(run.c.id == run_id)).first()
        if row is None:
            raise UsageError(_("There is no run {run_id}; see: eccube-sync runs list").format(run_id=run_id))
        changes = connection.execute(
            select(
                journal.c.subject,
                journal.c.field,
                journal.c.old_value,
                journal.c.new_value,
                journal.c.reason,
                func.count().label("changes"),
            )
            .where(journal.c.run_id == run_id)
            .group_by(
                journal.c.subject, journal.c.field, journal.c.old_value, journal.c.new_value, journal.c.reason
            )
            .order_by(journal.c.subject, journal.c.field)
            .limit(200)
        ).all()
    columns = (_("subject"), _("field"), _("before"), _("after"), _("reason"), _("changes"))
    started = from_database(row.started_at).astimezone(TOKYO)
    headline = _("Run {run_id}: {command}, {started:%Y-%m-%d %H:%M}, {state}, by {actor}").format(
        run_id=row.id, command=row.command, started=started, state=row.state, actor=row.actor
    )
    notes = [row.failure] if row.failure else []
    listing = Listing(_("Changes"), columns, [tuple(change) for change in changes])
    return Report(headline, json.loads(row.counts or "{}"), [listing], notes)
