"""Which mail an event calls for, and whether it is still true when it is about to leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.notices import NOTICES, REASONS, Event, Situation, cancel_reason, due_events, urgency_of

END = date(2027, 3, 31)
DAY = timedelta(days=1)
CURRENT = Situation(
    today=END - 90 * DAY,
    customer=7,
    member=12,
    link=99,
    proven=True,
    membership_class="store",
    membership_class_before="store",
    end_date=END,
)
JUST_EXPIRED = replace(CURRENT, today=END + DAY, membership_class="ec_only")
JUST_RESTORED = replace(CURRENT, membership_class_before="ec_only")
JUST_LINKED = replace(CURRENT, membership_class_before="ec_only", newly_linked=True)
UNDONE = replace(JUST_EXPIRED, undone_run=41)


def only(situation: Situation) -> tuple[str, Event]:
    """The one notice this situation calls for."""
    ((kind, event),) = due_events(situation).items()
    return kind, event


@pytest.mark.parametrize(
    ("situation", "kind", "key"),
    [
        (replace(CURRENT, today=END - 30 * DAY), "expiring", "expiring:12:30:2027-03-31"),
        (JUST_EXPIRED, "expired", "expired:12:2027-03-31"),
        (JUST_RESTORED, "restored", "restored:12:2027-03-31"),
        (replace(JUST_RESTORED, end_date=None), "restored", "restored:12:unlimited"),
        (JUST_LINKED, "linked", "linked:99"),
        (UNDONE, "correction", "correction:41:7"),
    ],
)
def test_an_event_calls_for_one_mail_under_one_key(situation: Situation, kind: str, key: str) -> None:
    found, event = only(situation)
    assert (found, NOTICES[found].key(event)) == (kind, key)
    about = (7, None, None) if kind == "correction" else (7, 12, 99)
    assert (event.customer, event.member, event.link) == about
    assert cancel_reason(kind, event, situation) is None


@pytest.mark.parametrize(
    "situation",
    [
        CURRENT,
        replace(JUST_EXPIRED, membership_class_before="ec_only"),
        replace(JUST_EXPIRED, end_date=None),
        replace(JUST_EXPIRED, end_date=END + 300 * DAY),
        replace(JUST_EXPIRED, link=None),
        replace(JUST_RESTORED, link=None),
        replace(JUST_LINKED, membership_class="ec_only"),
        replace(JUST_LINKED, link=None),
        replace(JUST_EXPIRED, today=END),
        replace(CURRENT, today=END - 30 * DAY, end_date=None),
        replace(CURRENT, today=END - 30 * DAY, link=None),
        replace(CURRENT, today=END - 30 * DAY, membership_class="ec_only"),
        replace(UNDONE, full_customer=False),
        replace(JUST_EXPIRED, full_customer=False),
    ],
)
def test_where_nothing_happened_or_it_would_be_untrue_no_mail_is_called_for(situation: Situation) -> None:
    assert due_events(situation) == {}


def test_a_run_of_nights_reminds_once_on_each_day_of_the_series() -> None:
    queued: set[int] = set()
    sent = []
    for days_left in range(60, -5, -1):
        situation = replace(CURRENT, today=END - days_left * DAY, reminders_queued=frozenset(queued))
        for event in due_events(situation).values():
            assert event.days is not None
            queued.add(event.days)
            sent.append((days_left, event.days))
    assert sent == [(30, 30), (7, 7), (1, 1)]


@pytest.mark.parametrize(
    ("days_left", "reminder"),
    [
        (31, None),
        (30, 30),
        (23, 30),
        (22, None),
        (8, None),
        (7, 7),
        (5, 7),
        (2, 7),
        (1, 1),
        (0, 1),
        (-1, None),
    ],
)
def test_after_an_outage_only_the_nearest_reminder_goes_out_and_none_a_week_late(
    days_left: int, reminder: int | None
) -> None:
    events = due_events(replace(CURRENT, today=END - days_left * DAY))
    assert [event.days for event in events.values()] == ([] if reminder is None else [reminder])


@given(
    st.lists(st.integers(0, 90), max_size=5),
    st.lists(st.booleans(), min_size=100, max_size=100),
    st.booleans(),
)
def test_whatever_nights_are_missed_no_reminder_comes_twice_or_out_of_order(
    series: list[int], nights: list[bool], proven: bool
) -> None:
    sent: list[int] = []
    for days_left, runs in zip(range(95, -5, -1), nights, strict=True):
        situation = replace(
            CURRENT,
            today=END - days_left * DAY,
            reminder_days=tuple(series),
            reminders_queued=frozenset(sent),
            proven=proven,
        )
        events = due_events(situation) if runs else {}
        sent += [event.days for event in events.values() if event.days is not None]
    assert sent == sorted(set(sent), reverse=True)
    assert set(sent) <= set(series)
    assert proven or len(sent) <= 1


def test_an_unproven_link_is_reminded_once_so_that_the_days_do_not_tell_the_date() -> None:
    unproven = replace(CURRENT, proven=False)
    assert only(replace(unproven, today=END - 30 * DAY))[1].days == 30
    assert due_events(replace(unproven, today=END - 7 * DAY, reminders_queued=frozenset({30}))) == {}


REMINDER = Event(customer=7, member=12, link=99, end_date=END, days=30)
SOON = replace(CURRENT, today=END - 20 * DAY)
CHANGES = [
    ("expiring", SOON, {"full_customer": False}, "customer_gone"),
    ("expiring", SOON, {"same_address": False}, "address_changed"),
    ("expiring", SOON, {"link": None}, "link_ended"),
    ("expiring", SOON, {"link": 100}, "link_ended"),
    ("expiring", SOON, {"end_date": END + 365 * DAY}, "end_date_changed"),
    ("expiring", SOON, {"end_date": None}, "end_date_changed"),
    ("expiring", SOON, {"membership_class": "ec_only"}, "class_changed"),
    ("expiring", SOON, {"today": END - 7 * DAY}, "superseded"),
    ("expiring", SOON, {"today": END + DAY}, "past"),
    ("expiring", replace(SOON, reminder_days=(30,)), {"today": END}, None),
    ("expired", JUST_EXPIRED, {"membership_class": "store"}, "class_changed"),
    ("expired", JUST_EXPIRED, {"end_date": END + 365 * DAY}, "end_date_changed"),
    ("expired", JUST_EXPIRED, {"link": None}, "link_ended"),
    ("restored", JUST_RESTORED, {"membership_class": "ec_only"}, "class_changed"),
    ("restored", JUST_RESTORED, {"end_date": END + 365 * DAY}, "end_date_changed"),
    ("linked", JUST_LINKED, {"link": None}, "link_ended"),
    ("linked", JUST_LINKED, {"membership_class": "ec_only"}, "class_changed"),
    ("linked", JUST_LINKED, {"end_date": END + 365 * DAY}, "end_date_changed"),
    ("correction", UNDONE, {"link": None, "membership_class": "store"}, None),
    ("correction", UNDONE, {"same_address": False}, "address_changed"),
    ("correction", UNDONE, {"full_customer": False}, "customer_gone"),
    ("card_linked", CURRENT, {"link": None}, "link_ended"),
    ("card_linked", CURRENT, {"membership_class": "ec_only"}, None),
    ("invite", CURRENT, {"full_customer": False, "link": None}, None),
    ("invite", CURRENT, {"not_invited": "no_consent"}, "no_consent"),
]


@pytest.mark.parametrize(("kind", "situation", "change", "reason"), CHANGES)
def test_a_mail_is_judged_again_before_it_leaves(
    kind: str, situation: Situation, change: dict[str, object], reason: str | None
) -> None:
    event = due_events(situation).get(kind, REMINDER)
    assert cancel_reason(kind, event, situation) is None
    assert cancel_reason(kind, event, replace(situation, **change)) == reason  # type: ignore[arg-type]
    assert reason is None or reason in REASONS


def test_a_mail_about_a_class_waits_for_its_projection_and_a_correction_leaves_first() -> None:
    assert {kind for kind, notice in NOTICES.items() if notice.NEEDS_PROJECTION} == set(NOTICES) - {
        "card_linked",
        "expiring",
        "invite",
    }
    assert min(NOTICES, key=lambda kind: NOTICES[kind].URGENCY) == "correction"


@pytest.mark.parametrize(("days", "urgency"), [(0, 0), (1, 0), (2, 3), (30, 3)])
def test_a_reminder_of_the_last_day_goes_before_all_others(days: int, urgency: int) -> None:
    assert urgency_of("expiring", replace(REMINDER, days=days)) == urgency


def test_other_mails_leave_by_their_kind() -> None:
    found = sorted(NOTICES, key=lambda kind: urgency_of(kind, replace(REMINDER, days=None)))
    assert found[0] == "correction"
    assert {kind: urgency_of(kind, replace(REMINDER, days=None)) for kind in NOTICES} == {
        kind: notice.URGENCY for kind, notice in NOTICES.items()
    }
