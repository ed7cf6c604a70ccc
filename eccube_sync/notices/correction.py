"""Correction: an earlier mail was wrong; its run has been undone."""

from __future__ import annotations

from datetime import date

from eccube_sync.notices import EVERY_MAIL, Event, Plain, Situation

URGENCY = 0
NEEDS_PROJECTION = True
NEEDS_CUSTOMER = True
NEEDS_LINK = False  # the link may be the very mistake
TO_STORE_ADDRESS = False
HOLDS_CODE = False
PROVEN_ONLY: frozenset[str] = frozenset()
# No member number and no end date at all: the mail that is corrected may have gone to the wrong person.
EXAMPLE: dict[str, Plain] = EVERY_MAIL | {
    "label_now": "オンライン会員",
    "mailed_on": date(2027, 4, 1),
}


def due(situation: Situation) -> Event | None:
    if situation.undone_run is None:
        return None
    return Event(customer=situation.customer, run=situation.undone_run)


def key(event: Event) -> str:
    return f"correction:{event.run}:{event.customer}"


def still_due(event: Event, situation: Situation) -> str | None:
    return None  # an apology does not become untrue
