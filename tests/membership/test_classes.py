"""Which class a customer has, case by case: status, end, confirmation, several members, pause, overrides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from eccube_sync.membership.classes import CASE_KINDS, REASONS, ClassDecision, ClassSettings, class_of
from eccube_sync.membership.facts import MemberFacts
from eccube_sync.membership.holds import Override
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy
from tests.membership.people import TOKYO, member, morning_of

END = date(2026, 3, 31)
NEXT_DAY = date(2026, 4, 1)
USUAL = ClassSettings()


def decide(
    *linked: MemberFacts,
    today: date = NEXT_DAY,
    current: str | None = "store",
    settings: ClassSettings = USUAL,
    overrides: tuple[Override, ...] = (),
) -> ClassDecision:
    return class_of(linked, today, settings, current_class=current, overrides=overrides)


def short(decision: ClassDecision) -> tuple[str, str, date | None]:
    return decision.membership_class, decision.reason, decision.due_on


def test_a_customer_without_a_member_is_ec_only() -> None:
    assert decide() == ClassDecision("ec_only", "not_linked")


def test_a_membership_is_valid_through_its_last_day() -> None:
    decision = decide(member(end_date=END), today=END)
    assert decision == ClassDecision("store", "current", 1, END, END, due_on=NEXT_DAY)


def test_the_day_after_the_end_it_has_ended_when_newer_data_says_so() -> None:
    decision = decide(member(end_date=END, taken=NEXT_DAY))
    assert decision == ClassDecision("ec_only", "ended", 1, END, END)


def test_data_taken_one_second_before_midnight_confirms_nothing() -> None:
    last_second = datetime(2026, 3, 31, 23, 59, 59, tzinfo=TOKYO)
    decision = decide(replace(member(end_date=END), data_as_of=last_second))
    assert short(decision) == ("store", "end_unconfirmed", NEXT_DAY)
    assert decision.unconfirmed
    at_midnight = replace(member(end_date=END), data_as_of=last_second + timedelta(seconds=1))
    assert short(decide(at_midnight)) == ("ec_only", "ended", None)


@pytest.mark.parametrize(("days", "expected"), [(7, "store"), (8, "ec_only")])
def test_an_unconfirmed_end_keeps_the_class_for_seven_days_at_most(days: int, expected: str) -> None:
    decision = decide(member(end_date=END, taken=END), today=END + timedelta(days=days))
    assert decision.membership_class == expected
    assert decision.unconfirmed


def test_an_unconfirmed_end_that_kept_the_class_too_long_says_so_and_stays_down() -> None:
    stale = member(end_date=END, taken=END)
    much_later = END + timedelta(days=8)
    fallen = decide(stale, today=much_later)
    assert short(fallen) == ("ec_only", "ended_unconfirmed", None)
    assert decide(stale, today=much_later, current="ec_only") == fallen


@pytest.mark.parametrize("current", [None, "ec_only"])
def test_an_unconfirmed_end_keeps_a_class_but_does_not_give_it(current: str | None) -> None:
    decision = decide(member(end_date=END, taken=END), current=current)
    assert short(decision) == ("ec_only", "ended_unconfirmed", None)


def test_in_the_days_of_grace_the_class_stays_and_the_end_date_is_the_one_on_the_card() -> None:
    policy = SourcePolicy(ExpiryPolicy("column", grace_days=10))
    decision = decide(member(policy=policy, end_date=END))
    assert decision == ClassDecision("store", "in_grace", 1, END, date(2026, 4, 10), due_on=date(2026, 4, 11))


def test_after_grace_it_falls_only_on_data_taken_after_grace() -> None:
    policy = SourcePolicy(ExpiryPolicy("column", grace_days=10))
    today = date(2026, 4, 11)
    too_old = member(policy=policy, end_date=END, taken=date(2026, 4, 10))
    assert decide(too_old, today=today).reason == "end_unconfirmed"
    assert decide(replace(too_old, data_as_of=morning_of(today)), today=today).reason == "ended"


def test_somebody_who_renews_is_back_at_once() -> None:
    renewed = member(end_date=date(2027, 3, 31))
    assert short(decide(renewed, current="ec_only")) == ("store", "current", date(2027, 4, 1))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("none", "no_policy"), ("status", "active_by_status"), ("joined", "no_end_date")],
)
def test_without_a_policy_or_a_date_time_downgrades_nobody(kind: str, reason: str) -> None:
    long_ago = member(kind, end_date=date(1999, 1, 1), last_visit_on=date(1999, 1, 1))
    assert decide(long_ago) == ClassDecision("store", reason, 1)


def test_an_unlimited_membership_has_no_end() -> None:
    assert decide(member(end_date=END, unlimited=True)) == ClassDecision("store", "unlimited", 1)


def test_the_end_of_the_calendar_never_comes() -> None:
    forever = decide(member(end_date=date.max))
    assert (forever.membership_class, forever.due_on) == ("store", None)


def test_a_suspended_member_is_ec_only_whatever_the_dates() -> None:
    decision = decide(member(status="suspended", end_date=date(2030, 1, 1)))
    assert decision == ClassDecision("ec_only", "suspended", 1)


@pytest.mark.parametrize("left_on", [None, END, NEXT_DAY])
def test_a_withdrawn_member_is_ec_only_from_the_day_of_withdrawal(left_on: date | None) -> None:
    decision = decide(member("none", status="withdrawn", left_on=left_on))
    assert short(decision) == ("ec_only", "withdrawn", None)


def test_a_withdrawal_still_to_come_ends_the_membership_on_that_day() -> None:
    leaves = date(2026, 4, 30)
    decision = decide(member("none", status="withdrawn", left_on=leaves))
    last_day = date(2026, 4, 29)
    assert decision == ClassDecision("store", "leaving", 1, last_day, last_day, due_on=leaves)


def test_a_withdrawal_after_the_end_does_not_lengthen_the_membership() -> None:
    leaves = date(2026, 4, 30)
    leaving = member(status="withdrawn", left_on=leaves, end_date=END)
    assert short(decide(leaving, today=END)) == ("store", "current", NEXT_DAY)
    assert short(decide(leaving, today=NEXT_DAY)) == ("ec_only", "ended", leaves)


def test_a_withdrawal_in_the_days_of_grace_keeps_the_end_date_of_the_card() -> None:
    policy = SourcePolicy(ExpiryPolicy("column", grace_days=10))
    leaving = member(policy=policy, status="withdrawn", left_on=date(2026, 4, 5), end_date=END)
    decision = decide(leaving)
    assert (decision.end_date, decision.valid_through) == (END, date(2026, 4, 4))


@pytest.mark.parametrize(
    ("status", "reason", "question"),
    [("lost", "lost_card", "replacement_card"), ("merged", "merged_away", "merged_into_whom")],
)
def test_a_lost_or_merged_card_keeps_the_class_until_its_end_and_asks(
    status: str, reason: str, question: str
) -> None:
    card = member(status=status, end_date=END)
    kept = decide(card, today=END)
    assert short(kept) == ("store", reason, NEXT_DAY)
    assert kept.cases == ((1, question),)
    assert short(decide(card)) == ("ec_only", "ended", None)
    assert short(decide(replace(card, data_as_of=morning_of(END)))) == ("store", "end_unconfirmed", NEXT_DAY)


@pytest.mark.parametrize("status", ["lost", "merged"])
@pytest.mark.parametrize("current", [None, "ec_only"])
def test_a_lost_or_merged_card_gives_the_class_to_nobody_who_lacks_it(
    status: str, current: str | None
) -> None:
    decision = decide(member(status=status, end_date=END), today=END, current=current)
    assert decision.membership_class == "ec_only"
    assert decision.cases


def test_an_unknown_status_is_an_error_that_names_the_member() -> None:
    with pytest.raises(ValueError, match="member 1: unknown status 'vip'"):
        decide(member(status="vip"))


def test_one_current_member_is_enough_and_the_one_that_ends_last_is_shown() -> None:
    ended = member(member_id=1, end_date=END)
    shorter = member(member_id=2, end_date=date(2026, 12, 31))
    longer = member(member_id=3, end_date=date(2027, 3, 31))
    decision = decide(ended, longer, shorter)
    assert (decision.membership_class, decision.member_id) == ("store", 3)
    assert decision.due_on == date(2027, 1, 1)
    assert decide(ended, shorter).member_id == 2


def test_of_two_members_without_an_end_the_older_number_is_shown() -> None:
    assert decide(member("none", member_id=5), member("none", member_id=2)).member_id == 2


def test_a_live_card_is_shown_before_a_lost_one_that_ends_later() -> None:
    lost = member(member_id=1, status="lost", end_date=date(2030, 1, 1))
    live = member(member_id=2, end_date=date(2026, 12, 31))
    assert decide(lost, live).member_id == 2


def test_a_confirmed_membership_is_shown_before_an_unconfirmed_end() -> None:
    unconfirmed = member(member_id=1, end_date=END, taken=END)
    lost = member(member_id=2, status="lost", end_date=date(2026, 12, 31))
    decision = decide(unconfirmed, lost)
    assert (decision.member_id, decision.reason, decision.unconfirmed) == (2, "lost_card", False)


def test_when_all_have_ended_the_last_end_is_shown() -> None:
    long_ago = member(member_id=1, status="withdrawn", left_on=date(2020, 1, 1))
    assert decide(long_ago, member(member_id=2, end_date=END)).member_id == 2


PAUSE = ClassSettings(pause_from=date(2026, 3, 1), pause_until=date(2026, 5, 31))


@pytest.mark.parametrize("facts", [{"end_date": END}, {"status": "suspended"}, {"status": "withdrawn"}])
def test_while_paused_a_downgrade_waits_until_the_day_after_the_pause(facts: dict[str, object]) -> None:
    card = member(**facts)  # type: ignore[arg-type]
    assert short(decide(card, settings=PAUSE)) == ("store", "downgrades_paused", date(2026, 6, 1))
    assert decide(card, settings=PAUSE, today=date(2026, 5, 31)).membership_class == "store"
    assert decide(card, settings=PAUSE, today=date(2026, 6, 1)).membership_class == "ec_only"


def test_while_paused_an_upgrade_goes_on_and_who_is_ec_only_stays_so() -> None:
    assert decide(member(), settings=PAUSE, current="ec_only").membership_class == "store"
    assert decide(member(end_date=END), settings=PAUSE, current="ec_only").membership_class == "ec_only"


def test_while_paused_an_ended_link_takes_the_class_away() -> None:
    assert decide(settings=PAUSE).membership_class == "ec_only"


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        (ClassSettings(pause_from=NEXT_DAY), "store"),
        (ClassSettings(pause_until=NEXT_DAY), "store"),
        (ClassSettings(pause_until=END), "ec_only"),
        (ClassSettings(pause_from=date(2026, 4, 2)), "ec_only"),
    ],
)
def test_a_pause_may_be_open_on_one_side(pause: ClassSettings, expected: str) -> None:
    assert decide(member(end_date=END), settings=pause).membership_class == expected


def test_a_pause_yet_to_begin_is_looked_at_again_when_it_does() -> None:
    pause = ClassSettings(pause_from=date(2026, 4, 5))
    assert decide(member(end_date=END), settings=pause).due_on == date(2026, 4, 5)


def test_an_override_stands_before_everything_until_its_last_day() -> None:
    override = Override("override", "store", END, "apology", until=date(2026, 4, 30))
    suspended = member(status="suspended")
    decision = decide(suspended, current="ec_only", overrides=(override,))
    assert decision == ClassDecision("store", "override", 1, due_on=date(2026, 5, 1))
    after = decide(suspended, today=date(2026, 5, 1), overrides=(override,))
    assert short(after) == ("ec_only", "suspended", None)


def test_an_override_needs_no_member_and_may_take_the_class_away() -> None:
    override = Override("override", "ec_only", END, "abuse")
    assert decide(overrides=(override,)) == ClassDecision("ec_only", "override")
    assert decide(member(), settings=PAUSE, overrides=(override,)).membership_class == "ec_only"


def test_an_override_of_tomorrow_is_looked_at_tomorrow() -> None:
    override = Override("override", "ec_only", date(2026, 4, 2), "agreed")
    assert short(decide(member("none"), overrides=(override,))) == ("store", "no_policy", date(2026, 4, 2))


def test_an_override_keeps_the_questions_about_the_members() -> None:
    override = Override("override", "store", END, "apology")
    assert decide(member(status="lost"), overrides=(override,)).cases == ((1, "replacement_card"),)


def test_every_question_and_reason_has_words() -> None:
    assert {"replacement_card", "merged_into_whom"} == set(CASE_KINDS)
    assert all(REASONS.values())


def test_under_an_override_the_shown_member_is_looked_at_again_when_an_unconfirmed_end_runs_out() -> None:
    override = Override("override", "store", END, "apology")
    unconfirmed = member(member_id=1, end_date=END, taken=END)
    suspended = member(member_id=2, status="suspended")
    decision = decide(unconfirmed, suspended, overrides=(override,))
    assert (decision.member_id, decision.due_on) == (1, date(2026, 4, 8))
    assert decide(unconfirmed, suspended, today=date(2026, 4, 8), overrides=(override,)).member_id == 2


@pytest.mark.parametrize("held", [None, "ec_only", "store"])
def test_a_code_that_waits_for_the_stores_data_lends_the_class_through_its_last_day(held: str | None) -> None:
    lent = class_of([], END, USUAL, current_class=held, lent_until=END)
    assert lent == ClassDecision("store", "provisional", valid_through=END, due_on=NEXT_DAY)
    over = class_of([], NEXT_DAY, USUAL, current_class=held, lent_until=END)
    assert over == ClassDecision("ec_only", "provisional_over", valid_through=END)


def test_what_was_lent_is_forgotten_once_there_is_a_link() -> None:
    linked = class_of([member(end_date=END)], END, USUAL, current_class="store", lent_until=NEXT_DAY)
    assert linked == decide(member(end_date=END), today=END)


def test_whoever_withdrew_was_a_member_through_the_day_before() -> None:
    decision = decide(member(status="withdrawn", left_on=END))
    assert decision == ClassDecision("ec_only", "withdrawn", 1, valid_through=date(2026, 3, 30))


def test_an_end_that_waits_for_newer_data_is_told_with_its_dates() -> None:
    waiting = decide(member(end_date=END, taken=END))
    assert waiting == ClassDecision("store", "end_unconfirmed", 1, END, END, True, due_on=NEXT_DAY)
    over = decide(member(end_date=END, taken=END), today=date(2026, 4, 8))
    assert over == ClassDecision("ec_only", "ended_unconfirmed", 1, END, END, True)


def test_whoever_leaves_after_the_end_waits_for_newer_data_like_everybody() -> None:
    leaving = member(status="withdrawn", end_date=END, left_on=date(2026, 6, 1), taken=END)
    assert short(decide(leaving)) == ("store", "end_unconfirmed", NEXT_DAY)
    assert decide(leaving, current="ec_only").membership_class == "ec_only"
    at_once = decide(leaving, settings=ClassSettings(unconfirmed_days=0))
    assert short(at_once) == ("ec_only", "ended_unconfirmed", date(2026, 6, 1))


def test_a_member_ends_by_the_policy_of_the_rank() -> None:
    policy = SourcePolicy(ExpiryPolicy("column"), {"GOLD": ExpiryPolicy("joined", 24)})
    gold = replace(member(end_date=END, taken=END), policy=policy, rank="GOLD", joined_on=date(2025, 4, 1))
    assert decide(gold).end_date == date(2027, 3, 31)


def test_what_is_lent_is_looked_at_again_when_it_ends_though_an_override_stands_longer() -> None:
    override = Override("override", "ec_only", date(2026, 3, 1), "", until=date(2026, 4, 10))
    decision = class_of([], date(2026, 3, 30), USUAL, overrides=(override,), lent_until=END)
    assert short(decision) == ("ec_only", "override", NEXT_DAY)


def test_whoever_leaves_the_day_after_the_end_is_leaving_on_the_last_day() -> None:
    decision = decide(member(status="withdrawn", end_date=END, left_on=NEXT_DAY), today=END)
    assert decision == ClassDecision("store", "leaving", 1, END, END, due_on=NEXT_DAY)
