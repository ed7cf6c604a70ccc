"""When a membership ends: months, month ends, 29 February, grace, and the moment store data can confirm it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.membership.policies import (
    ExpiryPolicy,
    SourcePolicy,
    closed_through,
    days_after,
    falls_on,
    term_end,
    term_of,
)

ordinary_days = st.dates(date(1950, 1, 1), date(2150, 1, 1))
terms = st.integers(1, 240)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 4, 1), 12, date(2027, 3, 31)),
        (date(2026, 4, 2), 12, date(2027, 4, 1)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 29), 1, date(2026, 2, 28)),
        (date(2024, 1, 29), 1, date(2024, 2, 28)),
        (date(2026, 1, 28), 1, date(2026, 2, 27)),
        (date(2026, 3, 1), 1, date(2026, 3, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)),
        (date(2024, 3, 1), 12, date(2025, 2, 28)),
        (date(2023, 3, 1), 12, date(2024, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
    ],
)
def test_a_term_ends_the_day_before_the_same_day_or_on_the_months_last_day(
    start: date, months: int, end: date
) -> None:
    assert term_end(start, months) == end


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 4, 1), date(2027, 4, 30)),
        (date(2026, 4, 30), date(2027, 4, 30)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 2, 1), date(2024, 2, 29)),
    ],
)
def test_with_month_end_everybody_of_one_month_ends_together(start: date, end: date) -> None:
    assert term_end(start, 12, month_end=True) == end


@given(ordinary_days, terms, st.booleans())
def test_joining_a_day_later_never_ends_earlier(start: date, months: int, month_end: bool) -> None:
    later = start + timedelta(days=1)
    assert term_end(start, months, month_end=month_end) <= term_end(later, months, month_end=month_end)


@given(ordinary_days, terms, st.booleans())
def test_a_longer_term_ends_later(start: date, months: int, month_end: bool) -> None:
    assert term_end(start, months, month_end=month_end) < term_end(start, months + 1, month_end=month_end)


@given(ordinary_days, terms)
def test_renewing_from_the_day_after_the_end_leaves_no_gap_and_no_more_than_the_month_clips(
    start: date, months: int
) -> None:
    next_start = term_end(start, months) + timedelta(days=1)
    if start.day <= 28:
        assert next_start.day == start.day
    assert term_end(next_start, months) > next_start


@given(ordinary_days, terms)
def test_a_month_has_28_to_31_days(start: date, months: int) -> None:
    length = (term_end(start, months) - start).days + 1
    assert 28 * months <= length <= 31 * months


@given(ordinary_days, terms)
def test_month_end_never_takes_a_day_away(start: date, months: int) -> None:
    assert term_end(start, months, month_end=True) >= term_end(start, months)


@pytest.mark.parametrize("month_end", [False, True])
def test_a_term_beyond_the_calendar_ends_on_its_last_day(month_end: bool) -> None:
    assert term_end(date(9999, 6, 1), 12, month_end=month_end) == date.max
    assert term_end(date(2026, 6, 1), 10**6, month_end=month_end) == date.max


def test_a_mapped_end_date_is_taken_as_it_is_and_grace_is_added() -> None:
    term = term_of(ExpiryPolicy("column", grace_days=30), None, None, date(2026, 3, 15), False)
    assert (term.end_date, term.valid_through) == (date(2026, 3, 15), date(2026, 4, 14))


def test_a_mapped_end_date_moves_to_the_end_of_its_own_month() -> None:
    term = term_of(ExpiryPolicy("column", month_end=True), None, None, date(2026, 2, 3), False)
    assert term.end_date == date(2026, 2, 28)


def test_the_last_visit_counts_and_joining_does_for_who_never_came_back() -> None:
    policy = ExpiryPolicy("last_visit", 12)
    joined, visited = date(2025, 1, 1), date(2026, 1, 1)
    assert term_of(policy, joined, visited, None, False).end_date == date(2026, 12, 31)
    assert term_of(policy, joined, None, None, False).end_date == date(2025, 12, 31)


def test_the_join_date_counts_whatever_the_last_visit() -> None:
    term = term_of(ExpiryPolicy("joined", 12), date(2025, 1, 1), date(2026, 1, 1), date(2030, 1, 1), False)
    assert term.end_date == date(2025, 12, 31)


@pytest.mark.parametrize("kind", ["column", "joined", "last_visit"])
def test_an_empty_cell_is_no_information_so_there_is_no_end(kind: str) -> None:
    policy = ExpiryPolicy(kind, 12, month_end=True)  # type: ignore[arg-type]
    assert term_of(policy, None, None, None, False) == ("no_end_date", None, None)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("none", "no_policy"), ("status", "active_by_status"), ("column", "unlimited"), ("joined", "unlimited")],
)
def test_no_date_ends_a_membership_without_an_end(kind: str, reason: str) -> None:
    policy = ExpiryPolicy(kind, 12)  # type: ignore[arg-type]
    assert term_of(policy, date(2020, 1, 1), None, date(2020, 1, 1), True) == (reason, None, None)


def test_a_rank_may_have_its_own_policy() -> None:
    lifetime, yearly = ExpiryPolicy("status"), ExpiryPolicy("joined", 12)
    policy = SourcePolicy(yearly, {"GOLD": lifetime})
    assert (policy.of("GOLD"), policy.of("SILVER"), policy.of("")) == (lifetime, yearly, yearly)


def test_without_any_choice_nothing_expires() -> None:
    assert SourcePolicy().of("").kind == "none"


@pytest.mark.parametrize("kind", ["joined", "last_visit"])
def test_a_term_of_no_months_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="months"):
        ExpiryPolicy(kind, 0)  # type: ignore[arg-type]


def test_negative_grace_is_refused() -> None:
    with pytest.raises(ValueError, match="grace_days"):
        ExpiryPolicy("column", grace_days=-1)


def test_the_end_of_the_calendar_is_no_end() -> None:
    assert falls_on(date.max) is None
    assert falls_on(None) is None
    assert falls_on(date(2026, 3, 31)) == date(2026, 4, 1)
    assert days_after(date.max, 1) == date.max
    assert days_after(date.min, -1) == date.min


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        (datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 3, 31, 15, 0, 0, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 4, 1, 14, 59, 59, tzinfo=UTC), date(2026, 3, 31)),
    ],
)
def test_a_day_is_closed_at_midnight_in_tokyo(moment: datetime, closed: date) -> None:
    assert closed_through(moment) == closed


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        closed_through(datetime(2026, 4, 1))
