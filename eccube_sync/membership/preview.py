"""What every possible expiry policy would do to the members there are, before one is chosen.

Works on columns, so that 100,000 members take a moment. It gives every member the end date ``term_of`` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from dateutil.relativedelta import relativedelta
from numpy.typing import NDArray

from eccube_sync.membership.facts import SUSPENDED, WITHDRAWN
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy

Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]

_LAST_DAY = np.datetime64(date.max, "D")


@dataclass(frozen=True, slots=True)
class MemberColumns:
    """The facts of many members, one position each; dates as ``datetime64[D]`` with NaT for an empty cell."""

    status: NDArray[np.str_]
    rank: NDArray[np.str_]
    joined_on: Days
    last_visit_on: Days
    end_date: Days
    left_on: Days
    unlimited: Flags

    @classmethod
    def of(
        cls,
        *,
        status: Sequence[str],
        rank: Sequence[str],
        joined_on: Sequence[date | None],
        last_visit_on: Sequence[date | None],
        end_date: Sequence[date | None],
        left_on: Sequence[date | None],
        unlimited: Sequence[bool],
    ) -> MemberColumns:
        """From plain lists of equal length."""
        return cls(
            status=np.array(status, np.str_),
            rank=np.array(rank, np.str_),
            joined_on=np.array(joined_on, "datetime64[D]"),
            last_visit_on=np.array(last_visit_on, "datetime64[D]"),
            end_date=np.array(end_date, "datetime64[D]"),
            left_on=np.array(left_on, "datetime64[D]"),
            unlimited=np.array(unlimited, np.bool_),
        )


class Ending(NamedTuple):
    """How many members end from ``first`` through ``last``, both included."""

    first: date
    last: date
    members: int


@dataclass(frozen=True, slots=True)
class PolicyPreview:
    """What one policy would mean today, in members.

    ``current`` + ``expired`` + ``ended_by_status`` are all members. ``endings`` are the three months from
    today (today through the day before the same day of next month, and so on), by the last valid day with
    grace. ``fill_rate``, a part of one, counts those members not ended by status for whom the policy finds a
    date or 無期限; it is 1.0 for policies that need no date.
    """

    policy: SourcePolicy
    current: int
    expired: int
    ended_by_status: int
    endings: tuple[Ending, ...]
    fill_rate: float


def possible_policies(columns: MemberColumns, configured: SourcePolicy | None = None) -> list[SourcePolicy]:
    """The policies these columns allow, the configured one first; terms of 12, 24 and 36 months."""
    policies = [configured] if configured else []
    plain = [ExpiryPolicy("none"), ExpiryPolicy("status")]
    if _any(columns.end_date) or columns.unlimited.any():
        plain.append(ExpiryPolicy("column"))
    if _any(columns.joined_on):
        plain += [ExpiryPolicy("joined", months) for months in (12, 24, 36)]
    if _any(columns.last_visit_on):
        plain += [ExpiryPolicy("last_visit", months) for months in (12, 24, 36)]
    return policies + [SourcePolicy(each) for each in plain if SourcePolicy(each) != configured]


def preview(columns: MemberColumns, policies: Sequence[SourcePolicy], today: date) -> list[PolicyPreview]:
    """What each policy would mean on the business date ``today``, if store data of today confirmed it."""
    left = ~(columns.left_on > np.datetime64(today, "D"))  # NaT: withdrawn at once
    ended = (columns.status == SUSPENDED) | ((columns.status == WITHDRAWN) & left)
    return [_preview(columns, each, today, ended) for each in policies]


def _preview(columns: MemberColumns, policy: SourcePolicy, today: date, ended: Flags) -> PolicyPreview:
    last_day, found = last_days(columns, policy)
    leaving = (columns.status == WITHDRAWN) & ~np.isnat(columns.left_on)
    last_day = np.where(leaving, np.fmin(last_day, columns.left_on - 1), last_day)
    living = ~ended
    expired = int((living & (last_day < np.datetime64(today, "D"))).sum())
    members = int(living.sum())
    endings = []
    for month in range(3):
        first = today + relativedelta(months=month)
        last = today + relativedelta(months=month + 1, days=-1)
        within = (last_day >= np.datetime64(first, "D")) & (last_day <= np.datetime64(last, "D"))
        endings.append(Ending(first, last, int((living & within).sum())))
    return PolicyPreview(
        policy,
        members - expired,
        expired,
        int(ended.sum()),
        tuple(endings),
        float((found & living).sum() / members) if members else 0.0,
    )


def last_days(columns: MemberColumns, policy: SourcePolicy) -> tuple[Days, Flags]:
    """The last valid day with grace of every member (NaT: no known end), and for whom the policy knows."""
    last_day, found = _last_days(columns, policy.default)
    for rank, other in policy.by_rank.items():
        of_rank = columns.rank == rank
        other_day, other_found = _last_days(columns, other)
        last_day, found = np.where(of_rank, other_day, last_day), np.where(of_rank, other_found, found)
    return last_day, found


def _last_days(columns: MemberColumns, policy: ExpiryPolicy) -> tuple[Days, Flags]:
    size = len(columns.status)
    if policy.kind in ("none", "status"):
        return np.full(size, "NaT", "datetime64[D]"), np.ones(size, np.bool_)
    if policy.kind == "column":
        end = _end_of_month(columns.end_date.astype("M8[M]")) if policy.month_end else columns.end_date
    elif policy.kind == "joined":
        end = _term_ends(columns.joined_on, policy)
    else:
        never_back = np.isnat(columns.last_visit_on)
        end = _term_ends(np.where(never_back, columns.joined_on, columns.last_visit_on), policy)
    end = np.where(columns.unlimited, np.datetime64("NaT", "D"), end)
    found = columns.unlimited | ~np.isnat(end)
    return np.minimum(np.minimum(end, _LAST_DAY) + policy.grace_days, _LAST_DAY), found


def _term_ends(start: Days, policy: ExpiryPolicy) -> Days:
    """``term_end`` over a column."""
    month = start.astype("M8[M]")
    days_into_month = start - month.astype("M8[D]")
    last = _end_of_month(month + policy.months)
    if policy.month_end:
        return last
    ends: Days = np.minimum((month + policy.months).astype("M8[D]") + days_into_month - 1, last)
    return ends


def _end_of_month(month: NDArray[np.datetime64]) -> Days:
    return (month + 1).astype("M8[D]") - 1


def _any(dates: Days) -> bool:
    return bool((~np.isnat(dates)).any())
