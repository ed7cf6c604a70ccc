"""Show runs: the list, and one with its counts, what it changed, and whom it mailed."""

from __future__ import annotations

import json

from sqlalchemy import Connection, func, select

from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import in_words, tokyo
from eccube_sync.services.reports.journalwords import (
    RUN_STATES,
    field_word,
    reason_word,
    subject_word,
    value_word,
)
from eccube_sync.services.undo.notices import mailed_by
from eccube_sync.services.undo.report import mailed_listing
from eccube_sync.settings import Settings
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table

GROUPS_AT_MOST = 200
ROWS_AT_MOST = 10_000


def list_report(connection: Connection, limit: int) -> Report:
    """The newest runs, newest first."""
    columns = (_("run"), _("started"), _("command"), _("state"), _("by"), _("undoes"), _("undone by"))
    listing = Listing(_("Runs"), columns)
    with reading(connection):
        for row in connection.execute(select(run_table).order_by(run_table.c.id.desc()).limit(limit)):
            cells = (row.id, tokyo(row.started_at), row.command, in_words(RUN_STATES, row.state), row.actor)
            listing.rows.append((*cells, row.undoes_run_id, row.undone_by_run_id))
    headline = _("{count} runs").format(count=len(listing.rows)) if listing.rows else _("No run yet.")
    return Report(headline, listings=[listing])


def show_report(settings: Settings, connection: Connection, run_id: int, *, rows: bool = False) -> Report:
    """One run: its counts, its changes by kind or with ``rows`` one by one, and whom it mailed.

    Raises ``UsageError`` when there is no such run.
    """
    with reading(connection):
        row = connection.execute(select(run_table).where(run_table.c.id == run_id)).first()
        if row is None:
            raise UsageError(_("There is no run {run_id}; see: eccube-sync runs list").format(run_id=run_id))
        changes = _journal(settings, connection, run_id) if rows else _grouped(settings, connection, run_id)
        mailed = mailed_listing(mailed_by(connection, run_id))
    headline = _("Run {run_id}: {command}, {started}, {state}, by {actor}").format(
        run_id=row.id,
        command=row.command,
        started=tokyo(row.started_at),
        state=in_words(RUN_STATES, row.state),
        actor=row.actor,
    )
    return Report(
        headline, json.loads(row.counts or "{}"), [changes, mailed], _notes(row, changes, rows=rows)
    )


def _notes(row: AnyRow, changes: Listing, *, rows: bool) -> list[str]:
    notes = [row.failure] if row.failure else []
    if row.undoes_run_id is not None:
        notes.append(_("It undoes run {run_id}.").format(run_id=row.undoes_run_id))
    if row.undone_by_run_id is not None:
        notes.append(_("It was undone by run {run_id}.").format(run_id=row.undone_by_run_id))
    most = ROWS_AT_MOST if rows else GROUPS_AT_MOST
    if len(changes.rows) == most:
        notes.append(_("The table shows the first {n} rows.").format(n=most))
    return notes


def _grouped(settings: Settings, connection: Connection, run_id: int) -> Listing:
    """How many changes of each kind; fields that hold an id say nothing together, so their values are left out."""
    kinds = (journal.c.subject, journal.c.field, journal.c.reason)
    found = connection.execute(
        select(
            *kinds,
            func.min(journal.c.old_value).label("least_old"),
            func.max(journal.c.old_value).label("most_old"),
            func.min(journal.c.new_value).label("least_new"),
            func.max(journal.c.new_value).label("most_new"),
            func.count().label("changes"),
        )
        .where(journal.c.run_id == run_id)
        .group_by(*kinds)
        .order_by(*kinds)
        .limit(GROUPS_AT_MOST)
    )
    columns = (_("subject"), _("field"), _("before"), _("after"), _("reason"), _("changes"))
    listing = Listing(_("Changes"), columns)
    for row in found:
        before = _common(settings, row, row.least_old, row.most_old)
        after = _common(settings, row, row.least_new, row.most_new)
        kind = (subject_word(row.subject), field_word(row.subject, row.field))
        listing.rows.append((*kind, before, after, reason_word(row.subject, row.reason), row.changes))
    return listing


def _common(settings: Settings, row: AnyRow, least: str | None, most: str | None) -> str | None:
    return value_word(settings, row.subject, row.field, least) if least == most else "…"


def _journal(settings: Settings, connection: Connection, run_id: int) -> Listing:
    columns = (_("subject"), _("our id"), _("field"), _("before"), _("after"), _("reason"))
    found = connection.execute(
        select(
            journal.c.subject,
            journal.c.subject_id,
            journal.c.field,
            journal.c.old_value,
            journal.c.new_value,
            journal.c.reason,
        )
        .where(journal.c.run_id == run_id)
        .order_by(journal.c.id)
        .limit(ROWS_AT_MOST)
    )
    listing = Listing(_("Changes"), columns)
    for row in found:
        values = [value_word(settings, row.subject, row.field, one) for one in (row.old_value, row.new_value)]
        what = (subject_word(row.subject), row.subject_id, field_word(row.subject, row.field))
        listing.rows.append((*what, *values, reason_word(row.subject, row.reason)))
    return listing
