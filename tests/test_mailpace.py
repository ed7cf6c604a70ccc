"""When a mail may leave: retries, caps, the window and the breaker, each followed over many days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.clock import TOKYO
from eccube_sync.errors import ConfigurationError
from eccube_sync.maildelivery import Verdict
from eccube_sync.mailpace import GIVE_UP_AFTER, RETRY_AFTER, Breaker, Caps, SendWindow, retry_at

START = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)


@given(st.text(min_size=1, max_size=40))
def test_retries_follow_the_schedule_within_a_fifth_and_end_after_three_days(message_id: str) -> None:
    moment, delays = START, []
    for attempts in range(1, 100):
        following = retry_at(message_id, attempts, START, moment)
        if following is None:
            break
        delays.append(following - moment)
        moment = following
    expected = [RETRY_AFTER[min(number, 5)] for number in range(len(delays))]
    assert all(0.8 * wanted <= delay <= 1.2 * wanted for delay, wanted in zip(delays, expected, strict=True))
    assert 7 <= len(delays) <= 8
    assert moment <= START + GIVE_UP_AFTER


def test_a_mail_is_tried_again_up_to_the_very_end_of_three_days_and_not_after() -> None:
    following = retry_at("<1@example.jp>", 1, START, START)
    assert following is not None
    delay = following - START
    last = START + GIVE_UP_AFTER - delay
    assert retry_at("<1@example.jp>", 1, START, last) == START + GIVE_UP_AFTER
    assert retry_at("<1@example.jp>", 1, START, last + timedelta(microseconds=1)) is None


def test_the_same_mail_is_retried_at_the_same_moment_and_others_spread() -> None:
    moments = {retry_at(f"<{number}@example.jp>", 1, START, START) for number in range(50)}
    assert len(moments) > 40
    assert retry_at("<1@example.jp>", 1, START, START) in moments
    waits = [moment - START for moment in moments if moment]
    assert min(waits) < 0.85 * RETRY_AFTER[0] and 1.15 * RETRY_AFTER[0] < max(waits)


@given(
    st.integers(1, 5),
    st.integers(3, 12),
    st.integers(8, 30),
    st.lists(st.integers(0, 4000), min_size=1, max_size=60),
)
def test_no_minute_hour_or_day_ever_holds_more_mails_than_its_cap(
    minute: int, hour: int, day: int, pauses: list[int]
) -> None:
    caps, sent, now = Caps(minute, hour, day), list[datetime](), START
    for pause in pauses:
        now = caps.next_allowed(sent, now + timedelta(seconds=pause))
        sent.append(now)
    for cap, span in ((minute, 60), (hour, 3600), (day, 86400)):
        for first in sent:
            assert sum(first <= one < first + timedelta(seconds=span) for one in sent) <= cap


def test_below_the_caps_a_mail_leaves_at_once_and_without_caps_always() -> None:
    sent = [START - timedelta(seconds=number) for number in range(59)]
    assert Caps(60).next_allowed(sent, START) == START
    assert Caps(None).next_allowed(sent * 100, START) == START
    assert Caps(59).next_allowed(sent, START) == START + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("caps", "span"),
    [
        (Caps(3), timedelta(minutes=1)),
        (Caps(None, 3), timedelta(hours=1)),
        (Caps(None, None, 3), timedelta(days=1)),
    ],
)
def test_a_full_cap_opens_again_a_span_after_its_oldest_mail(caps: Caps, span: timedelta) -> None:
    sent = [START, START + span / 4, START + span / 2]
    assert caps.next_allowed(sent, START + span / 2) == START + span
    assert caps.next_allowed(sent, START + 2 * span) == START + 2 * span


@pytest.mark.parametrize(
    ("caps", "mails"),
    [
        (Caps(2), 2 * 480),
        (Caps(None, 15), 15 * 8),
        (Caps(None, None, 70), 70),
        (Caps(60, 800, 5000), 5000),
        (Caps(60, 800, 9000), 6400),
        (Caps(None), None),
    ],
)
def test_a_day_holds_what_window_and_caps_let_through(caps: Caps, mails: int | None) -> None:
    assert caps.in_a_day(SendWindow(time(10), time(18))) == mails


def test_a_window_with_odd_minutes_counts_them() -> None:
    assert Caps(1, 60).in_a_day(SendWindow(time(9, 15), time(20, 30))) == 675


@pytest.mark.parametrize(
    ("local", "opens"),
    [
        ("2027-03-01 09:59:59", "2027-03-01 10:00:00"),
        ("2027-03-01 10:00:00", "2027-03-01 10:00:00"),
        ("2027-03-01 17:59:59", "2027-03-01 17:59:59"),
        ("2027-03-01 18:00:00", "2027-03-02 10:00:00"),
        ("2027-12-31 23:30:00", "2028-01-01 10:00:00"),
    ],
)
def test_mails_leave_in_tokyos_office_hours_whatever_the_machines_clock_shows(local: str, opens: str) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=TOKYO).astimezone(UTC)
    window = SendWindow.parse("10:00-18:00")
    assert window.next_open(moment) == datetime.fromisoformat(opens).replace(tzinfo=TOKYO)
    assert window.contains(moment) == (local == opens)


def test_a_window_is_written_as_two_times_of_one_day() -> None:
    assert SendWindow.parse(" 9:00 - 20:30".replace(" 9", "09")) == SendWindow(time(9), time(20, 30))
    for wrong in ("", "10:00", "18:00-10:00", "10:00-10:00", "10-25", "ten-six", "10:00-18:00-19:00"):
        with pytest.raises(ConfigurationError) as error:
            SendWindow.parse(wrong)
        assert str(error.value) == (
            f"The send window {wrong!r} is not of the form 10:00-18:00; write opening and closing time."
        )


def test_ten_failures_in_a_row_stop_the_run_and_a_success_between_starts_the_count_again() -> None:
    breaker = Breaker()
    for verdict in [Verdict.RETRY] * 9 + [Verdict.SENT] + [Verdict.RETRY] * 9:
        breaker.record(verdict)
        assert breaker.reason is None
    breaker.record(Verdict.IN_DOUBT)
    assert breaker.reason == "failures_in_a_row"


def test_more_than_a_fifth_of_fifty_failing_stops_the_run() -> None:
    breaker = Breaker()
    for number in range(49):
        breaker.record(Verdict.PERMANENT_ADDRESS if number % 4 == 0 else Verdict.SENT)
        assert breaker.reason is None
    breaker.record(Verdict.SENT)
    assert breaker.reason == "failures_share"


def test_a_fifth_exactly_does_not_stop_the_run() -> None:
    breaker = Breaker()
    for number in range(100):
        breaker.record(Verdict.PERMANENT_MESSAGE if number % 5 == 4 else Verdict.SENT)
        assert breaker.reason is None
