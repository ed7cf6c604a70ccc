"""Expiry policies: how a member's end date is found, and the one rule for months.

The rule for months is the one Japanese shops and the Civil Code (article 143) use. The first day counts, so
a term ends on the day *before* the same day of its last month; where that month has no such day, it ends on
the month's last day:

* one year from 2026-04-01 is valid through 2027-03-31;
* one month from 31 January is valid through 28 February (29 in a leap year);
* one year from 29 February 2024 is valid through 28 February 2025, four years through 28 February 2028.

With ``month_end`` a term ends on the last day of the month in which that same day falls, so that everybody
who joined in one month ends together (入会月の翌年同月末); a mapped end date moves to the end of its month.
Grace days are added to the end date. A date is valid through the end of that day in Tokyo.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

PolicyKind = Literal["none", "column", "joined", "last_visit", "status"]

TOKYO = ZoneInfo("Asia/Tokyo")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ExpiryPolicy:
    """How an end date is found. ``months`` is the term of ``joined`` and ``last_visit``.

    Raises ``ValueError`` for a term without months or negative grace.
    """

    kind: PolicyKind = "none"
    months: int = 0
    grace_days: int = 0
    month_end: bool = False

    def __post_init__(self) -> None:
        if self.kind in ("joined", "last_visit") and self.months < 1:
            raise ValueError(f"policy {self.kind!r} needs months of at least 1")
        if self.grace_days < 0:
            raise ValueError("grace_days cannot be negative")


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """The policy of one source, with other policies for some of its ranks."""

    default: ExpiryPolicy = ExpiryPolicy()
    by_rank: Mapping[str, ExpiryPolicy] = field(default_factory=dict)

    def of(self, rank: str) -> ExpiryPolicy:
        """The policy for members of this rank."""
        return self.by_rank.get(rank, self.default)


class Term(NamedTuple):
    """When a membership ends: ``end_date`` as printed on a card, ``valid_through`` with the days of grace.

    ``reason`` is ``current`` when there is a date, else why there is none.
    """

    reason: str
    end_date: date | None = None
    valid_through: date | None = None


_NO_POLICY = Term("no_policy")
_BY_STATUS = Term("active_by_status")
_UNLIMITED = Term("unlimited")
_NO_END_DATE = Term("no_end_date")


@lru_cache(maxsize=65536)
def term_of(
    policy: ExpiryPolicy,
    joined_on: date | None,
    last_visit_on: date | None,
    end_date: date | None,
    unlimited: bool,
) -> Term:
    """The term these facts give under ``policy``.

    A member who never came back after joining has joining as the last visit. A missing date is no
    information: such a membership has no known end, so time alone does not end it.
    """
    if policy.kind == "none":
        return _NO_POLICY
    if policy.kind == "status":
        return _BY_STATUS
    if unlimited:
        return _UNLIMITED
    if policy.kind == "column":
        end = end_of_month(end_date) if end_date and policy.month_end else end_date
    else:
        start = joined_on if policy.kind == "joined" else last_visit_on or joined_on
        end = term_end(start, policy.months, month_end=policy.month_end) if start else None
    if end is None:
        return _NO_END_DATE
    return Term("current", end, days_after(end, policy.grace_days))


def term_end(start: date, months: int, *, month_end: bool = False) -> date:
    """The last valid day of a term of ``months`` whose first day is ``start`` (the rule at the top).

    A term that would leave the calendar ends on ``date.max``.
    """
    try:
        same_day = start + relativedelta(months=months)
    except (ValueError, OverflowError):
        return date.max
    if month_end:
        return end_of_month(same_day)
    if same_day.day < start.day:  # clipped: the month has no such day, so its last day it is
        return same_day
    return same_day - _ONE_DAY


def end_of_month(day: date) -> date:
    """The last day of the month of ``day``."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def days_after(day: date, days: int) -> date:
    """``day`` plus ``days``, inside the calendar (9999-12-31 is how some POS write 無期限)."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def falls_on(valid_through: date | None) -> date | None:
    """The first day no longer valid; None for a membership without an end."""
    if valid_through is None or valid_through == date.max:
        return None
    return valid_through + _ONE_DAY


@lru_cache(maxsize=4096)
def closed_through(data_as_of: datetime) -> date:
    """The last business date that was over in Tokyo when store data was taken at this aware moment.

    Only such data can say that nobody renewed on that date. Raises ``ValueError`` for a naive moment.
    """
    if data_as_of.tzinfo is None:
        raise ValueError("data_as_of must be an aware datetime")
    return data_as_of.astimezone(TOKYO).date() - _ONE_DAY
