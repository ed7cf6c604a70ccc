"""What becomes of a claim: the order of the questions, and the claims of one plan seen together. No database.

Nothing a customer sees tells one refusal from another (``claimwords``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from eccube_sync.clock import from_database, tokyo_date
from eccube_sync.configsources import Cards, Codes
from eccube_sync.db import AnyRow
from eccube_sync.services.claims.parts import Candidate, Claimant, ClaimFacts, ClaimOutcome, HeldLink
from eccube_sync.services.claims.secondfacts import Agreement
from eccube_sync.services.claims.words import ATTEMPTS


@dataclass(slots=True)
class Judge:
    """Judges claims one after another, in the order in which they were typed: the earlier one wins."""

    codes: Codes
    cards: Cards
    facts: ClaimFacts
    _used: dict[int, int] = field(default_factory=dict)
    _attempts: dict[tuple[str, int | str], list[tuple[datetime, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _links: list[HeldLink] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._links = list(self.facts.links)
        for whose, moments in self.facts.attempts.items():
            self._attempts[whose].extend(moments)

    def judge(self, claim: AnyRow) -> ClaimOutcome:
        """Decide one claim and remember what it changes for the following ones."""
        claimant = self.facts.claimants[claim.eccube_id]
        candidates = self.facts.candidates.get(claim.id, ())
        outcome = (
            self._customer(claim, claimant)
            or (self._card if claim.kind == "card" else self._code)(claim, claimant, candidates)
            or self._pair(claim, claimant, _likeliest(candidates))
        )
        self._remember(outcome)
        return outcome

    def _remember(self, outcome: ClaimOutcome) -> None:
        claim = outcome.claim
        if outcome.changed and outcome.reason in ATTEMPTS:
            for whose in watched(claim, outcome.member_id):
                self._attempts[whose].append((claim.received_at, claim.id))
        if outcome.uses_code:
            self._used[claim.link_code_id] = outcome.customer_key
        if outcome.makes_link:
            self._links = [one for one in self._links if one not in outcome.ending]
            assert outcome.member_id is not None
            assert outcome.source_id is not None
            pair = (outcome.customer_key, outcome.member_id, outcome.source_id, outcome.slot)
            self._links.append(HeldLink(None, *pair, claim.kind, claim.kind))

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
        return self._limits(claim, claimant)

    def _limits(self, claim: AnyRow, claimant: Claimant) -> ClaimOutcome | None:
        if self._too_many(claim, ("customer", claim.eccube_id), self.codes.attempts):
            return ClaimOutcome(claim, claimant.key, "refused", "too_many_attempts")
        place = ("origin", claim.origin_hash)
        if claim.origin_hash and self._too_many(claim, place, self.codes.origin_attempts):
            return ClaimOutcome(claim, claimant.key, "refused", "too_many_from_origin")
        return None

    def _too_many(self, claim: AnyRow, whose: tuple[str, int | str], limit: int) -> bool:
        typed_at: datetime = claim.received_at
        since, before = typed_at - timedelta(days=self.codes.attempt_days), (typed_at, claim.id)
        # Not itself: an unknown card is judged again every night.
        return sum(one[0] > since and one < before for one in self._attempts[whose]) >= limit

    def _code(
        self, claim: AnyRow, claimant: Claimant, candidates: Sequence[Candidate]
    ) -> ClaimOutcome | None:
        """About the code alone: it must be good, and somebody's whom the store told us about."""
        user = self._used.get(claim.link_code_id, claim.used_by_customer_id)
        if user is not None and user == claimant.key:
            return ClaimOutcome(claim, claimant.key, "accepted", "repeated")
        refused = "used_by_another" if user is not None else _refused(claim)
        if refused is not None:
            return ClaimOutcome(claim, claimant.key, "refused", refused)
        if claim.code_state != "issued" and len(candidates) == 1:
            return None
        reason = "member_ambiguous" if candidates else "member_not_imported"
        if claim.code_state == "issued":
            reason = "code_unassigned"
        return ClaimOutcome(claim, claimant.key, "waiting_for_store", reason)

    def _card(
        self, claim: AnyRow, claimant: Claimant, candidates: Sequence[Candidate]
    ) -> ClaimOutcome | None:
        """About the card alone: somebody has it, a second fact came with it, and few were wrong before."""
        if claim.fact_kind not in self.cards.second_facts:
            return ClaimOutcome(claim, claimant.key, "refused", "second_fact_not_given")
        if not candidates:
            too_old = received_on(claim) < self.facts.today - timedelta(days=self.cards.wait_days)
            state, reason = (
                ("refused", "card_never_came") if too_old else ("waiting_for_store", "card_unknown")
            )
            return ClaimOutcome(claim, claimant.key, state, reason)
        if any(
            self._too_many(claim, ("member", one.member_id), self.cards.member_attempts) for one in candidates
        ):
            return ClaimOutcome(claim, claimant.key, "refused", "too_many_for_member")
        agreeing = [one for one in candidates if one.agreement is Agreement.AGREES]
        if len(agreeing) > 1:
            return ClaimOutcome(claim, claimant.key, "waiting_for_store", "member_ambiguous")
        if agreeing and not agreeing[0].live:
            return self._conflict(claim, claimant, agreeing[0], "card_not_live", "lost_card_claim")
        return None

    def _pair(self, claim: AnyRow, claimant: Claimant, whom: Candidate) -> ClaimOutcome:
        """About customer and member together."""
        if whom.agreement is not Agreement.AGREES:
            differs = whom.agreement is Agreement.DIFFERS
            reason = "second_fact_disagrees" if differs else "second_fact_missing"
            return self._conflict(claim, claimant, whom, reason, "second_fact")
        apart = self.facts.apart.get((claimant.key, whom.member_id))
        if apart is not None:
            return self._conflict(claim, claimant, whom, apart)
        return self._links_of(claim, claimant, whom)

    def _links_of(self, claim: AnyRow, claimant: Claimant, whom: Candidate) -> ClaimOutcome:
        own = [
            one for one in self._links if (one.customer_key, one.source_id) == (claimant.key, whom.source_id)
        ]
        others = [
            one for one in self._links if one.member_id == whom.member_id and one.customer_key != claimant.key
        ]
        same = next((one for one in own if one.member_id == whom.member_id), None)
        if same is not None and same.method != "match":
            proves = None if same.proven_by else same.link_id
            return self._about(claim, claimant, whom, "already_linked", proves=proves)
        # Of several accounts a member may have, the least probable guesses give way.
        others.sort(key=lambda one: (one.method != "match", one.probability))
        too_many = len(others) + 1 - self.facts.accounts.get(whom.source_id, 1)
        ending = (*own, *others[: max(0, too_many)])
        in_the_way = [one for one in ending if one.method != "match"]
        if in_the_way:
            by_claim = all(one.method in {"link_code", "card"} for one in in_the_way)
            if by_claim:
                return self._conflict(claim, claimant, whom, "claimed_by_another", "claimed_twice")
            return self._conflict(claim, claimant, whom, "linked_by_person")
        taken = {one.slot for one in others if one not in ending}
        slot = next(number for number in range(1, len(taken) + 2) if number not in taken)
        return self._about(claim, claimant, whom, "linked", ending=ending, slot=slot)

    def _about(
        self,
        claim: AnyRow,
        claimant: Claimant,
        whom: Candidate,
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
            whom.member_id,
            whom.source_id,
            slot,
            ending,
            proves,
            customer_fingerprint=claimant.fingerprint,
        )

    def _conflict(
        self,
        claim: AnyRow,
        claimant: Claimant,
        whom: Candidate,
        reason: str,
        kind: str = "claim_conflict",
    ) -> ClaimOutcome:
        return ClaimOutcome(
            claim,
            claimant.key,
            "conflict",
            reason,
            whom.member_id,
            whom.source_id,
            case_kind=kind,
            customer_fingerprint=claimant.fingerprint,
        )


def watched(claim: AnyRow, member_id: int | None) -> list[tuple[str, int | str]]:
    """Whose limits a wrong claim counts towards."""
    whose: list[tuple[str, int | str]] = [("customer", claim.eccube_id)]
    if claim.origin_hash:
        whose.append(("origin", claim.origin_hash))
    if member_id is not None:
        whose.append(("member", member_id))
    return whose


def _likeliest(candidates: Sequence[Candidate]) -> Candidate:
    """The member whose second fact agrees, else one whose fact differs, else any."""
    order = (Agreement.AGREES, Agreement.DIFFERS, Agreement.UNKNOWN)
    return min(candidates, key=lambda one: (order.index(one.agreement), one.member_id))


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
