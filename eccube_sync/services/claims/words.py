"""What a claim's states and reasons are called, and the little of it that a customer may be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from eccube_sync.i18n import mark

UNDECIDED = ("pending", "waiting_for_store")

FAILURES = frozenset(
    {"unknown_code", "code_expired", "code_revoked", "used_by_another", "second_fact_disagrees"}
)
"""Reasons that count as a wrong code or card typed; a typo the check symbol catches tells a guesser nothing."""

ATTEMPTS = FAILURES | {"card_unknown"}
"""What counts towards the limits: also a number nobody has, which may be a new member's or a guess."""

REASONS: Mapping[str, str] = {
    "linked": mark("linked by what was typed"),
    "already_linked": mark("linked to this member before; the claim proves it"),
    "repeated": mark("the same customer used this code before"),
    "malformed": mark("no link code (the check symbol does not fit) and no card number"),
    "unknown_code": mark("no such code was ever issued"),
    "code_expired": mark("the code had expired"),
    "code_revoked": mark("the code was revoked"),
    "used_by_another": mark("another customer used the code before"),
    "too_many_attempts": mark("too many wrong codes or cards by this customer"),
    "too_many_from_origin": mark("too many wrong codes or cards from the same place"),
    "too_many_for_member": mark("too many wrong answers about this member"),
    "no_such_customer": mark("EC-CUBE has no such customer"),
    "customer_withdrawn": mark("the customer has withdrawn"),
    "claimed_before_account": mark("typed before the account was made, by an earlier owner of its id"),
    "customer_provisional": mark("waits until the customer has confirmed the registration"),
    "code_unassigned": mark("waits until the store says whose code it is"),
    "member_not_imported": mark("waits until the member is in the store's data"),
    "member_ambiguous": mark("waits: several members have that code in the store's data"),
    "card_unknown": mark("waits: nobody in the store's data has this card number yet"),
    "card_never_came": mark("the card number never came up in the store's data"),
    "card_not_live": mark("the card was reported lost, replaced or merged"),
    "second_fact_not_given": mark("a card number without a second fact that counts"),
    "second_fact_disagrees": mark("the second fact differs from the store's record"),
    "second_fact_missing": mark("the store's record has no fact to compare"),
    "decided_different": mark("a person decided that these are different people"),
    "asked_already": mark("a person is being asked about these two"),
    "undone_before": mark("a link of these two was undone and nothing has changed since"),
    "linked_by_person": mark("a person linked the customer or the member to somebody else"),
    "undo": mark("the run that decided it was undone"),
    "claimed_by_another": mark("a claim linked the customer or the member to somebody else"),
}
"""Reason of a claim → what it means, for the staff."""

CLAIM_CASES = frozenset({"second_fact", "claim_conflict", "claimed_twice", "lost_card_claim"})
"""Kinds of the questions a claim may raise; a score does not turn them into questions about a score."""

Shown = Literal["linked", "waiting", "received", "not_confirmed"]


def shown_to_customer(kind: str, state: str) -> Shown:
    """All that a customer may be told about a claim (of this kind, in this state), on my page or by a form.

    Every failure looks like every other. An unknown card number looks like one too: it would tell a guesser
    which numbers exist. Only who has a code of the store's hears that it waits.
    """
    if state == "accepted":
        return "linked"
    if state == "pending":
        return "received"
    return "waiting" if state == "waiting_for_store" and kind == "link_code" else "not_confirmed"
