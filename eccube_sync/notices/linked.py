"""Linked: a web customer was recognised as a member of the store."""

from __future__ import annotations

from datetime import date

from eccube_sync.notices import EVERY_MAIL, Event, Plain, Situation

URGENCY = 4
NEEDS_PROJECTION = True
NEEDS_CUSTOMER = True
NEEDS_LINK = True
TO_STORE_ADDRESS = False
HOLDS_CODE = False
PROVEN_ONLY = frozenset({"member_number", "end_date"})
EXAMPLE: dict[str, Plain] = EVERY_MAIL | {
    "label_store": "店舗会員",
    "member_number": "2900000012345",
    "end_date": date(2027, 3, 31),
}


def due(situation: Situation) -> Event | None:
    recognised = situation.newly_linked and situation.membership_class == "store"
    if not recognised or situation.link is None or situation.undone_run is not None:
        return None
    return Event(
        customer=situation.customer, member=situation.member, link=situation.link, end_date=situation.end_date
    )


def key(event: Event) -> str:
    return f"linked:{event.link}"


def still_due(event: Event, situation: Situation) -> str | None:
    if situation.membership_class != "store":
        return "class_changed"
    return "end_date_changed" if situation.end_date != event.end_date else None
