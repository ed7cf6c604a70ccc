"""Which nights are refused, what the refusal says, and how a person overrules it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.errors import GuardRefusedError
from eccube_sync.membership.forecast import DowngradePlan
from eccube_sync.membership.guards import (
    all_downgrades,
    clock,
    is_stale,
    mails_per_run,
    stale_store_data,
    surprise_downgrades,
)
from eccube_sync.membership.verdicts import GuardNumbers, GuardVerdict, limit_of, raise_if_refused

NUMBERS = GuardNumbers()
TODAY = date(2026, 4, 1)
NOW = datetime(2026, 3, 31, 18, 0, tzinfo=UTC)


def plan(
    downgrades: int, *, active: int = 100, forecast: int = 0, approved: int = 0, undated: int = 0
) -> DowngradePlan:
    planned: dict[date | None, int] = {TODAY: downgrades, None: undated}
    return DowngradePlan(active, planned, {TODAY: forecast}, {TODAY: approved})


@pytest.mark.parametrize(
    ("active", "surprises", "refused"),
    [(100, 5, False), (100, 6, True), (10_000, 50, False), (10_000, 51, True), (0, 5, False), (0, 6, True)],
)
def test_more_surprises_than_five_or_half_a_per_cent_are_refused(
    active: int, surprises: int, refused: bool
) -> None:
    assert surprise_downgrades(plan(surprises, active=active), NUMBERS).refused is refused


def test_what_an_earlier_import_foresaw_is_no_surprise() -> None:
    assert not surprise_downgrades(plan(900, active=10_000, forecast=900), NUMBERS).refused
    assert surprise_downgrades(plan(900, active=10_000, forecast=840), NUMBERS).figures["surprises"] == 60


def test_what_a_person_approved_for_the_date_is_no_surprise() -> None:
    assert not surprise_downgrades(plan(900, active=10_000, approved=900), NUMBERS).refused


def test_downgrades_that_no_date_explains_are_all_surprises() -> None:
    verdict = surprise_downgrades(plan(0, forecast=100, undated=6), NUMBERS)
    assert (verdict.refused, verdict.figures["surprises"]) == (True, 6)


def test_a_forecast_for_another_date_explains_nothing() -> None:
    shifted = DowngradePlan(100, {TODAY: 6}, {TODAY + timedelta(days=1): 6})
    assert surprise_downgrades(shifted, NUMBERS).refused


@pytest.mark.parametrize(
    ("active", "downgrades", "refused"),
    [(100, 30, False), (100, 31, True), (10_000, 1000, False), (10_000, 1001, True)],
)
def test_more_downgrades_than_thirty_or_a_tenth_are_refused(
    active: int, downgrades: int, refused: bool
) -> None:
    foreseen = plan(downgrades, active=active, forecast=downgrades)
    assert all_downgrades(foreseen, NUMBERS).refused is refused


def test_a_mass_date_approved_beforehand_passes_up_to_the_approved_number() -> None:
    assert not all_downgrades(plan(812, active=1000, approved=812), NUMBERS).refused
    assert not all_downgrades(plan(700, active=1000, approved=812), NUMBERS).refused
    assert not all_downgrades(plan(912, active=1000, approved=812), NUMBERS).refused
    assert all_downgrades(plan(913, active=1000, approved=812), NUMBERS).refused
    assert all_downgrades(plan(812, active=1000, approved=812, undated=101), NUMBERS).refused


@pytest.mark.parametrize("guard", [surprise_downgrades, all_downgrades])
def test_only_the_exact_number_overrules(guard: object) -> None:
    bad = plan(200)
    refused = guard(bad, NUMBERS)  # type: ignore[operator]
    assert refused.refused
    assert refused.stops == "downgrades"
    assert "--i-expect 200" in refused.message
    assert refused.count == 200
    near = guard(bad, NUMBERS, 199)  # type: ignore[operator]
    assert near.refused
    assert "199" in near.message
    assert "200" in near.message
    exact = guard(bad, NUMBERS, 200)  # type: ignore[operator]
    assert (exact.refused, exact.overruled, exact.message) == (False, True, "")


def test_a_quiet_night_is_not_overruled_by_naming_its_number() -> None:
    verdict = all_downgrades(plan(3), NUMBERS, 3)
    assert (verdict.refused, verdict.overruled, verdict.message) == (False, False, "")


@given(
    st.integers(0, 5000), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500)
)
def test_foreseeing_or_approving_more_never_refuses_more(
    active: int, downgrades: int, foreseen: int, approved: int, more: int
) -> None:
    before = plan(downgrades, active=active, forecast=foreseen, approved=approved)
    after = plan(downgrades, active=active, forecast=foreseen + more, approved=approved + more)
    for guard in (surprise_downgrades, all_downgrades):
        assert guard(before, NUMBERS).refused or not guard(after, NUMBERS).refused


def stale(
    hours: float | None, *, every: float = 24, resting: int = 1, expected: int | None = None
) -> GuardVerdict:
    taken = None if hours is None else NOW - timedelta(hours=hours)
    return stale_store_data(
        plan(4),
        NUMBERS,
        expected,
        source="shop",
        resting=resting,
        data_as_of=taken,
        now=NOW,
        export_every_hours=every,
    )


@pytest.mark.parametrize(
    ("hours", "every", "refused"),
    [
        (36, 24, False),
        (36.1, 24, True),
        (36, 1, False),
        (252, 168, False),
        (252.1, 168, True),
        (None, 24, True),
    ],
)
def test_no_downgrade_rests_on_stale_data(hours: float | None, every: float, refused: bool) -> None:
    assert stale(hours, every=every).refused is refused


def test_stale_data_on_which_nothing_rests_stops_nothing_but_is_still_overdue() -> None:
    assert not stale(100, resting=0).refused
    assert is_stale(NOW - timedelta(hours=100), NOW, 24, NUMBERS)
    assert not is_stale(NOW - timedelta(hours=30), NOW, 24, NUMBERS)


def test_the_stale_message_names_the_source_the_age_and_the_number() -> None:
    message = stale(100).message
    assert "shop" in message
    assert "100 hours" in message
    assert "limit 36" in message
    assert "--i-expect 4" in message
    assert "no store data yet" in stale(None).message
    assert stale(100, expected=4).overruled


@pytest.mark.parametrize(
    ("mails", "events", "refused"),
    [
        ({"expired": 10}, {"expired": 10}, False),
        ({"expired": 12}, {"expired": 10}, False),
        ({"expired": 13}, {"expired": 10}, True),
        ({"expired": 1}, {}, True),
        ({"expired": 0, "linked": 3}, {"linked": 3, "expired": 9}, False),
        ({"expired": 250, "expiring": 250}, {"expired": 250, "expiring": 250}, False),
        ({"expired": 250, "expiring": 251}, {"expired": 250, "expiring": 251}, True),
        ({}, {}, False),
    ],
)
def test_more_mails_than_events_or_than_five_hundred_are_refused(
    mails: dict[str, int], events: dict[str, int], refused: bool
) -> None:
    assert mails_per_run(mails, events, NUMBERS).refused is refused


def test_the_mail_messages_tell_a_loop_from_a_flood() -> None:
    loop = mails_per_run({"expired": 13}, {"expired": 10}, NUMBERS)
    assert "3 of 13 mails have no event" in loop.message
    flood = mails_per_run({"expired": 501}, {"expired": 501}, NUMBERS)
    assert "501 mails in one run, at most 500" in flood.message
    assert (flood.stops, flood.count) == ("mails", 501)
    assert mails_per_run({"expired": 501}, {"expired": 501}, NUMBERS, 501).overruled


@pytest.mark.parametrize(
    ("skew", "last_run", "refused"),
    [
        (0, None, False),
        (120, None, False),
        (-121, None, True),
        (121, None, True),
        (0, 0, False),
        (0, 1, True),
    ],
)
def test_a_clock_that_is_wrong_or_went_back_stops_the_run(
    skew: int, last_run: int | None, refused: bool
) -> None:
    last = None if last_run is None else NOW + timedelta(seconds=last_run)
    verdict = clock(NOW, NOW + timedelta(seconds=skew), last, NUMBERS)
    assert verdict.refused is refused
    assert (verdict.stops, verdict.count) == ("run", None)


def test_the_clock_messages_say_which_and_cannot_be_overruled() -> None:
    assert (
        "differs from the database's by 300" in clock(NOW, NOW + timedelta(minutes=5), None, NUMBERS).message
    )
    back = clock(NOW, NOW, NOW + timedelta(hours=1), NUMBERS)
    assert "3600 seconds before the last run" in back.message
    assert "--i-expect" not in back.message


def test_all_refusals_are_told_at_once() -> None:
    verdicts = [all_downgrades(plan(200), NUMBERS), surprise_downgrades(plan(200), NUMBERS)]
    with pytest.raises(GuardRefusedError) as refusal:
        raise_if_refused(verdicts)
    assert len(str(refusal.value).splitlines()) == 2
    raise_if_refused([all_downgrades(plan(2), NUMBERS)])


def test_a_share_is_not_lost_to_binary_fractions() -> None:
    assert limit_of(0, 0.29, 100) == 29
