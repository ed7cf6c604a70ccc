"""Overrides and holds: which one stands, from when, until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from eccube_sync.membership.classes import ClassSettings, class_of
from eccube_sync.membership.facts import members_mark
from eccube_sync.membership.holds import Override, active_override, hold_after_undo, standing_overrides
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy
from tests.membership.people import member, morning_of

TODAY = date(2026, 4, 1)
ENDED = member(end_date=date(2026, 3, 31), joined_on=date(2025, 4, 1))


@pytest.mark.parametrize(
    ("day", "covered"),
    [
        (date(2026, 3, 31), False),
        (date(2026, 4, 1), True),
        (date(2026, 4, 30), True),
        (date(2026, 5, 1), False),
    ],
)
def test_an_override_covers_both_its_dates(day: date, covered: bool) -> None:
    assert Override("override", "store", TODAY, "", until=date(2026, 4, 30)).covers(day) is covered


def test_an_override_without_an_end_lasts() -> None:
    assert Override("override", "store", TODAY, "").covers(date(2099, 1, 1))


def test_an_undone_downgrade_is_not_done_again_by_the_next_night() -> None:
    hold = hold_after_undo([ENDED], TODAY, "run 12 undone")
    assert (hold.since, hold.reason) == (TODAY, "run 12 undone")
    for night in (date(2026, 4, 2), date(2026, 9, 1)):
        tonight = replace(ENDED, data_as_of=morning_of(night))
        decision = class_of([tonight], night, ClassSettings(), current_class="store", overrides=[hold])
        assert (decision.membership_class, decision.reason) == ("store", "hold")


@pytest.mark.parametrize(
    "change",
    [
        {"end_date": date(2026, 3, 30)},
        {"status": "suspended"},
        {"rank": "GOLD"},
        {"joined_on": date(2025, 4, 2)},
        {"unlimited": True},
        {"left_on": TODAY},
    ],
)
def test_a_hold_ends_with_the_members_next_change(change: dict[str, object]) -> None:
    hold = hold_after_undo([ENDED], TODAY, "run 12 undone")
    changed = replace(ENDED, **change)  # type: ignore[arg-type]
    assert standing_overrides([hold], [ENDED]) == [hold]
    assert standing_overrides([hold], [changed]) == []


def test_a_hold_ends_when_another_member_is_linked() -> None:
    hold = hold_after_undo([ENDED], TODAY, "run 12 undone")
    assert standing_overrides([hold], [ENDED, member(member_id=2)]) == []


def test_a_visit_is_a_change_only_where_the_policy_counts_visits() -> None:
    by_date, by_visit = member("column"), member("last_visit")
    visited = {"last_visit_on": TODAY}
    assert members_mark([by_date]) == members_mark([replace(by_date, **visited)])  # type: ignore[arg-type]
    assert members_mark([by_visit]) != members_mark([replace(by_visit, **visited)])  # type: ignore[arg-type]


def test_the_order_of_the_members_is_no_change() -> None:
    one, two = member(member_id=1), member(member_id=2)
    assert members_mark([one, two]) == members_mark([two, one])


def test_a_person_stands_before_an_undo_and_outlives_a_change() -> None:
    hold = hold_after_undo([ENDED], TODAY, "run 12 undone")
    override = Override("override", "ec_only", date(2026, 3, 1), "abuse")
    assert active_override([hold, override], TODAY) == override
    assert standing_overrides([hold, override], [member(member_id=9)]) == [override]


def test_of_two_the_newer_stands_and_of_two_of_one_day_the_later() -> None:
    older = Override("override", "store", date(2026, 3, 1), "first")
    newer = Override("override", "ec_only", TODAY, "second")
    latest = replace(newer, reason="third")
    assert active_override([newer, older], TODAY) == newer
    assert active_override([older, newer, latest], TODAY) == latest


def test_none_stands_when_none_covers_the_day() -> None:
    assert active_override([Override("override", "store", TODAY, "")], date(2026, 3, 31)) is None
    assert active_override([], TODAY) is None


def test_a_visit_ends_a_hold_only_where_the_rank_of_the_member_lives_by_visits() -> None:
    policy = SourcePolicy(ExpiryPolicy("column"), {"GOLD": ExpiryPolicy("last_visit", 12)})
    for rank, ends in (("", False), ("GOLD", True)):
        before = replace(ENDED, policy=policy, rank=rank, last_visit_on=date(2025, 5, 1))
        hold = hold_after_undo([before], TODAY, "run 12 undone")
        after = replace(before, last_visit_on=date(2026, 3, 1))
        assert (standing_overrides([hold], [after]) == []) is ends
        assert hold.mark is not None and len(hold.mark) == 32
