"""The class each customer should have today: computed from links, members and overrides, and written.

classify, expire, review, overrides and undo all end here, so there is one answer and one way to apply it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from eccube_sync.clock import from_database, tokyo_date
from eccube_sync.db import AnyRow
from eccube_sync.membership.classes import ClassDecision, class_of
from eccube_sync.membership.facts import EC_ONLY, STORE, MemberFacts
from eccube_sync.membership.holds import Override
from eccube_sync.membership.policies import SourcePolicy
from eccube_sync.services.classes.policies import class_settings, source_policy
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables import classes as statements
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.setting import set_by_id

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_COMPARED = [customer_class.c[name] for name in ("membership_class", "reason", "run_id")]
_WRITTEN = [column for column in customer_class.c if not column.primary_key]


@dataclass(frozen=True, slots=True)
class ClassChange:
    """A customer's class row that should be written: what it says now, and what it should say."""

    customer_id: int
    before: AnyRow | None
    decision: ClassDecision

    @property
    def old_class(self) -> str | None:
        """The class so far; None before the first classification."""
        return self.before.membership_class if self.before else None

    @property
    def upgraded(self) -> bool:
        """Whether the customer becomes a store member."""
        return self.decision.membership_class == STORE and self.old_class != STORE

    @property
    def downgraded(self) -> bool:
        """Whether the customer stops being a store member."""
        return self.old_class == STORE and self.decision.membership_class == EC_ONLY

    @property
    def end_moved(self) -> bool:
        """Whether a store member's membership now ends on another day than was known."""
        stays = self.old_class == STORE == self.decision.membership_class
        return stays and self.before is not None and self.before.end_date != self.decision.end_date

    @property
    def foreseen(self) -> bool:
        """Whether an earlier computation already expected the membership to end on this very day."""
        return (
            self.before is not None
            and self.before.valid_through is not None
            and self.before.valid_through == self.decision.valid_through
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What the class of one customer depends on."""

    members: Sequence[MemberFacts] = ()
    overrides: Sequence[Override] = ()
    before: AnyRow | None = None
    lent_until: date | None = None
    """The last day on which a code that waits for the store's data lends the class."""


def plan_classes(
    settings: Settings,
    connection: Connection,
    today: date,
    customer_ids: Iterable[int],
    *,
    further_members: Mapping[int, Sequence[int]] | None = None,
    further_waiting: Mapping[int, datetime] | None = None,
    current: Mapping[int, str | None] | None = None,
) -> list[ClassChange]:
    """The class rows that must be written for these customers, by customer id.

    ``further_members`` are links planned but not written yet: customer id → member ids; ``further_waiting`` are valid
    codes planned to wait for store data: customer id → when typed, as stored. ``current`` is the class
    to start from, where it is not the one that stands: an undo starts from the class before the undone run.
    """
    changes: list[ClassChange] = []
    rules = class_settings(settings)
    for chunk in statements.chunks(customer_ids):
        found = gather(settings, connection, chunk, further_members or {}, further_waiting)
        for customer_id in chunk:
            facts = found[customer_id]
            stands = facts.before.membership_class if facts.before else None
            held = current.get(customer_id, stands) if current else stands
            decision = class_of(
                facts.members,
                today,
                rules,
                current_class=held,
                overrides=facts.overrides,
                lent_until=facts.lent_until,
            )
            if facts.before is None or _differs(facts.before, decision):
                changes.append(ClassChange(customer_id, facts.before, decision))
    return changes


def gather(
    settings: Settings,
    connection: Connection,
    customer_ids: Sequence[int],
    further_members: Mapping[int, Sequence[int]],
    further_waiting: Mapping[int, datetime] | None = None,
) -> dict[int, Facts]:
    """Everything the classes of these customers depend on; one query a kind of fact."""
    configured = {one.key: source_policy(one) for one in settings.sources}
    sources = {
        source_id: SourceFacts(
            configured.get(row.source_key, SourcePolicy()),
            from_database(row.taken_at) if row.taken_at else None,
        )
        for source_id, row in statements.sources(connection).items()
    }
    members: dict[int, list[MemberFacts]] = {}
    for row in statements.linked_members(connection, customer_ids):
        members.setdefault(row.customer_id, []).append(member_facts(row, sources[row.source_id]))
    wanted = {member_id for one in customer_ids for member_id in further_members.get(one, ())}
    if wanted:
        rows = statements.members_by_id(connection, sorted(wanted))
        for customer_id in customer_ids:
            for member_id in further_members.get(customer_id, ()):
                members.setdefault(customer_id, []).append(
                    member_facts(rows[member_id], sources[rows[member_id].source_id])
                )
    overrides: dict[int, list[Override]] = {}
    for row in statements.overrides_of(connection, customer_ids):
        overrides.setdefault(row.customer_id, []).append(
            Override(row.kind, row.membership_class, row.since, row.reason, row.until, row.members_mark)
        )
    before = statements.class_rows(connection, customer_ids)
    lent = _lent_until(settings, connection, customer_ids, further_waiting or {})
    return {
        one: Facts(members.get(one, ()), overrides.get(one, ()), before.get(one), lent.get(one))
        for one in customer_ids
    }


def _lent_until(
    settings: Settings,
    connection: Connection,
    customer_ids: Sequence[int],
    further_waiting: Mapping[int, datetime],
) -> dict[int, date]:
    days = settings.codes.provisional_days
    if not days:
        return {}
    typed = [(row.customer_id, row.received_at) for row in statements.waiting_codes(connection, customer_ids)]
    typed += [(one, further_waiting[one]) for one in customer_ids if one in further_waiting]
    found: dict[int, date] = {}
    for one, received_at in typed:
        until = tokyo_date(from_database(received_at)) + timedelta(days=days)
        found[one] = max(until, found.get(one, until))
    return found


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source's policy, and when its newest full data was taken."""

    policy: SourcePolicy
    taken_at: datetime | None


def member_facts(row: Any, of_source: SourceFacts) -> MemberFacts:
    """One member as the rules see it. Rank policies are configured by the rank's name or code."""
    policy = of_source.policy
    rank = next((name for name in (row.rank_name, row.rank_code) if name in policy.by_rank), row.rank_name)
    return MemberFacts(
        row.member_id,
        policy,
        data_as_of(row, of_source.taken_at),
        row.status,
        row.joined_on,
        row.last_visit_on,
        row.end_date,
        row.unlimited,
        row.left_on,
        rank,
    )


def data_as_of(row: Any, taken_at: datetime | None) -> datetime:
    """How fresh a member's data is: the source's, or the member's own where only it was confirmed."""
    moments = [from_database(row.confirmed_at) if row.confirmed_at else None]
    if not row.missing_imports:
        moments.append(taken_at)
    return max((moment for moment in moments if moment), default=NEVER)


def _differs(before: AnyRow, decision: ClassDecision) -> bool:
    kept = ("membership_class", "reason", "member_id", "end_date", "valid_through", "due_on")
    return (
        any(getattr(before, name) != getattr(decision, name) for name in kept)
        or bool(before.unconfirmed) != decision.unconfirmed
    )


def write_classes(run: Run, changes: Sequence[ClassChange]) -> list[ClassChange]:
    """Write class rows inside the transaction under way; returns those that were written.

    A row changed since the plan is left as it is and counted as ``stale``: the next run sees it again.
    """
    new = [change for change in changes if change.before is None]
    if new:
        run.connection.execute(insert(customer_class), [_values(run, change) for change in new])
    written = new + _update(run, [change for change in changes if change.before is not None])
    for change in written:
        _journal(run, change)
    return written


def _update(run: Run, changes: Sequence[ClassChange]) -> list[ClassChange]:
    """Write those whose rows are as the plan saw them; the rows are held before they are compared."""
    stands: dict[int, tuple[Any, ...]] = {}
    for ids in statements.chunks(change.customer_id for change in changes):
        held = select(customer_class.c.customer_id, *_COMPARED).where(customer_class.c.customer_id.in_(ids))
        stands |= {row[0]: tuple(row[1:]) for row in run.connection.execute(held.with_for_update())}
    fitting = [
        change
        for change in changes
        if stands.get(change.customer_id) == tuple(getattr(change.before, one.name) for one in _COMPARED)
    ]
    if len(fitting) < len(changes):
        run.counts["stale"] += len(changes) - len(fitting)
    values = {change.customer_id: _values(run, change) for change in fitting}
    rows = {one: [value[column.name] for column in _WRITTEN] for one, value in values.items()}
    set_by_id(run.connection, customer_class, _WRITTEN, rows)
    return fitting


def _values(run: Run, change: ClassChange) -> dict[str, Any]:
    decision, before = change.decision, change.before
    same_class = before is not None and before.membership_class == decision.membership_class
    return {
        "customer_id": change.customer_id,
        "membership_class": decision.membership_class,
        "reason": decision.reason,
        "member_id": decision.member_id,
        "end_date": decision.end_date,
        "valid_through": decision.valid_through,
        "unconfirmed": decision.unconfirmed,
        "since": before.since if before is not None and same_class else run.today,
        "due_on": decision.due_on,
        "run_id": run.id,
    }


def _journal(run: Run, change: ClassChange) -> None:
    decision = change.decision
    if change.old_class != decision.membership_class:
        run.record(
            "customer",
            change.customer_id,
            "class",
            change.old_class,
            decision.membership_class,
            decision.reason,
        )
    elif change.end_moved:
        assert change.before is not None
        run.record(
            "customer",
            change.customer_id,
            "end_date",
            change.before.end_date,
            decision.end_date,
            decision.reason,
        )
    if change.upgraded:
        run.counts["became_store"] += 1
    if change.downgraded:
        run.counts["became_ec_only"] += 1
    if decision.unconfirmed and not change.downgraded:
        run.counts["unconfirmed"] += 1
    if decision.reason == "downgrades_paused":
        run.counts["paused"] += 1
