"""Take the class from members whose membership has ended, give it back on renewal; preview every policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Connection, select, update

from eccube_sync.clock import tokyo_date
from eccube_sync.db import reading
from eccube_sync.errors import GuardRefusedError
from eccube_sync.i18n import _
from eccube_sync.membership.classes import REASONS
from eccube_sync.membership.policies import falls_on
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.report import Listing, Report
from eccube_sync.services.classes.classing import ClassChange, plan_classes
from eccube_sync.services.classes.deciding import apply_class_changes
from eccube_sync.services.classes.guarding import approvals, downgrade_verdicts
from eccube_sync.services.classes.policies import policy_hash
from eccube_sync.services.customers.showing import class_word
from eccube_sync.services.notices.mailguard import RENEWING_DAYS, mail_verdicts, planned_mails
from eccube_sync.services.running import Run, Shop
from eccube_sync.settings import Settings
from eccube_sync.tables import classes as statements
from eccube_sync.tables.runs import installation


@dataclass(slots=True)
class ExpirePlan:
    """The class changes of a day, and what the guards say about them."""

    today: date
    changes: list[ClassChange]
    verdicts: list[GuardVerdict]
    policy_hash: str
    policy_changed: bool
    held_back: list[ClassChange] = field(default_factory=list)
    """Downgrades that wait for newer store data."""

    def report(self) -> Report:
        """The plan as counts."""
        counts = {
            "became_store": sum(change.upgraded for change in self.changes),
            "became_ec_only": sum(change.downgraded for change in self.changes),
            "unconfirmed": sum(change.decision.reason == "end_unconfirmed" for change in self.changes),
            "waiting_for_store_data": len(self.held_back),
        }
        report = Report(_("Classes of {today}").format(today=self.today), counts)
        report.notes = [verdict.message for verdict in self.verdicts if verdict.refused]
        return report


def changes_listing(settings: Settings, connection: Connection, plan: ExpirePlan) -> Listing:
    """Every customer whose class changes, by EC-CUBE id."""
    listing = Listing(_("Changes"), (_("customer"), _("from"), _("to"), _("reason"), _("end date")))
    changes = [change for change in plan.changes if change.upgraded or change.downgraded]
    ids: dict[int, int] = {}
    with reading(connection):
        for chunk in statements.chunks(change.customer_id for change in changes):
            ids.update(statements.eccube_ids(connection, chunk))
    for change in changes:
        decision = change.decision
        labels = [class_word(settings, one) for one in (change.old_class, decision.membership_class)]
        reason = _(REASONS[decision.reason])
        listing.rows.append((ids[change.customer_id], *labels, reason, decision.end_date or ""))
    return listing


def plan_expiry(shop: Shop, connection: Connection, *, expected: int | None = None) -> ExpirePlan:
    """The classes due today; all of them when a policy was changed since the last time."""
    now = shop.clock.now()
    today = tokyo_date(now)
    chosen = policy_hash(shop.settings)
    with reading(connection):
        known = connection.execute(select(installation.c.policy_hash)).scalar_one_or_none()
        changed = known != chosen
        due = (
            statements.classed_customers(connection)
            if changed
            else statements.due_customers(connection, today)
        )
        changes = plan_classes(shop.settings, connection, today, due)
        verdicts = downgrade_verdicts(shop.settings, connection, changes, now, expected)
        mails = planned_mails(shop.settings, connection, today, changes, baseline=changed)
        approved = approvals(connection, sorted({day for one in changes if (day := fall_of(one))}))
        lately = approvals(connection, [today - timedelta(days) for days in range(RENEWING_DAYS + 1)])
        verdicts += mail_verdicts(
            shop.settings,
            mails,
            expected=expected,
            approved=sum(approved.values()),
            approved_lately=lately,
        )
    plan = ExpirePlan(today, changes, verdicts, chosen, changed)
    if any(verdict.refused and verdict.guard == "stale_store_data" for verdict in verdicts):
        plan.held_back = [change for change in changes if _waits(change)]
        plan.changes = [change for change in changes if not _waits(change)]
    return plan


def fall_of(change: ClassChange) -> date | None:
    """The day on which this change's class falls by its end date; None when it falls for another reason or not."""
    return falls_on(change.decision.valid_through) if change.downgraded else None


def _waits(change: ClassChange) -> bool:
    return change.downgraded and change.decision.member_id is not None


def refuse_mass_downgrade(plan: ExpirePlan) -> None:
    """Raise ``GuardRefusedError`` unless the only refusal is of stale data, which holds back its own downgrades."""
    falls = any(change.downgraded for change in plan.changes)
    messages = [
        verdict.message
        for verdict in plan.verdicts
        if verdict.refused
        and verdict.guard != "stale_store_data"
        and (falls or verdict.stops != "downgrades")
    ]
    if messages:
        raise GuardRefusedError("\n".join(messages))


def apply_expiry(run: Run, plan: ExpirePlan) -> Report:
    """Write the planned classes. Raises ``GuardRefusedError`` before anything is written."""
    refuse_mass_downgrade(plan)
    run.baseline = run.baseline or plan.policy_changed
    apply_class_changes(run, plan.changes)
    run.transaction(lambda: run.connection.execute(update(installation).values(policy_hash=plan.policy_hash)))
    run.counts["waiting_for_store_data"] += len(plan.held_back)
    counts = {
        name: run.counts[name]
        for name in (
            "became_store",
            "became_ec_only",
            "unconfirmed",
            "paused",
            "waiting_for_store_data",
            "stale",
        )
    }
    notes = [verdict.message for verdict in plan.verdicts if verdict.refused]
    return Report(_("Classes written:"), counts, notes=notes)
