"""What becomes of a claim: the order of the questions, and the claims of one plan seen together. No database.

Nothing a customer sees tells one refusal from another; the reasons below are for the staff.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from eccube_sync.clock import from_database, tokyo_date
from eccube_sync.configsources import Codes
from eccube_sync.db import AnyRow
from eccube_sync.eccube import EccubeCustomer
from eccube_sync.i18n import mark
from eccube_sync.services.secondfacts import Agreement

UNDECIDED = ("pending", "waiting_for_store")

FAILURES = frozenset(
    {"unknown_code", "code_expired", "code_revoked", "used_by_another", "second_fact_disagrees"}
)
"""Reasons that count as a wrong code typed; a typo that the check symbol catches tells a guesser nothing."""

REASONS: Mapping[str, str] = {
    "linked": mark("linked by the code"),
    "already_linked": mark("linked to this member before; the code proves it"),
    "repeated": mark("the same customer used this code before"),
    "malformed": mark("not a link code: the check symbol does not fit"),
    "unknown_code": mark("no such code was ever issued"),
    "code_expired": mark("the code had expired"),
    "code_revoked": mark("the code was revoked"),
    "used_by_another": mark("another customer used the code before"),
    "too_many_attempts": mark("too many wrong codes"),
    "no_such_customer": mark("EC-CUBE has no such customer"),
    "customer_withdrawn": mark("the customer has withdrawn"),
    "claimed_before_account": mark("typed before the account was made, by an earlier owner of its id"),
    "customer_provisional": mark("waits until the customer has confirmed the registration"),
    "code_unassigned": mark("waits until the store says whose code it is"),
    "member_not_imported": mark("waits until the member is in the store's data"),
    "member_ambiguous": mark("waits: several members have that code in the store's data"),
    "second_fact_disagrees": mark("name reading, birth date and phone all differ from the store's record"),
    "second_fact_missing": mark("the store's record has no fact to compare"),
    "decided_different": mark("a person decided that these are different people"),
    "asked_already": mark("a person is being asked about these two"),
    "undone_before": mark("a link of these two was undone and nothing has changed since"),
    "linked_by_person": mark("a person linked the customer or the member to somebody else"),
    "undo": mark("the run that decided it was undone"),
    "claimed_by_another": mark("a code linked the customer or the member to somebody else"),
}


@dataclass(frozen=True, slots=True)
class Claimant:
    """A customer with a claim: our id (below zero: the EC-CUBE id of one without), and EC-CUBE's row, if any."""

    key: int
    seen: EccubeCustomer | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class HeldLink:
    """An active link; without an id it is one that an earlier claim of the plan will make."""

    link_id: int | None
    customer_key: int
    member_id: int
    source_id: int
    slot: int
    method: str
    proven_by: str | None
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """All that the claims of a plan depend on."""

    claimants: Mapping[int, Claimant]  # by EC-CUBE id
    members: Mapping[tuple[int, str], Sequence[int]]  # (source, member code) → members it may mean
    agreements: Mapping[tuple[int, int], Agreement]  # (EC-CUBE id, member)
    apart: Mapping[tuple[int, int], str]  # (customer key, member) → why a machine may not link them
    failures: Mapping[int, Sequence[datetime]]  # EC-CUBE id → when wrong codes were typed
    accounts: Mapping[int, int]  # source → accounts a member may have
    links: Sequence[HeldLink]


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """What a plan says about one claim; ``state`` and ``reason`` are those the claim is to have."""

    claim: AnyRow
    customer_key: int
    state: str
    reason: str
    member_id: int | None = None
    source_id: int | None = None
    slot: int = 1
    ending: tuple[HeldLink, ...] = ()
    """Links that end for this one; only guesses do."""
    proves: int | None = None
    """A person's link of the same two, which the code proves."""
    case_kind: str | None = None
    customer_fingerprint: str = ""

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return (self.state, self.reason) != (self.claim.state, self.claim.reason)

    @property
    def makes_link(self) -> bool:
        """Whether a link is to be made."""
        return self.state == "accepted" and self.reason == "linked"

    @property
    def uses_code(self) -> bool:
        """Whether the code is used up by this claim."""
        return self.state == "accepted" and self.reason != "repeated"

    @property
    def failed(self) -> bool:
        """Whether this is a wrong code typed, seen now for the first time."""
        return self.changed and self.reason in FAILURES

    @property
    def ending_links(self) -> tuple[int, ...]:
        """The ids of the links that end."""
        return tuple(one.link_id for one in self.ending if one.link_id is not None)

    @property
    def ended_customers(self) -> tuple[int, ...]:
        """Customers who lose a link by this claim."""
        return tuple(one.customer_key for one in self.ending)

    @property
    def wrong_links(self) -> int:
        """How many guesses this claim proves wrong."""
        pair = (self.customer_key, self.member_id)
        return sum((one.customer_key, one.member_id) != pair for one in self.ending)


