"""What the notices look at: one customer's standing, before and after a change, gathered for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow
from eccube_sync.membership.policies import falls_on
from eccube_sync.notices import Event, Situation, due_events
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice

BY_HAND = frozenset({"override", "hold"})
"""Reasons of a class that say nothing about the membership itself: no mail may speak of an end or a renewal."""

KEPT = frozenset({"end_unconfirmed", "downgrades_paused", "override", "hold"})
"""Reasons for which a class outlived its term: when it falls, the event is of that day."""

REMINDED = ("queued", "claimed", "dot", "sent", "in_doubt")


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A mail somebody should get: what it is about, and the day it happened."""

    kind: str
    event: Event
    event_on: date
    proven: bool


@dataclass(frozen=True, slots=True)
class Links:
    """The links of some customers."""

    active: Mapping[int, Sequence[AnyRow]]
    moved: frozenset[tuple[int, int]]
    """Customer and source whose link was moved by the run under way: nobody is told twice."""
    run_id: int | None

    def of(self, customer_id: int, member_id: int | None) -> AnyRow | None:
        """The active link of this customer to this member."""
        return next((row for row in self.active.get(customer_id, ()) if row.member_id == member_id), None)

    def is_new(self, row: AnyRow) -> bool:
        """Whether the run under way made this link, other than by moving it."""
        made_now = self.run_id is not None and row.run_id == self.run_id
        return made_now and (row.customer_id, row.source_id) not in self.moved


def links_of(connection: Connection, customer_ids: Sequence[int], run_id: int | None = None) -> Links:
    """The links of these customers; with a run, which of them it made."""
    columns = (link.c.id, link.c.customer_id, link.c.member_id, link.c.source_id)
    active: dict[int, list[AnyRow]] = {}
    statement = select(*columns, link.c.proven_by, link.c.run_id)
    for row in connection.execute(statement.where(link.c.active == 1, link.c.customer_id.in_(customer_ids))):
        active.setdefault(row.customer_id, []).append(row)
    moved: frozenset[tuple[int, int]] = frozenset()
    if run_id is not None:
        ended = select(*columns).where(
            link.c.ended_run_id == run_id,
            link.c.ended_reason == "moved",
            link.c.customer_id.in_(customer_ids),
        )
        moved = frozenset((row.customer_id, row.source_id) for row in connection.execute(ended))
    return Links(active, moved, run_id)


def due_by_changes(
    settings: Settings,
    connection: Connection,
    today: date,
    changes: Sequence[ClassChange],
    run_id: int | None = None,
) -> list[DueNotice]:
    """Every mail these class changes call for; at most 1,000 changes at once.

    Without a run the changes are a plan: a member without a link counts as about to be linked.
    """
    ids = [change.customer_id for change in changes]
    links = links_of(connection, ids, run_id)
    full = _full_customers(connection, ids)
    reminded = reminders_queued(connection, _near_their_end(settings, today, changes))
    due = []
    for change in changes:
        # A customer that is only planned has a negative key and no row yet.
        is_full = change.customer_id < 0 or change.customer_id in full
        situation = _situation(settings, today, change, links, reminded, is_full=is_full)
        for kind, event in due_events(situation).items():
            if kind != "expired" or not change.decision.unconfirmed:
                due.append(DueNotice(kind, event, _event_day(kind, event, change, today), situation.proven))
    return due


def _situation(
    settings: Settings,
    today: date,
    change: ClassChange,
    links: Links,
    reminded: Mapping[tuple[int, date], frozenset[int]],
    *,
    is_full: bool,
) -> Situation:
    decision = change.decision
    row = links.of(change.customer_id, decision.member_id)
    planned = row is None and links.run_id is None and decision.member_id is not None
    by_hand = decision.reason in BY_HAND or _rises_by_hand(change)
    before = decision.membership_class if by_hand else change.old_class or decision.membership_class
    return Situation(
        today=today,
        customer=change.customer_id,
        membership_class=decision.membership_class,
        membership_class_before=before,
        member=decision.member_id,
        link=row.id if row else (0 if planned else None),
        proven=row is not None and row.proven_by is not None,
        newly_linked=planned or (row is not None and links.is_new(row)),
        end_date=decision.end_date,
        reminder_days=settings.notices.expiring_days,
        reminders_queued=_reminded(reminded, change.customer_id, decision.end_date),
        full_customer=is_full,
    )


def _rises_by_hand(change: ClassChange) -> bool:
    """An exception that ends gives the class back, but nobody renewed anything."""
    return change.upgraded and change.before is not None and change.before.reason in BY_HAND


def _event_day(kind: str, event: Event, change: ClassChange, today: date) -> date:
    if kind != "expired" or (change.before is not None and change.before.reason in KEPT):
        return today
    return min(today, falls_on(change.decision.valid_through) or today)


def _near_their_end(settings: Settings, today: date, changes: Iterable[ClassChange]) -> list[int]:
    longest = max(settings.notices.expiring_days, default=0)
    return [
        change.customer_id
        for change in changes
        if change.decision.end_date and 0 <= (change.decision.end_date - today).days <= longest
    ]


def _full_customers(connection: Connection, customer_ids: Sequence[int]) -> set[int]:
    rows = connection.execute(
        select(customer.c.id).where(
            customer.c.id.in_(customer_ids), customer.c.state == "full", customer.c.current == 1
        )
    )
    return {row.id for row in rows}


def reminders_queued(
    connection: Connection, customer_ids: Iterable[int]
) -> dict[tuple[int, date], frozenset[int]]:
    """Customer and end date → the reminders (days before the end) that were queued or sent about it."""
    found: dict[tuple[int, date], frozenset[int]] = {}
    for ids in chunks(customer_ids):
        rows = connection.execute(
            select(notice.c.customer_id, notice.c.end_date, notice.c.days).where(
                notice.c.customer_id.in_(ids), notice.c.kind == "expiring", notice.c.state.in_(REMINDED)
            )
        )
        for row in rows:
            key = (row.customer_id, row.end_date)
            found[key] = found.get(key, frozenset()) | {row.days}
    return found


def _reminded(
    reminded: Mapping[tuple[int, date], frozenset[int]], customer_id: int, end_date: date | None
) -> frozenset[int]:
    return reminded.get((customer_id, end_date), frozenset()) if end_date else frozenset()


def due_reminders(
    settings: Settings, connection: Connection, today: date, rows: Sequence[AnyRow]
) -> list[DueNotice]:
    """The reminders due today to customers with these rows of ``customer_class``."""
    ids = [row.customer_id for row in rows]
    links = links_of(connection, ids)
    full = _full_customers(connection, ids)
    reminded = reminders_queued(connection, ids)
    due = []
    for row in rows:
        linked = links.of(row.customer_id, row.member_id)
        situation = Situation(
            today=today,
            customer=row.customer_id,
            membership_class=row.membership_class,
            membership_class_before=row.membership_class,
            member=row.member_id,
            link=linked.id if linked else None,
            proven=linked is not None and linked.proven_by is not None,
            end_date=row.end_date,
            reminder_days=settings.notices.expiring_days,
            reminders_queued=_reminded(reminded, row.customer_id, row.end_date),
            full_customer=row.customer_id in full,
        )
        for kind, event in due_events(situation).items():
            due.append(DueNotice(kind, event, today, situation.proven))
    return due
