"""Approvals: a person allows beforehand that many customers lose the class on one day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, insert

from eccube_sync.clock import tokyo_date
from eccube_sync.db import inserted_id, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.membership.forecast import upcoming_mass_dates
from eccube_sync.report import Listing, Report
from eccube_sync.services.classes.guarding import approvals, expected_falls, standing_approvals
from eccube_sync.services.classes.policies import guard_numbers
from eccube_sync.services.customers.showing import tokyo
from eccube_sync.services.running import Shop, applied_run
from eccube_sync.tables.classes import count_active
from eccube_sync.tables.runs import guard_approval


def approve_downgrades(shop: Shop, connection: Connection, day: date, downgrades: int) -> Report:
    """Allow this many downgrades on this date; the newest approval of a date counts, and 0 takes it back."""
    if day < tokyo_date(shop.clock.now()):
        raise UsageError(_("{day} is in the past.").format(day=day))

    def work() -> None:
        before = approvals(connection, [day]).get(day)
        values = {
            "approved_for": day,
            "downgrades": downgrades,
            "actor": shop.actor,
            "created_at": run.moment,
        }
        approval = inserted_id(connection.execute(insert(guard_approval).values(values)))
        run.record("approval", approval, "downgrades", before, downgrades, "set_by_person")

    with applied_run(shop, connection, "guards approve", stage="approvals") as run:
        run.transaction(work)
    if not downgrades:
        return Report(_("The approval for {day} was taken back.").format(day=day))
    return Report(
        _("Approved: up to {downgrades} downgrades on {day}.").format(downgrades=downgrades, day=day)
    )


def list_approvals(shop: Shop, connection: Connection) -> Report:
    """The coming days that are approved or need it: how many fall, for how many it is approved, by whom."""
    today, numbers = tokyo_date(shop.clock.now()), guard_numbers(shop.settings)
    with reading(connection):
        given = {row.approved_for: row for row in standing_approvals(connection, today)}
        ahead = max(numbers.announce_days, *((day - today).days for day in given), 0)
        falls = expected_falls(connection, today, ahead)
        active = count_active(connection)
    approved = {day: row.downgrades for day, row in given.items()}
    masses = {one.day for one in upcoming_mass_dates(falls, active, today, numbers, approved)}
    columns = (_("date"), _("lose the class"), _("approved"), _("by"), _("on"))
    listing = Listing(_("Coming days"), columns)
    for day in sorted({*masses, *given}):
        row = given.get(day)
        by = (row.downgrades, row.actor, tokyo(row.created_at)) if row else (0, None, None)
        listing.rows.append((day, falls.get(day, 0), *by))
    if listing.rows:
        return Report(_("Days without the class, and what was approved for them"), listings=[listing])
    return Report(
        _("Nothing is approved, and no day of the coming {days} needs it.").format(days=numbers.announce_days)
    )
