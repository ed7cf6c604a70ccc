"""Members and settings for the tests of the rules: short to write, and Hypothesis strategies for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from eccube_sync.membership.classes import ClassSettings
from eccube_sync.membership.facts import MemberFacts
from eccube_sync.membership.holds import Override, members_mark
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy

TOKYO = ZoneInfo("Asia/Tokyo")
STATUSES = ("active", "suspended", "lost", "withdrawn", "merged")


def morning_of(day: date) -> datetime:
    """Store data taken at 6 in the morning of a business date."""
    return datetime.combine(day, time(6), TOKYO)


def member(kind: str = "column", *, taken: date = date(2026, 4, 1), **facts: Any) -> MemberFacts:
    """A member under a policy of this kind (12 months where it needs a term)."""
    policy = facts.pop("policy", SourcePolicy(ExpiryPolicy(kind, 12)))  # type: ignore[arg-type]
    return MemberFacts(
        **{"member_id": 1, "policy": policy, "data_as_of": morning_of(taken).astimezone(UTC), **facts}
    )


DAY_ONE = date(2026, 1, 1)
near_days = st.integers(-40, 60).map(lambda days: DAY_ONE + timedelta(days=days))
maybe_near = st.none() | near_days
policies = st.builds(
    ExpiryPolicy,
    kind=st.sampled_from(["none", "column", "joined", "last_visit", "status"]),
    months=st.integers(1, 3),
    grace_days=st.sampled_from([0, 0, 1, 5]),
    month_end=st.booleans(),
)
source_policies = st.builds(
    SourcePolicy, default=policies, by_rank=st.dictionaries(st.just("GOLD"), policies, max_size=1)
)
members = st.builds(
    MemberFacts,
    member_id=st.integers(1, 5),
    policy=source_policies,
    data_as_of=near_days.map(morning_of),
    status=st.sampled_from(("active", "active", *STATUSES)),
    joined_on=maybe_near,
    last_visit_on=maybe_near,
    end_date=maybe_near,
    unlimited=st.sampled_from([False, False, True]),
    left_on=maybe_near,
    rank=st.sampled_from(["", "GOLD"]),
)
linked_members = st.lists(members, max_size=3, unique_by=lambda each: each.member_id)
settings = st.builds(
    ClassSettings, unconfirmed_days=st.integers(0, 8), pause_from=maybe_near, pause_until=maybe_near
)
classes_before = st.sampled_from([None, "store", "ec_only"])


@st.composite
def overrides_on(draw: st.DrawFn, linked: list[MemberFacts]) -> list[Override]:
    """A few overrides and holds on these members; some holds are of members that have changed since."""
    override = st.builds(
        Override,
        kind=st.just("override"),
        membership_class=st.sampled_from(["store", "ec_only"]),
        since=near_days,
        reason=st.just("told so"),
        until=maybe_near,
    )
    hold = st.builds(
        Override,
        kind=st.just("hold"),
        membership_class=st.just("store"),
        since=near_days,
        reason=st.just("run 7 undone"),
        mark=st.sampled_from([members_mark(linked), "changed since"]),
    )
    return draw(st.lists(st.one_of(override, hold), max_size=2))


def with_data_taken(linked: list[MemberFacts], day: date) -> list[MemberFacts]:
    """The same members after a newer file that says the same of them."""
    return [replace(each, data_as_of=morning_of(day)) for each in linked]
