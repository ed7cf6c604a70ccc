"""Invite: a member without an account gets a link code by mail, at the address the store has; once."""

from __future__ import annotations

from datetime import date

from eccube_sync.notices import EVERY_MAIL, Event, Plain, Situation

URGENCY = 6
NEEDS_PROJECTION = False
NEEDS_CUSTOMER = False
NEEDS_LINK = False
TO_STORE_ADDRESS = True
HOLDS_CODE = True
PROVEN_ONLY: frozenset[str] = frozenset()
EXAMPLE: dict[str, Plain] = EVERY_MAIL | {
    "code": "K7F3M-9QX2C",
    "code_url": "https://shop.example.jp/entry?link_code=K7F3M-9QX2C",
    "code_until": date(2027, 4, 30),
}


def due(situation: Situation) -> Event | None:
    return None  # a person asks for invitations; nothing that happens does


def key(event: Event) -> str:
    return f"invite:{event.member}"


def still_due(event: Event, situation: Situation) -> str | None:
    return situation.not_invited
