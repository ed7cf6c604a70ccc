"""Which downgrades are coming: the forecast accepted imports make, and mass dates announced beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from typing import NamedTuple

from eccube_sync.i18n import _
from eccube_sync.membership.policies import falls_on
from eccube_sync.membership.verdicts import GuardNumbers, limit_of


@dataclass(frozen=True, slots=True)
class DowngradePlan:
    """The downgrades of a plan, as counts of customers.

    ``planned`` counts by the date on which each class falls (None: ended by status or link, not by a date),
    ``forecast`` what earlier accepted imports foresaw for those dates, ``approved`` what a person approved
    beforehand. ``active`` customers have the class ``store`` now.
    """

    active: int
    planned: Mapping[date | None, int]
    forecast: Mapping[date, int] = field(default_factory=dict)
    approved: Mapping[date, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All downgrades of the plan."""
        return sum(self.planned.values())

    @property
    def surprises(self) -> int:
        """Downgrades neither forecast nor approved for their date."""
        return sum(
            max(0, count - max(_at(self.forecast, day), _at(self.approved, day)))
            for day, count in self.planned.items()
        )

    @property
    def not_approved(self) -> int:
        """Downgrades beyond what was approved for their date."""
        return sum(max(0, count - _at(self.approved, day)) for day, count in self.planned.items())


class MassDate(NamedTuple):
    """A coming date on which unusually many customers fall, and how many a person approved for it."""

    day: date
    customers: int
    approved: int

    @property
    def settled(self) -> bool:
        """Whether all of them were approved."""
        return self.approved >= self.customers


def forecast(last_days: Iterable[date | None]) -> Counter[date]:
    """How many customers fall on which date, from the last valid day of everyone who has the class."""
    return Counter(day for day in map(falls_on, last_days) if day)


def upcoming_mass_dates(
    expected_falls: Mapping[date, int],
    active: int,
    today: date,
    numbers: GuardNumbers,
    approved: Mapping[date, int],
) -> list[MassDate]:
    """The dates of the coming ``announce_days`` that ``all_downgrades`` would refuse without an approval."""
    limit = limit_of(numbers.downgrades_minimum, numbers.downgrades_share, active)
    last = today + timedelta(days=numbers.announce_days)
    return [
        MassDate(day, count, approved.get(day, 0))
        for day, count in sorted(expected_falls.items())
        if today < day <= last and count > limit
    ]


def announcement(mass_date: MassDate, mails_in_a_day: int | None) -> str:
    """The sentences for the owner's mail about one mass date; mails leave at most so many a day."""
    if mass_date.settled:
        text = _(
            "On {day}, {count} customers will lose the store class if they do not renew; this is approved."
        )
    else:
        text = _(
            "On {day}, {count} customers will lose the store class if they do not renew, and the nightly run "
            "will refuse so many. If it is right, run: eccube-sync guards approve {day} {count}"
        )
    sentence = text.format(day=mass_date.day.isoformat(), count=mass_date.customers)
    if mails_in_a_day is None or mass_date.customers <= mails_in_a_day:
        return sentence
    spread = _("Their mails take {days} days at the caps of [notices].")
    return f"{sentence} {spread.format(days=ceil(mass_date.customers / mails_in_a_day))}"


def _at(counts: Mapping[date, int], day: date | None) -> int:
    return counts.get(day, 0) if day else 0
