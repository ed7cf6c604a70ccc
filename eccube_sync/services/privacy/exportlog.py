"""The log of exports: personal data that left our tables in a file, who wrote it, how many rows, and what for."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from eccube_sync.db import reading
from eccube_sync.i18n import _, mark
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import tokyo, word
from eccube_sync.services.running import Run
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table

PURPOSES: Mapping[str, str] = {
    "review": mark("for the reviewers"),
    "link_codes": mark("link codes to be printed"),
    "disclosure": mark("a person asked what we hold"),
    "affected": mark("the persons a run touched"),
    "leaving": mark("the shop leaves eccube-sync"),
}
"""What an export may be for; a new kind of export adds a line."""


def log_export(run: Run, purpose: str, rows: int) -> None:
    """Note that ``rows`` rows leave our tables for ``purpose``, a key of ``PURPOSES``; who is the run's actor.

    Part of the transaction under way. The journal holds it, to which our account can only ever add.
    """
    run.record("export", run.id, "rows", None, rows, purpose)


def exports_report(connection: Connection, limit: int) -> Report:
    """The newest exports, newest first."""
    columns = (_("run"), _("time"), _("command"), _("by"), _("rows"), _("purpose"))
    listing = Listing(_("Exports of personal data"), columns)
    found = (
        select(journal, run_table.c.command, run_table.c.actor)
        .join(run_table, run_table.c.id == journal.c.run_id)
        .where(journal.c.subject == "export")
        .order_by(journal.c.id.desc())
        .limit(limit)
    )
    with reading(connection):
        for row in connection.execute(found):
            purpose = word(PURPOSES, row.reason)
            listing.rows.append(
                (row.run_id, tokyo(row.created_at), row.command, row.actor, int(row.new_value), purpose)
            )
    headline = _("{count} exports").format(count=len(listing.rows)) if listing.rows else _("No export yet.")
    return Report(headline, listings=[listing])
