"""A calendar month in Japan, and the figures a report has about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from eccube_sync.clock import tokyo_midnight


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in Japan; ``end`` is the first moment after it, or now while it is under way."""

    first: date
    end: datetime

    @classmethod
    def of(cls, first: date, now: datetime) -> Month:
        """The month that begins on ``first``, as far as it has come."""
        # What was written in this very second counts.
        return cls(first, min(tokyo_midnight(next_month(first)), now + timedelta(seconds=1)))

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return tokyo_midnight(self.first)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.end == tokyo_midnight(next_month(self.first))

    @property
    def days(self) -> list[date]:
        """Its days, all of them."""
        return [self.first + timedelta(days=n) for n in range((next_month(self.first) - self.first).days)]

    @property
    def name(self) -> str:
        """``2026-04``."""
        return f"{self.first:%Y-%m}"


def next_month(first: date) -> date:
    """The first day of the month after."""
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
    """Customers whose membership came back: they had the class before, or were linked while it had ended; by day."""
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
