"""``class_of``: the one answer to "which class has this customer today", for every caller.

The order is override or hold, then the POS status, then the expiry policy.

* Without a policy time downgrades nobody; only the POS status does. The same holds for an empty date.
* A class falls only on store data taken after its last valid day (grace included) closed in Tokyo. Until
  then the end is unconfirmed: a class already held is kept for ``unconfirmed_days`` after the last valid day.
  After that it falls as ``ended_unconfirmed``; the staleness guard still stands before it, so with an overdue
  file a person has to approve that.
* A lost or merged card keeps the class up to its known end date and asks who the successor is. It never gives
  the class to somebody who does not have it.
* A valid code of a member whom the store's data do not have yet lends the class for as long as the shop chose.
* While downgrades are paused, a linked customer keeps the class whatever the members' facts say; upgrades,
  overrides and ended links take effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from eccube_sync.i18n import mark
from eccube_sync.membership.facts import (
    ACTIVE,
    EC_ONLY,
    LOST,
    MERGED,
    STORE,
    SUSPENDED,
    WITHDRAWN,
    MemberFacts,
)
from eccube_sync.membership.holds import Override, active_override, standing_overrides
from eccube_sync.membership.policies import Term, closed_through, days_after, falls_on, term_of

REASONS: dict[str, str] = {
    "override": mark("a person set this class"),
    "hold": mark("a downgrade was undone; the class stays until the member changes"),
    "not_linked": mark("not linked to a store member"),
    "provisional": mark("lent for some days: a valid code waits for the store's data"),
    "provisional_over": mark("a code waits for the store's data; the days the class was lent are over"),
    "current": mark("the membership is valid"),
    "in_grace": mark("the end date has passed; the days of grace are running"),
    "unlimited": mark("the membership has no end"),
    "no_policy": mark("no expiry policy is chosen, so time ends no membership"),
    "active_by_status": mark("the POS says the member is active"),
    "no_end_date": mark("the store data has no date to compute an end from"),
    "leaving": mark("the member has given notice and is still valid"),
    "lost_card": mark("the card was reported lost; its replacement is not known yet"),
    "merged_away": mark("the member was merged into another one that is not known yet"),
    "end_unconfirmed": mark("the end date has passed; newer store data must confirm it"),
    "downgrades_paused": mark("the membership has ended; downgrades are paused"),
    "ended": mark("the membership has ended"),
    "ended_unconfirmed": mark("the membership has ended; no newer store data has confirmed it"),
    "suspended": mark("the POS says the member is suspended"),
    "withdrawn": mark("the member has withdrawn"),
}

CASE_KINDS: dict[str, str] = {
    "replacement_card": mark(
        "The linked card was reported lost, and no new card of this person was found. The class stays until its end "
        "date. Enter the new card at the POS for the same person, or have it linked (customers link); then choose "
        "Dealt with."
    ),
    "merged_into_whom": mark(
        "The linked member was merged into another one at the POS, and it is not clear into which. The class stays "
        "until its end date. Have the remaining member linked (customers link); then choose Dealt with."
    ),
}

_QUESTIONS = {LOST: ("lost_card", "replacement_card"), MERGED: ("merged_away", "merged_into_whom")}


class MemberCase(NamedTuple):
    """A question to a person about one linked member; ``kind`` is a key of ``CASE_KINDS``."""

    member_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class ClassSettings:
    """What a shop chose: how long an unconfirmed end keeps the class, and when downgrades are paused.

    The pause includes both its dates; one of them left out means "open on that side".
    """

    unconfirmed_days: int = 7
    pause_from: date | None = None
    pause_until: date | None = None

    def paused(self, day: date) -> bool:
        """Whether downgrades wait on ``day``."""
        if self.pause_from is None and self.pause_until is None:
            return False
        return (self.pause_from or date.min) <= day <= (self.pause_until or date.max)


@dataclass(frozen=True, slots=True)
class ClassDecision:
    """The class of one customer on one day, and why.

    ``reason`` is a key of ``REASONS``. ``member_id`` is the linked member to show, the one that ends last.
    ``end_date`` is its end date, ``valid_through`` the last day with grace; both None without a known end.
    ``unconfirmed`` says that no store data taken after ``valid_through`` exists yet (send no mail about it).

    ``due_on`` is the next date on which the answer may differ without any new data; None = never. While an
    unconfirmed end keeps the class it is today: the answer waits for store data, not for a date.
    """

    membership_class: str
    reason: str
    member_id: int | None = None
    end_date: date | None = None
    valid_through: date | None = None
    unconfirmed: bool = False
    due_on: date | None = None
    cases: tuple[MemberCase, ...] = ()


class _Standing(NamedTuple):
    """What one member alone gives the customer; ``due_on`` is later than today."""

    gives_store: bool
    reason: str
    member: MemberFacts
    end_date: date | None = None
    last_day: date | None = None
    unconfirmed: bool = False
    due_on: date | None = None


def class_of(
    members: Sequence[MemberFacts],
    today: date,
    settings: ClassSettings,
    *,
    current_class: str | None = None,
    overrides: Sequence[Override] = (),
    lent_until: date | None = None,
) -> ClassDecision:
    """The class a customer linked to ``members`` has on the business date ``today``.

    ``current_class`` is the class the customer has now (None before the first classification); an answer fed
    back as ``current_class`` is given again. ``lent_until`` is the last day on which a code that waits for the
    store's data lends the class to somebody without a link. Raises ``ValueError`` for a status no format knows.
    """
    held = current_class == STORE
    standings = [_standing(member, today, settings, held=held) for member in members]
    dates = [each.due_on for each in standings]
    shown = _shown(standings)
    if shown is None:
        decision = _lent(lent_until, today) if lent_until else ClassDecision(EC_ONLY, "not_linked")
        dates.append(decision.due_on)
    else:
        decision = _of_member(shown, members)
        if held and not shown.gives_store:
            dates += _pause_edges(settings)
            if settings.paused(today):
                decision = replace(decision, membership_class=STORE, reason="downgrades_paused")
    if overrides:
        standing = standing_overrides(overrides, members)
        dates += _override_edges(standing)
        if active := active_override(standing, today):
            decision = replace(decision, membership_class=active.membership_class, reason=active.kind)
    if decision.reason == "end_unconfirmed":
        return replace(decision, due_on=today)
    due_on = min((day for day in dates if day and day > today), default=None)
    return replace(decision, due_on=due_on) if due_on else decision


def _lent(until: date, today: date) -> ClassDecision:
    """The class without a link, while a valid code waits for the store's data and after."""
    if today > until:
        return ClassDecision(EC_ONLY, "provisional_over", valid_through=until)
    return ClassDecision(STORE, "provisional", valid_through=until, due_on=falls_on(until))


