"""Adopt a database that does not look like the one we know: restored, moved, or a mere copy."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from eccube_sync.db import reading
from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.i18n import _
from eccube_sync.mailmessage import check_address
from eccube_sync.report import Report
from eccube_sync.services.running import Shop, stage_lock
from eccube_sync.services.setup.identity import Role, adopt, check_identity, mails_to
from eccube_sync.tables.runs import installation


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """Why every run refuses this database (None where none does), and what it is to be from now on."""

    refusal: str | None
    role: Role | None
    mails_to: str | None
    was_staging: bool

    @property
    def needed(self) -> bool:
        """Whether there is anything to adopt."""
        becomes_other = self.role is not None and (self.role == "staging") != self.was_staging
        return (
            self.refusal is not None
            or becomes_other
            or (self.role == "staging" and self.mails_to is not None)
        )

    def report(self) -> Report:
        """What adopting means here."""
        now = (
            _("This is staging: every mail goes to one address.")
            if self.was_staging
            else _("This is production.")
        )
        if not self.needed:
            return Report(
                _("This database is the right one already; there is nothing to adopt."), notes=[now]
            )
        headline = self.refusal or now
        if self.role == "staging":
            return Report(headline, notes=_staging_notes())
        if self.role == "production":
            return Report(headline, notes=_production_notes())
        return Report(
            headline, notes=[_("Say what it is: --as production, or --as staging on a copy made for tests.")]
        )


def _production_notes() -> list[str]:
    return [
        _(
            "Adopting it as production says: mails and classes of this shop come from this database from now on."
        ),
        _(
            "What ran after the backup was made is forgotten; a mail of that time is in doubt when its event comes "
            "again."
        ),
        _("Never on a copy made for tests: your customers would be mailed from there too."),
    ]


def _staging_notes() -> list[str]:
    return [
        _(
            "Adopting it as staging says: every mail, to customers and to the owner, goes to one address instead, and "
            "its subject says so."
        ),
        _(
            "It stays so when the database is copied here again: the state directory remembers it, not the database."
        ),
        _("Classes are written into the EC-CUBE that [database] names; look that it is not the real one."),
    ]


def plan_adoption(
    shop: Shop, connection: Connection, role: Role | None = None, address: str | None = None
) -> AdoptionPlan:
    """Find out whether this database is refused, and why.

    Raises ``UsageError`` where staging lacks the address of its mails, or production has one.
    """
    known_address = mails_to(shop.settings)
    if role == "staging" and address is None and known_address is None:
        raise UsageError(_("Say who gets the mails of staging: --mails-to ADDRESS"))
    if role != "staging" and address is not None:
        raise UsageError(_("--mails-to is for --as staging"))
    if address is not None:
        address = check_address(address)
    return AdoptionPlan(_refusal(shop, connection), role, address, known_address is not None)


def _refusal(shop: Shop, connection: Connection) -> str | None:
    with reading(connection):
        known = connection.execute(select(installation.c.id)).first()
    if known is None:
        return None  # the first run will note it
    try:
        check_identity(shop, connection)
    except ConfigurationError as error:
        return str(error)
    return None


def apply_adoption(shop: Shop, connection: Connection, plan: AdoptionPlan) -> Report:
    """Adopt it. Raises ``UsageError`` where nobody said as what, ``LockedError`` while a run is under way."""
    if plan.role is None:
        raise UsageError(_("Say what it is: --as production, or --as staging on a copy made for tests."))
    with stage_lock(shop, connection, "batch"):
        adopt(shop, connection, plan.role, plan.mails_to or mails_to(shop.settings))
    if plan.role == "staging":
        return Report(_("Adopted as staging; every mail goes to the address you named."))
    return Report(_("Adopted as production; the next run will accept this database."))
