"""The figures of one month, from the journal and the times in it: asked for again later, they are the same.

Nothing here looks at what stands today. A figure "at the end" counts what was written before the month was over; a
figure of the month counts what was written in it. What an undone run did is left out of the months that were not
over when it was undone; later months never change an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, or_, select

from eccube_sync.clock import from_database, to_database, tokyo_date, tokyo_midnight
from eccube_sync.db import AnyRow
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.services.reports.months import Month, MonthFigures, next_month
from eccube_sync.services.review.file import NAME_ONLY
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table

WRONG = ("stronger_claim", "decided_different")
"""Endings of a link by matching that say it had been wrong."""
BY_PERSON = ("override", "hold")
"""Reasons of a class that say nothing about the membership."""
DECIDED = ("decided_same", "decided_different", "decided_hold")
REMINDING = ("expiring", "expired")
"""Kinds of mail after which somebody may renew."""
WITHIN = timedelta(days=30)
MONTHS_BACK = 12

_j = journal.c


def month_figures(connection: Connection, month: Month) -> MonthFigures:
    """Gather everything; part of a read-only stretch."""
    undone = _undone_runs(connection, month)
    found = MonthFigures(month, undone_runs=_count(connection, _undoing(_during(month))))
    _standing(connection, found)
    _links(connection, found, undone)
    _classes(connection, found, undone)
    _renewals(connection, found, undone)
    _cases(connection, found, undone)
    _mails(connection, found)
    return found


def _during(month: Month) -> ColumnElement[bool]:
    return and_(_j.created_at >= to_database(month.start), _before_end(month))


def _before_end(month: Month) -> ColumnElement[bool]:
    return _j.created_at < to_database(month.end)


def _lines(subject: str, name: str, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(_j.subject == subject, _j.field == name, *conditions)


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(journal).where(*conditions)).scalar_one())


def _undoing(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return _lines("run", "state", _j.new_value == "undone", *conditions)


def _undone_runs(connection: Connection, month: Month) -> set[int]:
    """Runs whose changes do not count: those undone before the month was over, and the undoing itself."""
    undone = set(connection.execute(select(_j.subject_id).where(_undoing(_before_end(month)))).scalars())
    undoing = select(run_table.c.id).where(run_table.c.undoes_run_id.is_not(None))
    return undone | set(connection.execute(undoing).scalars())


# --- how things stood at the end -------------------------------------------------------------------------


def _standing(connection: Connection, found: MonthFigures) -> None:
    month = found.month
    found.active = _known(connection, month) - len(_not_full(connection, month))
    first = month.first
    for _one in range(MONTHS_BACK):
        end = min(tokyo_midnight(next_month(first)), month.end)
        name = f"{first:%Y-%m}"
        found.linked_by_month[name] = _linked(connection, end)
        found.store_by_month[name] = _in_store_class(connection, end)
        first = (first - timedelta(days=1)).replace(day=1)
    found.linked, found.store = found.linked_by_month[month.name], found.store_by_month[month.name]


def _known(connection: Connection, month: Month) -> int:
    """Customers we had seen: each has one line that gives it its first class."""
    return _count(connection, _lines("customer", "class", _j.old_value.is_(None), _before_end(month)))


def _not_full(connection: Connection, month: Month) -> list[int]:
    """Customers who were not full: provisional, withdrawn, vanished or replaced."""
    newest = _newest(_lines("customer", "state", _before_end(month)))
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
    during = _during(found.month)
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
    return sum(_count(connection, condition, _j.subject_id.in_(part)) for part in chunks(ids))


def _classes(connection: Connection, found: MonthFigures, undone: set[int]) -> None:
    during = _during(found.month)
    fell = _lines("customer", "class", _j.old_value == STORE, _j.new_value == EC_ONLY, during)
    for row in _rows(connection, undone, fell, _j.created_at, _j.reason):
        if row.reason in (*BY_PERSON, "not_linked"):
            found.other_falls += 1
        else:
            found.expired[_day(row)] += 1
    rose = _lines("customer", "class", _j.new_value == STORE, during)
    rows = list(_rows(connection, undone, rose, _j.id, _j.subject_id, _j.created_at))
    before = _store_before(connection, rows) | _linked_before(connection, rows)
    for row in rows:
        if row.id in before:
            found.restored[_day(row)] += 1
        else:
            found.first_time += 1


def _store_before(connection: Connection, rows: Sequence[AnyRow]) -> set[int]:
    """Those of these lines before which the customer had the class already."""
    first: dict[int, int] = {}
    for ids in chunks(row.subject_id for row in rows):
        condition = _lines("customer", "class", _j.new_value == STORE, _j.subject_id.in_(ids))
        statement = select(_j.subject_id, func.min(_j.id).label("first")).where(condition)
        first.update(
            (row.subject_id, row.first) for row in connection.execute(statement.group_by(_j.subject_id))
        )
    return {row.id for row in rows if first[row.subject_id] < row.id}


def _linked_before(connection: Connection, rows: Sequence[AnyRow]) -> set[int]:
    """Those of these lines before which the customer was linked already: to a membership that had ended."""
    links: dict[int, list[AnyRow]] = {}
    for ids in chunks(row.subject_id for row in rows):
        columns = (link.c.customer_id, link.c.created_at, link.c.ended_at)
        for one in connection.execute(select(*columns).where(link.c.customer_id.in_(ids))):
            links.setdefault(one.customer_id, []).append(one)
    return {
        row.id
        for row in rows
        for one in links.get(row.subject_id, ())
        if one.created_at < row.created_at and (one.ended_at is None or one.ended_at >= row.created_at)
    }


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
            _lines("notice", "state", _j.new_value == "sent", _j.created_at >= since, _before_end(month)),
            notice.c.kind.in_(REMINDING),
        )
    )
    for row in connection.execute(statement):
        sent.setdefault(row.customer_id, []).append(row.created_at)
    start = to_database(month.start)
    found.reminded = sum(any(moment >= start for moment in moments) for moments in sent.values())
    # No end at all is later than any.
    later = or_(_j.new_value.is_(None), _j.new_value > _j.old_value)
    prolonged = _lines("customer", "end_date", _j.old_value.is_not(None), later, _during(month))
    back = _lines("customer", "class", _j.old_value == EC_ONLY, _j.new_value == STORE, _during(month))
    renewed = {
        row.subject_id
        for row in _rows(connection, undone, or_(prolonged, back), _j.subject_id, _j.created_at)
        if any(timedelta(0) <= row.created_at - moment <= WITHIN for moment in sent.get(row.subject_id, ()))
    }
    found.renewed = len(renewed)


def _cases(connection: Connection, found: MonthFigures, undone: set[int]) -> None:
    """Questions for the reviewers; pairs that share only a name are never asked about."""
    month = found.month
    asked = not_(_j.reason == NAME_ONLY)
    opened = _lines("case", "state", _j.old_value.is_(None), asked, _during(month))
    found.cases_opened = sum(1 for _row in _rows(connection, undone, opened))
    decided = _lines("case", "state", _j.reason.in_(DECIDED), _during(month))
    found.cases_decided.update(row.new_value for row in _rows(connection, undone, decided, _j.new_value))
    newest = _newest(_lines("case", "state", _before_end(month)))
    waiting = select(_j.created_at).where(_j.id.in_(newest), _j.new_value == "open", asked)
    last = tokyo_date(month.end - timedelta(seconds=1))
    found.case_ages = sorted((last - _day(row)).days for row in connection.execute(waiting))


def _mails(connection: Connection, found: MonthFigures) -> None:
    month = found.month
    newest = _newest(_lines("notice", "state", _before_end(month)))
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
