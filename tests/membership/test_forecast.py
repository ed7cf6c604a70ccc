"""Coming downgrades: counted by the day they fall on, and mass dates announced a week ahead."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.membership.forecast import (
    DowngradePlan,
    MassDate,
    announcement,
    forecast,
    upcoming_mass_dates,
)
from eccube_sync.membership.guards import all_downgrades
from eccube_sync.membership.verdicts import GuardNumbers

NUMBERS = GuardNumbers()
TODAY = date(2026, 3, 25)
MASS = date(2026, 4, 1)


def test_a_class_falls_the_day_after_its_last_day() -> None:
    end = date(2026, 3, 31)
    assert forecast([end, end, date(2026, 2, 28), None, date.max]) == {MASS: 2, date(2026, 3, 1): 1}


@pytest.mark.parametrize(
    ("today", "announced"),
    [
        (date(2026, 3, 24), False),
        (date(2026, 3, 25), True),
        (date(2026, 3, 31), True),
        (date(2026, 4, 1), False),
    ],
)
def test_a_mass_date_is_announced_from_a_week_before(today: date, announced: bool) -> None:
    assert bool(upcoming_mass_dates({MASS: 500}, 1000, today, NUMBERS, {})) is announced


def test_ordinary_days_are_not_announced_and_mass_dates_come_in_order() -> None:
    falls = {MASS: 101, TODAY + timedelta(days=2): 200, TODAY + timedelta(days=1): 100}
    assert upcoming_mass_dates(falls, 1000, TODAY, NUMBERS, {MASS: 40}) == [
        MassDate(TODAY + timedelta(days=2), 200, 0),
        MassDate(MASS, 101, 40),
    ]


@given(st.integers(0, 2000), st.integers(0, 400))
def test_exactly_the_dates_that_would_be_refused_are_announced(active: int, falling: int) -> None:
    announced = upcoming_mass_dates({MASS: falling}, active, TODAY, NUMBERS, {})
    night = DowngradePlan(active, {MASS: falling}, {MASS: falling})
    assert bool(announced) == all_downgrades(night, NUMBERS).refused


def test_the_announcement_says_how_many_when_and_for_how_long_mails_take() -> None:
    assert announcement(MassDate(MASS, 812, 0), 811) == (
        "On 2026-04-01, 812 customers will lose the store class if they do not renew, and the nightly run will "
        "refuse so many. If it is right, run: eccube-sync guards approve 2026-04-01 812 Their mails take 2 days "
        "at the caps of [notices]."
    )
    assert announcement(MassDate(MASS, 812, 812), 812) == (
        "On 2026-04-01, 812 customers will lose the store class if they do not renew; this is approved."
    )


def test_the_announcement_gives_the_command_until_it_is_approved() -> None:
    assert announcement(MassDate(MASS, 812, 811), 5000).endswith("eccube-sync guards approve 2026-04-01 812")
    approved = announcement(MassDate(MASS, 812, 812), 800)
    assert "approved" in approved
    assert "guards approve" not in approved
    assert "2 days" in approved
