"""Card linked: tells the address the store has on record that its card was entered in an account of the web shop."""

from __future__ import annotations

from eccube_sync.notices import EVERY_MAIL, Event, Plain, Situation

URGENCY = 2
NEEDS_PROJECTION = False
NEEDS_CUSTOMER = True
NEEDS_LINK = True
TO_STORE_ADDRESS = True
HOLDS_CODE = False
PROVEN_ONLY: frozenset[str] = frozenset()
# Nothing about the account: whoever opened it may not be the member.
EXAMPLE: dict[str, Plain] = EVERY_MAIL | {"card_ending": "2345"}


def due(situation: Situation) -> Event | None:
    return None  # a change of class says nothing about how a link was proven; the claim itself queues it


def key(event: Event) -> str:
    return f"card_linked:{event.link}"


def still_due(event: Event, situation: Situation) -> str | None:
    return None  # an active link is all it speaks of
