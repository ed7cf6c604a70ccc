"""The guard on mails: how many a plan would queue, and whether that many may leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from eccube_sync.membership.facts import STORE
from eccube_sync.membership.guards import mails_per_run
from eccube_sync.membership.policies import falls_on
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.services.classes.policies import guard_numbers
from eccube_sync.services.notices.outboxrows import existing_keys, key_of
from eccube_sync.services.notices.situations import due_by_changes
from eccube_sync.settings import Settings

AT_ONCE = 500
RENEWING_DAYS = 30
"""So long after an approved day those who lost the class on it may renew, more of them in one night than else."""
RENEWING_AT_ONCE = 5
"""One in so many of the approved number; more at once look like a wrong file."""


@dataclass(slots=True)
class MailPlan:
    """Mails a plan would queue, and the events that warrant them, by kind.

    ``foreseen`` of the mails are about an end that was known before this run: however many, they are no surprise.
    ``renewed`` are the mails to customers who get the class back, by the day on which it had ended.
    """

    mails: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    foreseen: int = 0
    renewed: Counter[date] = field(default_factory=Counter)


def planned_mails(
    settings: Settings,
    connection: Connection,
    today: date,
    changes: Sequence[ClassChange],
    *,
    baseline: bool = False,
) -> MailPlan:
    """What applying these class changes would queue; part of a read-only stretch.

    ``baseline``: the run will record its events without mailing, so nothing leaves.
    """
    plan = MailPlan()
    if baseline or settings.mail is None:
        return plan
    oldest = today - timedelta(days=settings.notices.max_age_days)
    foreseen = {change.customer_id for change in changes if change.downgraded and change.foreseen}
    ended = {change.customer_id: day for change in changes if (day := _had_ended(change))}
    for start in range(0, len(changes), AT_ONCE):
        due = [
            one
            for one in due_by_changes(settings, connection, today, changes[start : start + AT_ONCE])
            if one.kind in settings.notices.kinds and one.event_on >= oldest
        ]
        known = existing_keys(connection, map(key_of, due))
        fresh = [one for one in due if key_of(one) not in known]
        plan.mails.update(one.kind for one in fresh)
        plan.foreseen += sum(one.kind == "expired" and one.event.customer in foreseen for one in fresh)
        restored = (one.event.customer for one in fresh if one.kind == "restored")
        plan.renewed.update(ended[customer] for customer in restored if customer in ended)
    for change in changes:
        plan.events["expired"] += change.downgraded
        plan.events["restored"] += change.upgraded
        plan.events["linked"] += _newly_linked(change)
        plan.events["expiring"] += change.decision.membership_class == STORE
    return plan


def _newly_linked(change: ClassChange) -> bool:
    member_before = change.before.member_id if change.before else None
    return change.decision.member_id not in (None, member_before)


def _had_ended(change: ClassChange) -> date | None:
    """The first day on which a customer who gets the class back had none, by the end date known then."""
    return falls_on(change.before.valid_through) if change.upgraded and change.before else None


def mail_verdicts(
    settings: Settings,
    plan: MailPlan,
    *,
    expected: int | None = None,
    approved: int = 0,
    approved_lately: Mapping[date, int] | None = None,
) -> list[GuardVerdict]:
    """What the guard says about a plan's mails.

    ``approved`` downgrades of the day may all be mailed. ``approved_lately`` are those of the last days: of the
    customers who lost the class then, some may get it back in one night.
    """
    numbers = guard_numbers(settings)
    foreseen = max(plan.foreseen, min(approved, plan.mails["expired"]))
    for day, downgrades in (approved_lately or {}).items():
        foreseen += min(plan.renewed[day], downgrades // RENEWING_AT_ONCE)
    allowed = replace(numbers, mails_maximum=numbers.mails_maximum + foreseen)
    return [mails_per_run(plan.mails, plan.events, allowed, expected)]
