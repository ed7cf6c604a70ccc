"""Overrides by a person and holds left by an undo: exceptions to the computed class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from eccube_sync.membership.facts import STORE, MemberFacts, members_mark

OverrideKind = Literal["override", "hold"]


@dataclass(frozen=True, slots=True)
class Override:
    """A class that stands in place of the computed one, from ``since`` through the end of ``until``.

    An ``override`` is a person's and lasts until its date or until a person ends it. A ``hold`` is what an
    undone downgrade leaves behind: it lasts until the linked members change (``mark``, see ``members_mark``)
    or a person ends it. ``reason`` is what the person wrote, or the undone run.
    """

    kind: OverrideKind
    membership_class: str
    since: date
    reason: str
    until: date | None = None
    mark: str | None = None

    def covers(self, day: date) -> bool:
        """Whether ``day`` lies in its dates, both ends included."""
        return self.since <= day and (self.until is None or day <= self.until)


def hold_after_undo(
    members: Sequence[MemberFacts], today: date, reason: str, membership_class: str = STORE
) -> Override:
    """The hold an undone downgrade leaves: the class stays until the members' next change or a person."""
    return Override("hold", membership_class, today, reason, mark=members_mark(members))


def standing_overrides(overrides: Sequence[Override], members: Sequence[MemberFacts]) -> list[Override]:
    """Those not ended by a change of the linked members."""
    if not any(each.mark for each in overrides):
        return list(overrides)
    mark = members_mark(members)
    return [each for each in overrides if each.mark is None or each.mark == mark]


def active_override(standing: Sequence[Override], today: date) -> Override | None:
    """The one that decides today: a person before an undo, then the newest, then the later in the list."""
    active = [each for each in standing if each.covers(today)]
    if not active:
        return None
    order = [(each.kind == "override", each.since, place) for place, each in enumerate(active)]
    return active[max(order)[2]]
