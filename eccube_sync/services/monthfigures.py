"""The figures of one month, from the journal and the times in it: asked for again later, they are the same.

Nothing here looks at what stands today. A figure "at the end" counts what was written before the month was over; a
figure of the month counts what was written in it. What an undone run did is left out of the months that were not
over when it was undone; later months never change an earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, or_, select

from eccube_sync.clock import from_database, to_database, tokyo_date, tokyo_midnight
from eccube_sync.db import AnyRow
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.services.reviewfile import NAME_ONLY
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table

WRONG = ("stronger_claim", "decided_different")
"""Endings of a link by matching that say it had been wrong."""
BY_PERSON = ("override", "hold")
"""Reasons of a class that say nothing about the membership."""
REMINDING = ("expiring", "expired")
"""Kinds of mail after which somebody may renew."""
WITHIN = timedelta(days=30)
MONTHS_BACK = 12

_j = journal.c


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in Japan; ``end`` is the first moment after it, or now while it is under way."""

    first: date
    end: datetime

    @classmethod
    def of(cls, first: date, now: datetime) -> Month:
        """The month that begins on ``first``, as far as it has come."""
        # What was written in this very second counts.
        return cls(first, min(tokyo_midnight(_next(first)), now + timedelta(seconds=1)))

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return tokyo_midnight(self.first)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.end == tokyo_midnight(_next(self.first))

    @property
    def days(self) -> list[date]:
        """Its days, all of them."""
        return [self.first + timedelta(days=n) for n in range((_next(self.first) - self.first).days)]

    @property
    def name(self) -> str:
        """``2026-04``."""
        return f"{self.first:%Y-%m}"

    def during(self) -> ColumnElement[bool]:
        """Journal lines written in it."""
        return and_(_j.created_at >= to_database(self.start), self.before_end())

    def before_end(self) -> ColumnElement[bool]:
        """Journal lines written before it was over."""
        return _j.created_at < to_database(self.end)


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