@dataclass(slots=True)
class Judge:
    """Judges claims one after another, in the order in which they were typed: the earlier one wins."""

    settings: Codes
    facts: ClaimFacts
    _used: dict[int, int] = field(default_factory=dict)
    _failures: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    _links: list[HeldLink] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._links = list(self.facts.links)
        for eccube_id, moments in self.facts.failures.items():
            self._failures[eccube_id].extend(moments)

    def judge(self, claim: AnyRow) -> ClaimOutcome:
        """Decide one claim and remember what it changes for the following ones."""
        claimant = self.facts.claimants[claim.eccube_id]
        outcome = (
            self._customer(claim, claimant) or self._code(claim, claimant) or self._pair(claim, claimant)
        )
        if outcome.failed:
            self._failures[claim.eccube_id].append(claim.received_at)
        if outcome.uses_code:
            self._used[claim.link_code_id] = claimant.key
        if outcome.makes_link:
            self._links = [one for one in self._links if one not in outcome.ending]
            assert outcome.member_id is not None
            assert outcome.source_id is not None
            pair = (claimant.key, outcome.member_id, outcome.source_id, outcome.slot)
            self._links.append(HeldLink(None, *pair, "link_code", "link_code"))
        return outcome

    def _customer(self, claim: AnyRow, claimant: Claimant) -> ClaimOutcome | None:
        seen = claimant.seen
        if seen is None:
            return ClaimOutcome(claim, claimant.key, "refused", "no_such_customer")
        if seen.state == "provisional":
            return ClaimOutcome(claim, claimant.key, "pending", "customer_provisional")
        if seen.state != "full":
            return ClaimOutcome(claim, claimant.key, "refused", "customer_withdrawn")
        if received_on(claim) < tokyo_date(seen.created_at):
            return ClaimOutcome(claim, claimant.key, "refused", "claimed_before_account")
        since = claim.received_at - timedelta(days=self.settings.attempt_days)
        recent = [one for one in self._failures[claim.eccube_id] if since < one <= claim.received_at]
        if len(recent) >= self.settings.attempts:
            return ClaimOutcome(claim, claimant.key, "refused", "too_many_attempts")
        return None

    def _code(self, claim: AnyRow, claimant: Claimant) -> ClaimOutcome | None:
        """About the code alone: it must be good, and somebody's whom the store told us about."""
        user = self._used.get(claim.link_code_id, claim.used_by_customer_id)
        if user is not None and user == claimant.key:
            return ClaimOutcome(claim, claimant.key, "accepted", "repeated")
        refused = "used_by_another" if user is not None else _refused(claim)
        if refused is not None:
            return ClaimOutcome(claim, claimant.key, "refused", refused)
        found = self.facts.members.get((claim.source_id, claim.member_code), ())
        if claim.code_state != "issued" and len(found) == 1:
            return None
        reason = "member_ambiguous" if found else "member_not_imported"
        if claim.code_state == "issued":
            reason = "code_unassigned"
        return ClaimOutcome(claim, claimant.key, "waiting_for_store", reason)

    def _pair(self, claim: AnyRow, claimant: Claimant) -> ClaimOutcome:
        """About customer and member together."""
        member_id = self.facts.members[claim.source_id, claim.member_code][0]
        agreement = self.facts.agreements.get((claim.eccube_id, member_id), Agreement.UNKNOWN)
        if agreement is not Agreement.AGREES:
            differs = agreement is Agreement.DIFFERS
            reason = "second_fact_disagrees" if differs else "second_fact_missing"
            return self._conflict(claim, claimant, member_id, reason, "second_fact")
        apart = self.facts.apart.get((claimant.key, member_id))
        if apart is not None:
            return self._conflict(claim, claimant, member_id, apart)
        return self._links_of(claim, claimant, member_id)

    def _links_of(self, claim: AnyRow, claimant: Claimant, member_id: int) -> ClaimOutcome:
        own = [
            one for one in self._links if (one.customer_key, one.source_id) == (claimant.key, claim.source_id)
        ]
        others = [
            one for one in self._links if one.member_id == member_id and one.customer_key != claimant.key
        ]
        same = next((one for one in own if one.member_id == member_id), None)
        if same is not None and same.method != "match":
            proves = None if same.proven_by else same.link_id
            return self._about(claim, claimant, member_id, "already_linked", proves=proves)
        # Of several accounts a member may have, the least probable guesses give way.
        others.sort(key=lambda one: (one.method != "match", one.probability))
        too_many = len(others) + 1 - self.facts.accounts.get(claim.source_id, 1)
        ending = (*own, *others[: max(0, too_many)])
        in_the_way = [one for one in ending if one.method != "match"]
        if in_the_way:
            by_claim = all(one.method in {"link_code", "card"} for one in in_the_way)
            reason = "claimed_by_another" if by_claim else "linked_by_person"
            return self._conflict(claim, claimant, member_id, reason)
        taken = {one.slot for one in others if one not in ending}
        slot = next(number for number in range(1, len(taken) + 2) if number not in taken)
        return self._about(claim, claimant, member_id, "linked", ending=ending, slot=slot)

    def _about(
        self,
        claim: AnyRow,
        claimant: Claimant,
        member_id: int,
        reason: str,
        *,
        ending: tuple[HeldLink, ...] = (),
        slot: int = 1,
        proves: int | None = None,
    ) -> ClaimOutcome:
        return ClaimOutcome(
            claim,
            claimant.key,
            "accepted",
            reason,
            member_id,
            claim.source_id,
            slot,
            ending,
            proves,
            customer_fingerprint=claimant.fingerprint,
        )

    def _conflict(
        self, claim: AnyRow, claimant: Claimant, member_id: int, reason: str, kind: str = "claim_conflict"
    ) -> ClaimOutcome:
        return ClaimOutcome(
            claim,
            claimant.key,
            "conflict",
            reason,
            member_id,
            claim.source_id,
            case_kind=kind,
            customer_fingerprint=claimant.fingerprint,
        )


def received_on(claim: AnyRow) -> date:
    """The business day on which a claim was typed."""
    return tokyo_date(from_database(claim.received_at))


def _refused(claim: AnyRow) -> str | None:
    """Why a code nobody used is no good. It must have been good when it was typed, however long the store takes."""
    if claim.link_code_id is None:
        return "unknown_code"
    if claim.code_state == "revoked":
        return "code_revoked"
    return "code_expired" if received_on(claim) > claim.expires_on else None
