"""The figures the guards judge, gathered from a plan and from what earlier imports left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from eccube_sync.db import AnyRow
from eccube_sync.membership.forecast import DowngradePlan
from eccube_sync.membership.guards import all_downgrades, stale_store_data, surprise_downgrades
from eccube_sync.membership.import_guards import (
    FileCounts,
    codes_change_hands,
    expiry_moved_backwards,
    filled_column_empties,
    import_shrinks,
    members_vanish,
)
from eccube_sync.membership.policies import falls_on
from eccube_sync.membership.verdicts import GuardNumbers, GuardVerdict
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.services.classes.policies import guard_numbers
from eccube_sync.services.members.takenat import newest_data
from eccube_sync.settings import Settings
from eccube_sync.tables import classes as statements
from eccube_sync.tables.runs import guard_approval


def file_counts(rows: int, fill_rates: Mapping[str, float]) -> FileCounts:
    """A file in the guards' words."""
    return FileCounts(rows, {column: round(rate * rows) for column, rate in fill_rates.items()})


def import_verdicts(
    settings: Settings,
    file: FileCounts,
    last_good: FileCounts | None,
    *,
    partial: bool,
    moved_back: int,
    vanished: tuple[int, int] = (0, 0),
    reused: int = 0,
    expected: int | None = None,
) -> list[GuardVerdict]:
    """What the guards say about importing a file; ``vanished``: how many of how many known members are not in it."""
    numbers = guard_numbers(settings)
    return [
        import_shrinks(file, last_good, numbers, expected, partial=partial),
        members_vanish(*vanished, file, numbers, expected),
        filled_column_empties(file, None if partial else last_good, numbers, expected),
        expiry_moved_backwards(moved_back, file, numbers, expected),
        codes_change_hands(reused, file, numbers, expected),
    ]


def downgrade_verdicts(
    settings: Settings,
    connection: Connection,
    changes: Sequence[ClassChange],
    now: datetime,
    expected: int | None = None,
) -> list[GuardVerdict]:
    """What the guards say about the downgrades of a plan; part of a read-only stretch."""
    downgrades = [change for change in changes if change.downgraded]
    planned = Counter(falls_on(change.decision.valid_through) for change in downgrades)
    foreseen = Counter(
        day for change in downgrades if change.foreseen and (day := falls_on(change.decision.valid_through))
    )
    numbers = guard_numbers(settings)
    plan = DowngradePlan(
        # Counting takes a look at every customer, which a plan for one of them has no time for.
        statements.count_active(connection) if downgrades else 0,
        planned,
        foreseen,
        approvals(connection, [*filter(None, planned)]),
    )
    verdicts = [surprise_downgrades(plan, numbers, expected), all_downgrades(plan, numbers, expected)]
    return verdicts + _staleness(settings, connection, plan, downgrades, now, numbers, expected)


def _staleness(
    settings: Settings,
    connection: Connection,
    plan: DowngradePlan,
    downgrades: Sequence[ClassChange],
    now: datetime,
    numbers: GuardNumbers,
    expected: int | None,
) -> list[GuardVerdict]:
    member_ids = [change.decision.member_id for change in downgrades if change.decision.member_id]
    if not member_ids:
        return []
    by_source: Counter[str] = Counter()
    sources = statements.sources(connection)
    for chunk in statements.chunks(member_ids):
        rows = statements.members_by_id(connection, chunk)
        by_source.update(sources[rows[one].source_id].source_key for one in member_ids if one in rows)
    taken = newest_data(settings.sources, connection)
    return [
        stale_store_data(
            plan,
            numbers,
            expected,
            source=one.label,
            resting=by_source[one.key],
            data_as_of=taken.get(one.key),
            now=now,
            export_every_hours=one.export_every_hours,
        )
        for one in settings.sources
        if by_source[one.key]
    ]


def approvals(connection: Connection, days: Sequence[date]) -> dict[date, int]:
    """How many downgrades a person approved for each of these dates; the newest approval counts."""
    if not days:
        return {}
    newest = (
        select(func.max(guard_approval.c.id))
        .where(guard_approval.c.approved_for.in_(days))
        .group_by(guard_approval.c.approved_for)
    )
    rows = connection.execute(
        select(guard_approval.c.approved_for, guard_approval.c.downgrades).where(
            guard_approval.c.id.in_(newest)
        )
    )
    return {row.approved_for: row.downgrades for row in rows}


def standing_approvals(connection: Connection, since: date) -> list[AnyRow]:
    """The newest approval of each date from ``since`` on, by date; one for none was taken back."""
    newest = (
        select(func.max(guard_approval.c.id))
        .where(guard_approval.c.approved_for >= since)
        .group_by(guard_approval.c.approved_for)
    )
    rows = select(guard_approval).where(guard_approval.c.id.in_(newest), guard_approval.c.downgrades > 0)
    return list(connection.execute(rows.order_by(guard_approval.c.approved_for)))


def expected_falls(connection: Connection, today: date, days: int) -> dict[date, int]:
    """How many customers will lose the class on each coming date, as foreseen today."""
    ahead = statements.falls_ahead(connection, today, today + timedelta(days=days))
    return {fall: count for last_day, count in ahead.items() if (fall := falls_on(last_day))}
