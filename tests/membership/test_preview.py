"""The preview of every policy: the same answers as the rules give, member by member, and fast."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from time import perf_counter

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from eccube_sync.membership.classes import ClassSettings, class_of
from eccube_sync.membership.facts import MemberFacts
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy, term_of
from eccube_sync.membership.preview import Ending, MemberColumns, last_days, possible_policies, preview
from tests.membership.people import member, members, morning_of, near_days, source_policies

TODAY = date(2026, 4, 1)
DAY = timedelta(days=1)


def columns_of(people: list[MemberFacts]) -> MemberColumns:
    return MemberColumns.of(
        status=[each.status for each in people],
        rank=[each.rank for each in people],
        joined_on=[each.joined_on for each in people],
        last_visit_on=[each.last_visit_on for each in people],
        end_date=[each.end_date for each in people],
        left_on=[each.left_on for each in people],
        unlimited=[each.unlimited for each in people],
    )


@hypothesis_settings(max_examples=2 * hypothesis_settings.default.max_examples, deadline=None)
@given(st.lists(members, max_size=8), source_policies, near_days)
def test_the_preview_counts_what_class_of_decides(
    people: list[MemberFacts], policy: SourcePolicy, today: date
) -> None:
    people = [replace(each, policy=policy, data_as_of=morning_of(today)) for each in people]
    decisions = [class_of([each], today, ClassSettings(), current_class="store") for each in people]
    (seen,) = preview(columns_of(people), [policy], today)
    store = [each for each in decisions if each.membership_class == "store"]
    assert seen.current == len(store)
    assert seen.expired == sum(each.reason == "ended" for each in decisions)
    assert seen.ended_by_status == sum(each.reason in ("suspended", "withdrawn") for each in decisions)
    for ending in seen.endings:
        within = [
            each for each in store if each.valid_through and ending.first <= each.valid_through <= ending.last
        ]
        assert ending.members == len(within)


@given(
    st.dates(date(1950, 1, 1), date(9999, 12, 31)),
    st.integers(1, 600),
    st.booleans(),
    st.integers(0, 90),
    st.sampled_from(["column", "joined", "last_visit"]),
)
def test_the_columns_end_on_the_day_the_rules_say(
    start: date, months: int, month_end: bool, grace: int, kind: str
) -> None:
    policy = ExpiryPolicy(kind, months, grace, month_end)  # type: ignore[arg-type]
    ends, found = last_days(columns_of([member(joined_on=start, end_date=start)]), SourcePolicy(policy))
    assert ends[0].item() == term_of(policy, start, None, start, False).valid_through
    assert found[0]


def test_each_rank_ends_by_its_own_policy() -> None:
    policy = SourcePolicy(
        ExpiryPolicy("joined", 12), {"GOLD": ExpiryPolicy("joined", 24), "FREE": ExpiryPolicy("none")}
    )
    people = [member(joined_on=TODAY, rank=rank) for rank in ("", "GOLD", "FREE")]
    ends, found = last_days(columns_of(people), policy)
    assert ends.tolist() == [date(2027, 3, 31), date(2028, 3, 31), None]
    assert found.tolist() == [True, True, True]
    unknown = columns_of([member(rank="GOLD"), member(rank="FREE")])
    assert last_days(unknown, policy)[1].tolist() == [False, True]


def test_who_gives_notice_ends_the_day_before_leaving() -> None:
    leaving = [TODAY - DAY, TODAY, TODAY + DAY, date(2026, 5, 1), date(2026, 5, 2)]
    people = [member(status="withdrawn", left_on=left_on) for left_on in leaving]
    policy = SourcePolicy(ExpiryPolicy("column"))
    (seen,) = preview(columns_of(people), [policy], TODAY)
    assert seen.policy == policy
    assert (seen.ended_by_status, seen.current, seen.expired) == (2, 3, 0)
    assert [ending.members for ending in seen.endings] == [2, 1, 0]


def test_the_next_three_months_begin_today_and_leave_no_gap() -> None:
    (seen,) = preview(columns_of([]), [SourcePolicy()], date(2026, 1, 31))
    assert seen.endings == (
        Ending(date(2026, 1, 31), date(2026, 2, 27), 0),
        Ending(date(2026, 2, 28), date(2026, 3, 30), 0),
        Ending(date(2026, 3, 31), date(2026, 4, 29), 0),
    )
    assert (seen.current, seen.expired, seen.fill_rate) == (0, 0, 0.0)


def test_every_policy_the_file_allows_is_compared_the_chosen_one_first() -> None:
    nothing = columns_of([member(), member()])
    kinds = [each.default.kind for each in possible_policies(nothing)]
    assert kinds == ["none", "status"]
    full = columns_of([member(end_date=TODAY, joined_on=TODAY, last_visit_on=TODAY)])
    chosen = SourcePolicy(ExpiryPolicy("joined", 24))
    policies = possible_policies(full, chosen)
    assert policies[0] == chosen
    assert policies.count(chosen) == 1
    assert [(each.default.kind, each.default.months) for each in policies[1:]] == [
        ("none", 0),
        ("status", 0),
        ("column", 0),
        ("joined", 12),
        ("joined", 36),
        ("last_visit", 12),
        ("last_visit", 24),
        ("last_visit", 36),
    ]


def test_a_file_that_only_says_unlimited_allows_the_column_policy() -> None:
    kinds = [each.default.kind for each in possible_policies(columns_of([member(unlimited=True)]))]
    assert "column" in kinds


def test_the_fill_rate_counts_the_living_with_a_date_or_without_an_end() -> None:
    people = [
        member(end_date=TODAY),
        member(unlimited=True),
        member(),
        member(),
        member(status="suspended", end_date=TODAY),
    ]
    by_column, by_status = preview(
        columns_of(people),
        [SourcePolicy(ExpiryPolicy("column")), SourcePolicy(ExpiryPolicy("status"))],
        TODAY,
    )
    assert by_column.fill_rate == 0.5
    assert by_status.fill_rate == 1.0
    assert by_column.ended_by_status == 1


def test_a_hundred_thousand_members_take_less_than_two_seconds() -> None:
    many = columns_of([member(joined_on=TODAY, last_visit_on=TODAY, end_date=TODAY)] * 100_000)
    begin = perf_counter()
    seen = preview(many, possible_policies(many), TODAY)
    assert perf_counter() - begin < 2
    assert all(each.current == 100_000 for each in seen)
