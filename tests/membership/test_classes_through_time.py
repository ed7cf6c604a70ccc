"""What must hold of the class of any customer on any day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from eccube_sync.membership.classes import CASE_KINDS, REASONS, ClassSettings, class_of
from eccube_sync.membership.facts import MemberFacts
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy
from tests.membership.people import (
    DAY_ONE,
    classes_before,
    linked_members,
    member,
    near_days,
    overrides_on,
    settings,
    with_data_taken,
)

many = hypothesis_settings(max_examples=4 * hypothesis_settings.default.max_examples, deadline=None)
A_WHILE = 150


@many
@given(st.data(), linked_members, near_days, settings, classes_before)
def test_the_answer_stays_the_same_until_it_is_due(
    data: st.DataObject,
    linked: list[MemberFacts],
    today: date,
    chosen: ClassSettings,
    current: str | None,
) -> None:
    overrides = data.draw(overrides_on(linked))
    first = class_of(linked, today, chosen, current_class=current, overrides=overrides)
    quiet = (first.due_on - today).days if first.due_on else A_WHILE
    for days in range(min(quiet, A_WHILE)):
        day = today + timedelta(days=days)
        assert class_of(linked, day, chosen, current_class=current, overrides=overrides) == first


@many
@given(st.data(), linked_members, near_days, settings, classes_before)
def test_the_answer_given_back_is_given_again(
    data: st.DataObject,
    linked: list[MemberFacts],
    today: date,
    chosen: ClassSettings,
    current: str | None,
) -> None:
    overrides = data.draw(overrides_on(linked))
    first = class_of(linked, today, chosen, current_class=current, overrides=overrides)
    again = class_of(linked, today, chosen, current_class=first.membership_class, overrides=overrides)
    assert again.membership_class == first.membership_class
    assert first.reason == "downgrades_paused" or again.reason == first.reason
    assert first.reason in REASONS
    assert {kind for _, kind in first.cases} <= set(CASE_KINDS)


@many
@given(st.data(), linked_members, settings, classes_before, st.lists(st.booleans(), min_size=60, max_size=60))
def test_a_nightly_that_looks_only_at_who_is_due_misses_nothing(
    data: st.DataObject,
    linked: list[MemberFacts],
    chosen: ClassSettings,
    current: str | None,
    nights_with_a_file: list[bool],
) -> None:
    overrides = data.draw(overrides_on(linked))
    everyone = lazy = class_of(linked, DAY_ONE, chosen, current_class=current, overrides=overrides)
    for night, new_file in enumerate(nights_with_a_file, start=1):
        today = DAY_ONE + timedelta(days=night)
        if new_file:
            linked = with_data_taken(linked, today)
        everyone = class_of(
            linked, today, chosen, current_class=everyone.membership_class, overrides=overrides
        )
        if lazy.due_on and lazy.due_on <= today:
            lazy = class_of(linked, today, chosen, current_class=lazy.membership_class, overrides=overrides)
        assert lazy.membership_class == everyone.membership_class


@many
@given(end=st.integers(-5, 5), grace=st.integers(0, 3), taken=st.integers(-9, 12), waiting=st.integers(0, 4))
def test_time_takes_a_class_away_only_after_the_last_day_and_on_newer_data_or_after_waiting(
    end: int, grace: int, taken: int, waiting: int
) -> None:
    """All days counted from today; 6 in the morning of the next day is the first file after a day closed."""
    linked = member(
        policy=SourcePolicy(ExpiryPolicy("column", grace_days=grace)),
        end_date=DAY_ONE + timedelta(days=end),
        taken=DAY_ONE + timedelta(days=taken),
    )
    decision = class_of([linked], DAY_ONE, ClassSettings(waiting), current_class="store")
    last_day = end + grace
    confirmed = taken > last_day
    over = last_day < 0 and (confirmed or last_day + waiting < 0)
    assert decision.membership_class == ("ec_only" if over else "store")
    assert decision.unconfirmed == (last_day < 0 and not confirmed)


@many
@given(linked_members, near_days, settings, classes_before)
def test_a_longer_membership_never_lowers_the_class(
    linked: list[MemberFacts], today: date, chosen: ClassSettings, current: str | None
) -> None:
    longer = [replace(each, end_date=each.end_date and each.end_date + timedelta(days=1)) for each in linked]
    before = class_of(linked, today, chosen, current_class=current)
    after = class_of(longer, today, chosen, current_class=current)
    assert before.membership_class == "ec_only" or after.membership_class == "store"


@many
@given(linked_members, near_days, settings, classes_before)
def test_another_member_never_lowers_the_class(
    linked: list[MemberFacts], today: date, chosen: ClassSettings, current: str | None
) -> None:
    before = class_of(linked[:-1], today, chosen, current_class=current)
    after = class_of(linked, today, chosen, current_class=current)
    assert before.membership_class == "ec_only" or after.membership_class == "store"


@many
@given(linked_members, near_days, settings, classes_before)
def test_the_order_of_the_members_does_not_matter(
    linked: list[MemberFacts], today: date, chosen: ClassSettings, current: str | None
) -> None:
    forwards = class_of(linked, today, chosen, current_class=current)
    backwards = class_of(linked[::-1], today, chosen, current_class=current)
    assert replace(forwards, cases=()) == replace(backwards, cases=())
    assert sorted(forwards.cases) == sorted(backwards.cases)
