"""What the rules for claims look at, and what they say about each. No database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from eccube_sync.db import AnyRow
from eccube_sync.eccube import EccubeCustomer
from eccube_sync.services.claims.secondfacts import Agreement
from eccube_sync.services.claims.words import FAILURES

Attempts = Mapping[tuple[str, int | str], Sequence[tuple[datetime, int]]]
"""("customer", EC-CUBE id), ("member", id) or ("origin", hash) → when wrong ones were typed, and the claim's id."""


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
class Candidate:
    """A member a claim may mean, and what the second fact says about it; ``live``: its card is in use."""

    member_id: int
    source_id: int
    agreement: Agreement
    live: bool = True


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """All that the claims of a plan depend on."""

    today: date
    claimants: Mapping[int, Claimant]  # by EC-CUBE id
    candidates: Mapping[int, Sequence[Candidate]]  # claim → members it may mean
    apart: Mapping[tuple[int, int], str]  # (customer key, member) → why a machine may not link them
    attempts: Attempts
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
        return self.state == "accepted" and self.reason != "repeated" and self.claim.link_code_id is not None

    @property
    def failed(self) -> bool:
        """Whether this is a wrong code or card typed, seen now for the first time."""
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