@dataclass(slots=True)
class MonthFigures:
    """What the report says, as plain numbers; persons are nowhere in it."""

    month: Month
    active: int = 0
    """Customers with a full account at the end."""
    linked: int = 0
    """Of them those linked to a member."""
    store: int = 0
    """Customers with the class ``store`` at the end."""
    new_links: Counter[str] = field(default_factory=Counter)
    """By method."""
    links_ended: int = 0
    wrong_links: int = 0
    expired: Counter[date] = field(default_factory=Counter)
    """Customers whose membership ended, by day."""
    other_falls: int = 0
    """Customers who lost the class for another reason: the link ended, or a person decided so."""
    restored: Counter[date] = field(default_factory=Counter)
    """Customers who had the class before and have it again, by day."""
    first_time: int = 0
    """Customers who got the class for the first time."""
    renewed: int = 0
    """Customers whose membership was prolonged or restored at most 30 days after a notice."""
    reminded: int = 0
    """Customers who were sent a reminder or an end notice in the month."""
    cases_opened: int = 0
    cases_decided: Counter[str] = field(default_factory=Counter)
    """By decision."""
    case_ages: list[int] = field(default_factory=list)
    """Days each open question has been waiting at the end."""
    mails: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind and state at the end: mails whose state changed in the month, and those still waiting."""
    undone_runs: int = 0
    linked_by_month: dict[str, int] = field(default_factory=dict)
    store_by_month: dict[str, int] = field(default_factory=dict)
    """The standing at the end of this month and the eleven before it."""

    @property
    def share(self) -> float:
        """The linked share of the active customers, 0 to 1."""
        return self.linked / self.active if self.active else 0.0

    @property
    def oldest_case(self) -> int:
        """Days the oldest open question has been waiting."""
        return max(self.case_ages, default=0)

    @property
    def usual_case_age(self) -> float:
        """The median of the days."""
        return median(self.case_ages) if self.case_ages else 0


def month_figures(connection: Connection, month: Month) -> MonthFigures:
    """Gather everything; part of a read-only stretch."""
    undone = _undone_runs(connection, month)
    found = MonthFigures(month, undone_runs=_count(connection, _undoing(month.during())))
    _standing(connection, found)
    _links(connection, found, undone)
    _classes(connection, found, undone)
    _renewals(connection, found, undone)
    _cases(connection, found)
    _mails(connection, found)
    return found


def _lines(subject: str, name: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(_j.subject == subject, _j.field == name, *conditions)


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(journal).where(*conditions)).scalar_one())


def _undoing(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return _lines("run", "state", _j.new_value == "undone", *conditions)


def _undone_runs(connection: Connection, month: Month) -> set[int]:
    """Runs whose changes do not count: those undone before the month was over, and the undoing itself."""
    undone = set(connection.execute(select(_j.subject_id).where(_undoing(month.before_end()))).scalars())
    undoing = select(run_table.c.id).where(run_table.c.undoes_run_id.is_not(None))
    return undone | set(connection.execute(undoing).scalars())


# --- how things stood at the end -------------------------------------------------------------------------


def _standing(connection: Connection, found: MonthFigures) -> None:
    month = found.month
    found.active = _known(connection, month) - len(_not_full(connection, month))
    first = month.first
    for _one in range(MONTHS_BACK):
        end = min(tokyo_midnight(_next(first)), month.end)
        name = f"{first:%Y-%m}"
        found.linked_by_month[name] = _linked(connection, end)
        found.store_by_month[name] = _in_store_class(connection, end)
        first = (first - timedelta(days=1)).replace(day=1)
    found.linked, found.store = found.linked_by_month[month.name], found.store_by_month[month.name]


def _known(connection: Connection, month: Month) -> int:
    """Customers we had seen: each has one line that gives it its first class."""
    return _count(connection, _lines("customer", "class", _j.old_value.is_(None), month.before_end()))


def _not_full(connection: Connection, month: Month) -> list[int]:
    """Customers who were not full: provisional, withdrawn, vanished or replaced."""
    newest = _newest(_lines("customer", "state", month.before_end()))
    rows = connection.execute(select(_j.subject_id).where(_j.id.in_(newest), _j.new_value != "full"))
    return list(rows.scalars())


def _newest(condition: ColumnElement[bool]) -> Select[Any]:
    """The id of the newest of these lines about each subject."""
    return select(func.max(_j.id)).where(condition).group_by(_j.subject_id)


def _linked(connection: Connection, end: datetime) -> int:
    moment = to_database(end)
    standing = and_(link.c.created_at < moment, or_(link.c.ended_at.is_(None), link.c.ended_at >= moment))
    statement = select(func.count(link.c.customer_id.distinct())).where(standing)
    return int(connection.execute(statement).scalar_one())


def _in_store_class(connection: Connection, end: datetime) -> int:
    """Those who rose less those who fell, ever."""
    before = _j.created_at < to_database(end)
    rose = _lines("customer", "class", _j.new_value == STORE, before)
    fell = _lines("customer", "class", _j.old_value == STORE, before)
    return _count(connection, rose) - _count(connection, fell)


# --- what happened in the month ---------------------------------------------------------------------------


def _rows(
    connection: Connection, undone: set[int], condition: ColumnElement[bool], *columns: Any
) -> Iterator[AnyRow]:
    """Lines of runs that count."""
    statement = select(_j.run_id, *columns).where(condition).order_by(_j.id)
    return (row for row in connection.execute(statement) if row.run_id not in undone)


def _links(connection: Connection, found: MonthFigures, undone: set[int]) -> None:
    during = found.month.during()
    made = _lines("link", "state", _j.new_value == "active", during)
    carried = and_(_j.subject == "link", _j.field.in_(("moved_from", "restored_from")), during)
    not_new = set(connection.execute(select(_j.subject_id).where(carried)).scalars())
    found.new_links.update(
        row.reason
        for row in _rows(connection, undone, made, _j.subject_id, _j.reason)
        if row.subject_id not in not_new
    )
    ended = _lines("link", "state", _j.new_value == "ended", _j.reason != "moved", during)
    rows = list(_rows(connection, undone, ended, _j.subject_id, _j.reason))
    found.links_ended = len(rows)
    suspects = [row.subject_id for row in rows if row.reason in WRONG]
    by_matching = _lines("link", "state", _j.new_value == "active", _j.reason == "match")
    found.wrong_links = _count_among(connection, by_matching, suspects)


def _count_among(connection: Connection, condition: ColumnElement[bool], ids: Sequence[int]) -> int:
    return sum(
        _count(connection, condition, _j.subject_id.in_(ids[start : start + 1000]))
        for start in range(0, len(ids), 1000)
    )


def _classes(connection: Connection, found: MonthFigures, undone: set[int]) -> None:
    during = found.month.during()
    fell = _lines("customer", "class", _j.old_value == STORE, _j.new_value == EC_ONLY, during)
    for row in _rows(connection, undone, fell, _j.created_at, _j.reason):
        if row.reason in (*BY_PERSON, "not_linked"):
            found.other_falls += 1
        else:
            found.expired[_day(row)] += 1
    rose = _lines("customer", "class", _j.new_value == STORE, during)
    rows = list(_rows(connection, undone, rose, _j.id, _j.subject_id, _j.created_at))
    had_it = _store_before(connection, rows)
    for row in rows:
        if row.id in had_it:
            found.restored[_day(row)] += 1
        else:
            found.first_time += 1


def _store_before(connection: Connection, rows: Sequence[AnyRow]) -> set[int]:
    """Those of these lines before which the customer had the class already."""
    first: dict[int, int] = {}
    ids = sorted({row.subject_id for row in rows})
    for start in range(0, len(ids), 1000):
        condition = _lines(
            "customer", "class", _j.new_value == STORE, _j.subject_id.in_(ids[start : start + 1000])
        )
        statement = select(_j.subject_id, func.min(_j.id).label("first")).where(condition)
        first.update(
            (row.subject_id, row.first) for row in connection.execute(statement.group_by(_j.subject_id))
        )
    return {row.id for row in rows if first[row.subject_id] < row.id}


def _day(row: AnyRow) -> date:
    return tokyo_date(from_database(row.created_at))


def _renewals(connection: Connection, found: MonthFigures, undone: set[int]) -> None:
    """Who was reminded, and whose membership was prolonged or came back within 30 days of it."""
    month = found.month
    sent: dict[int, list[datetime]] = {}
    since = to_database(month.start - WITHIN)
    statement = (
        select(notice.c.customer_id, _j.created_at)
        .select_from(journal)
        .join(notice, notice.c.id == _j.subject_id)
        .where(
            _lines("notice", "state", _j.new_value == "sent", _j.created_at >= since, month.before_end()),
            notice.c.kind.in_(REMINDING),
        )
    )
    for row in connection.execute(statement):
        sent.setdefault(row.customer_id, []).append(row.created_at)
    start = to_database(month.start)
    found.reminded = sum(any(moment >= start for moment in moments) for moments in sent.values())
    prolonged = _lines("customer", "end_date", month.during())
    back = _lines("customer", "class", _j.old_value == EC_ONLY, _j.new_value == STORE, month.during())
    renewed = {
        row.subject_id
        for row in _rows(connection, undone, or_(prolonged, back), _j.subject_id, _j.created_at)
        if any(timedelta(0) <= row.created_at - moment <= WITHIN for moment in sent.get(row.subject_id, ()))
    }
    found.renewed = len(renewed)


def _cases(connection: Connection, found: MonthFigures) -> None:
    """Questions for the reviewers; pairs that share only a name are never asked about."""
    month = found.month
    asked = not_(_j.reason == NAME_ONLY)
    found.cases_opened = _count(
        connection, _lines("case", "state", _j.old_value.is_(None), asked, month.during())
    )
    decided = _lines("case", "state", _j.reason.in_(("decided_same", "decided_different", "decided_hold")))
    statement = select(_j.new_value, func.count()).where(decided, month.during()).group_by(_j.new_value)
    found.cases_decided.update({row[0]: int(row[1]) for row in connection.execute(statement)})
    newest = _newest(_lines("case", "state", month.before_end()))
    waiting = select(_j.created_at).where(_j.id.in_(newest), _j.new_value == "open", asked)
    last = tokyo_date(month.end - timedelta(seconds=1))
    found.case_ages = sorted((last - _day(row)).days for row in connection.execute(waiting))


def _mails(connection: Connection, found: MonthFigures) -> None:
    month = found.month
    newest = _newest(_lines("notice", "state", month.before_end()))
    statement = (
        select(notice.c.kind, _j.new_value, func.count())
        .select_from(journal)
        .join(notice, notice.c.id == _j.subject_id)
        .where(
            _j.id.in_(newest),
            or_(_j.created_at >= to_database(month.start), _j.new_value == "queued"),
        )
        .group_by(notice.c.kind, _j.new_value)
    )
    found.mails.update({(row[0], row[1]): int(row[2]) for row in connection.execute(statement)})
