"""The guard on mails: how many a plan would queue, and whether that many may leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from eccube_sync.membership.facts import STORE
from eccube_sync.membership.guards import mails_per_run
from eccube_sync.membership.verdicts import GuardVerdict
from eccube_sync.services.classing import ClassChange
from eccube_sync.services.noticesituations import due_by_changes
from eccube_sync.services.outboxrows import existing_keys, key_of
from eccube_sync.services.policies import guard_numbers
from eccube_sync.settings import Settings

AT_ONCE = 500
RENEWING_DAYS = 30
"""So long after a day on which many lost the class, many may renew in one night."""


@dataclass(slots=True)
class MailPlan:
    """Mails a plan would queue, and the events that warrant them, by kind.

    ``foreseen`` of the mails are about an end that was known before this run: however many, they are no surprise.
    """

    mails: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    foreseen: int = 0


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
    for change in changes:
        plan.events["expired"] += change.downgraded
        plan.events["restored"] += change.upgraded
        plan.events["linked"] += _newly_linked(change)
        plan.events["expiring"] += change.decision.membership_class == STORE
    return plan


def _newly_linked(change: ClassChange) -> bool:
    member_before = change.before.member_id if change.before else None
    return change.decision.member_id not in (None, member_before)


def mail_verdicts(
    settings: Settings,
    plan: MailPlan,
    *,
    expected: int | None = None,
    approved: int = 0,
    approved_lately: int = 0,
) -> list[GuardVerdict]:
    """What the guard says about a plan's mails.

    ``approved`` downgrades of the day may all be mailed, and of those ``approved_lately`` all who renew after all.
    """
    numbers = guard_numbers(settings)
    foreseen = max(plan.foreseen, min(approved, plan.mails["expired"]))
    foreseen += min(approved_lately, plan.mails["restored"])
    allowed = replace(numbers, mails_maximum=numbers.mails_maximum + foreseen)
    return [mails_per_run(plan.mails, plan.events, allowed, expected)]