def _of_member(shown: _Standing, members: Sequence[MemberFacts]) -> ClassDecision:
    """The decision the shown member gives, with the questions about all of them."""
    return ClassDecision(
        STORE if shown.gives_store else EC_ONLY,
        shown.reason,
        shown.member.member_id,
        shown.end_date,
        shown.last_day,
        shown.unconfirmed,
        cases=tuple(
            [
                MemberCase(each.member_id, _QUESTIONS[each.status][1])
                for each in members
                if each.status in _QUESTIONS
            ]
        ),
    )


def _standing(member: MemberFacts, today: date, settings: ClassSettings, *, held: bool) -> _Standing:
    """The member's own answer: the POS status first, then the expiry policy."""
    status = member.status
    if status == ACTIVE:
        return _by_policy(member, _term(member), today, settings, held=held)
    if status == SUSPENDED:
        return _Standing(False, "suspended", member)
    if status == WITHDRAWN:
        return _withdrawn(member, today, settings, held=held)
    if status not in _QUESTIONS:
        raise ValueError(f"member {member.member_id}: unknown status {status!r}")
    kept = _by_policy(member, _term(member), today, settings, held=held)
    if not kept.gives_store or kept.reason == "end_unconfirmed":
        return kept
    return kept._replace(gives_store=held, reason=_QUESTIONS[status][0])


def _withdrawn(member: MemberFacts, today: date, settings: ClassSettings, *, held: bool) -> _Standing:
    """Ended from the day of withdrawal; a day still to come caps the term."""
    left_on = member.left_on
    if left_on is None or left_on <= today:
        last_day = days_after(left_on, -1) if left_on else None
        return _Standing(False, "withdrawn", member, last_day=last_day)
    last_day = days_after(left_on, -1)
    reason, end_date, valid_through = _term(member)
    if valid_through is None or last_day <= valid_through:
        end_date, valid_through = min(end_date or last_day, last_day), last_day
        return _Standing(True, "leaving", member, end_date, valid_through, due_on=left_on)
    standing = _by_policy(member, Term(reason, end_date, valid_through), today, settings, held=held)
    return standing._replace(due_on=min(standing.due_on or left_on, left_on))


def _term(member: MemberFacts) -> Term:
    return term_of(
        member.policy.of(member.rank),
        member.joined_on,
        member.last_visit_on,
        member.end_date,
        member.unlimited,
    )


def _by_policy(
    member: MemberFacts, term: Term, today: date, settings: ClassSettings, *, held: bool
) -> _Standing:
    """The answer of the expiry policy alone."""
    reason, end_date, last_day = term
    if end_date is None or last_day is None:
        return _Standing(True, reason, member)
    if today <= end_date:
        return _Standing(True, reason, member, end_date, last_day, due_on=falls_on(end_date))
    if today <= last_day:
        return _Standing(True, "in_grace", member, end_date, last_day, due_on=falls_on(last_day))
    if closed_through(member.data_as_of) >= last_day:
        return _Standing(False, "ended", member, end_date, last_day)
    limit = days_after(last_day, settings.unconfirmed_days)
    if held and today <= limit:
        return _Standing(True, "end_unconfirmed", member, end_date, last_day, True, falls_on(limit))
    return _Standing(False, "ended_unconfirmed", member, end_date, last_day, True)


def _shown(standings: Sequence[_Standing]) -> _Standing | None:
    """The member that decides and is shown: it gives the class, has a live card, ends last; in this order."""
    if len(standings) < 2:
        return standings[0] if standings else None
    return max(standings, key=_order)


def _order(standing: _Standing) -> tuple[bool, bool, bool, date, int]:
    gives_store = standing.gives_store
    confirmed = gives_store and not standing.unconfirmed
    live = gives_store and standing.member.status not in _QUESTIONS
    return gives_store, confirmed, live, standing.last_day or date.max, -standing.member.member_id


def _pause_edges(settings: ClassSettings) -> list[date | None]:
    """The dates on which the pause begins and is over."""
    return [settings.pause_from, falls_on(settings.pause_until)]


def _override_edges(overrides: Sequence[Override]) -> list[date | None]:
    """The dates on which an override begins or is over."""
    return [edge for each in overrides for edge in (each.since, falls_on(each.until))]
