"""Adopt a database that does not look like the one we know: restored, moved, or a mere copy."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from eccube_sync.db import reading
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.running import Shop, adopt, check_identity, stage_lock
from eccube_sync.tables.runs import installation


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """Why every run refuses this database; None where none does."""

    refusal: str | None

    @property
    def needed(self) -> bool:
        """Whether there is anything to adopt."""
        return self.refusal is not None

    def report(self) -> Report:
        """What adopting means here."""
        if self.refusal is None:
            return Report(_("This database is the right one already; there is nothing to adopt."))
        return Report(
            self.refusal,
            notes=[
                _("Adopting it says: mails and classes of this shop come from this database from now on."),
                _("What ran after the backup was made is forgotten; mails of that time may go out again."),
                _("On a copy made for tests, do not: correct [database] there, and set its [mail] aside."),
            ],
        )


def plan_adoption(shop: Shop, connection: Connection) -> AdoptionPlan:
    """Find out whether this database is refused, and why."""
    with reading(connection):
        known = connection.execute(select(installation.c.id)).first()
    if known is None:
        return AdoptionPlan(None)  # the first run will note it
    try:
        check_identity(shop, connection)
    except ConfigurationError as error:
        return AdoptionPlan(str(error))
    return AdoptionPlan(None)


def apply_adoption(shop: Shop, connection: Connection) -> Report:
    """Adopt it. Raises ``LockedError`` while a run is under way."""
    with stage_lock(shop, connection, "batch"):
        adopt(shop, connection)
    return Report(_("Adopted; the next run will accept this database."))
