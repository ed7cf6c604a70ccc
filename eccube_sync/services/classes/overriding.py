"""A person's exceptions: overrides of the computed class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select, update

from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.classes.classing import plan_classes
from eccube_sync.services.classes.deciding import decide
from eccube_sync.services.customers.showing import EXCEPTIONS, class_label, class_word, override_reason, word
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.customers import class_override, customer


@dataclass(frozen=True, slots=True)
class OverridePlan:
    """An override to be set: ``membership_class`` None ends the standing one."""

    customer: AnyRow
    standing: AnyRow | None
    membership_class: str | None
    until: date | None
    reason: str

    def report(self, settings: Settings) -> Report:
        """The plan in words."""
        if self.membership_class is None:
            return Report(_("The override of customer {id} ends.").format(id=self.customer.eccube_id))
        until = self.until.isoformat() if self.until else _("further notice")
        return Report(
            _("Customer {id} is {membership_class} until {until}.").format(
                id=self.customer.eccube_id,
                membership_class=class_label(settings, self.membership_class),
                until=until,
            )
        )


def find_customer(connection: Connection, eccube_id: int) -> AnyRow:
    """Our row of a customer by EC-CUBE id. Raises ``UsageError`` when we have none."""
    row = connection.execute(
        select(customer).where(customer.c.eccube_id == eccube_id, customer.c.current == 1)
    ).first()
    if row is None:
        raise unknown_customer(eccube_id)
    return row


def unknown_customer(eccube_id: int) -> UsageError:
    """What to say about an EC-CUBE id we have no row of; often it is a card number or a phone."""
    return UsageError(
        _(
            "No customer with the EC-CUBE id {id} is known yet. Look for the person with: eccube-sync customers "
            "find. Whoever registered just now is known after: eccube-sync classify"
        ).format(id=eccube_id)
    )


def plan_override(
    connection: Connection, eccube_id: int, membership_class: str | None, until: date | None, reason: str
) -> OverridePlan:
    """What setting or ending an override would do."""
    with reading(connection):
        row = find_customer(connection, eccube_id)
        standing = connection.execute(
            select(class_override).where(class_override.c.customer_id == row.id, class_override.c.active == 1)
        ).first()
    if membership_class is None and standing is None:
        raise UsageError(_("Customer {id} has no override.").format(id=eccube_id))
    return OverridePlan(row, standing, membership_class, until, reason)


def apply_override(run: Run, plan: OverridePlan) -> Report:
    """End the standing override, set the new one, and compute the class again, in one transaction."""

    def work() -> None:
        end_override(run, plan.customer.id, "replaced" if plan.membership_class else "ended_by_person")
        if plan.membership_class is not None:
            run.connection.execute(
                insert(class_override).values(
                    customer_id=plan.customer.id,
                    kind="override",
                    membership_class=plan.membership_class,
                    since=run.today,
                    until=plan.until,
                    reason=plan.reason,
                    actor=run.shop.actor,
                    active=1,
                    run_id=run.id,
                    created_at=run.moment,
                )
            )
            run.record("customer", plan.customer.id, "override", None, plan.membership_class, "set_by_person")
        decide(run, plan_classes(run.shop.settings, run.connection, run.today, [plan.customer.id]))

    run.transaction(work)
    report = plan.report(run.shop.settings)
    report.counts = {
        name: run.counts[name] for name in ("became_store", "became_ec_only") if run.counts[name]
    }
    return report


def end_override(run: Run, customer_id: int, reason: str) -> None:
    """End the active override or hold of a customer, if there is one."""
    standing = (class_override.c.customer_id == customer_id) & (class_override.c.active == 1)
    row = run.connection.execute(select(class_override).where(standing)).first()
    if row is None:
        return
    run.connection.execute(
        update(class_override).where(standing).values(active=None, ended_at=run.moment, ended_reason=reason)
    )
    run.record("customer", customer_id, row.kind, row.membership_class, None, reason)


def list_overrides(settings: Settings, connection: Connection) -> Report:
    """Every active override and hold."""
    columns = (_("customer"), _("kind"), _("class"), _("since"), _("until"), _("reason"), _("by"))
    listing = Listing(_("Overrides"), columns)
    with reading(connection):
        for row in connection.execute(
            select(class_override, customer.c.eccube_id)
            .join(customer, customer.c.id == class_override.c.customer_id)
            .where(class_override.c.active == 1)
            .order_by(class_override.c.id)
        ):
            kind, label = word(EXCEPTIONS, row.kind), class_word(settings, row.membership_class)
            reason = override_reason(row.reason)
            listing.rows.append((row.eccube_id, kind, label, row.since, row.until, reason, row.actor))
    count = len(listing.rows)
    headline = _("{count} overrides").format(count=count) if count else _("There is no override.")
    return Report(headline, listings=[listing])
