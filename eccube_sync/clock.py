"""The one source of time: read once a run; business dates are Asia/Tokyo, stored times UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    """Something that knows the time; tests pass a fixed one."""

    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is told to move; for the demo shop and for tests."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)

    def advance(self, step: timedelta) -> None:
        self.moment += step


def tokyo_date(moment: datetime) -> date:
    """The business date of an aware moment."""
    return moment.astimezone(TOKYO).date()


def from_database(stored: datetime) -> datetime:
    """A naive UTC value read from a table, as an aware datetime."""
    return stored.replace(tzinfo=UTC)


def to_database(moment: datetime) -> datetime:
    """An aware moment as the naive UTC value our tables store, to the second."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def tokyo_midnight(day: date) -> datetime:
    """The first moment of a business date, as an aware datetime."""
    return datetime(day.year, day.month, day.day, tzinfo=TOKYO)
