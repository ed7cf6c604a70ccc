"""What the store's data says about one linked member; the input of ``class_of``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Final

from eccube_sync.membership.policies import SourcePolicy

STORE: Final = "store"
EC_ONLY: Final = "ec_only"

ACTIVE = "active"
SUSPENDED = "suspended"
LOST = "lost"
WITHDRAWN = "withdrawn"
MERGED = "merged"


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One linked member as its source last described it.

    ``data_as_of`` is the aware moment at which that source's newest accepted store data was taken; it belongs
    to the source, so it moves on for a member whose own row did not change. An empty cell is None.
    """

    member_id: int
    policy: SourcePolicy
    data_as_of: datetime
    status: str = ACTIVE
    joined_on: date | None = None
    last_visit_on: date | None = None
    end_date: date | None = None
    unlimited: bool = False
    left_on: date | None = None
    rank: str = ""


def members_mark(members: Sequence[MemberFacts]) -> str:
    """A short mark of everything about these members that their class depends on.

    It changes when a membership changes (status, dates, rank, another linked member) and stays when only the
    file is newer. A visit counts only where the policy reads visits: a purchase is not a renewal.
    """
    lines = []
    for member in sorted(members, key=lambda each: each.member_id):
        visit = member.last_visit_on if member.policy.of(member.rank).kind == "last_visit" else None
        facts = (member.member_id, member.status, member.joined_on, visit, member.end_date)
        lines.append(repr((*facts, member.unlimited, member.left_on, member.rank)))
    return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()
