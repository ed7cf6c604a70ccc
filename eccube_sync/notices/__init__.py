"""Notices: one mail to one person about one event. The contract of a kind, and the list of kinds.

To add a kind: copy a neighbour, add one line to ``NOTICES``, write its folder in ``mail_templates/``.
Pure: the day, the class and everything else come in as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from eccube_sync.i18n import mark

Plain = str | int | bool | date | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All a notice looks at: one customer's standing on one business date, by our own ids."""

    today: date
    customer: int
    membership_class: str  # "store" or "ec_only", today
    membership_class_before: str  # the same before this run; equal to membership_class when nothing changed
    member: int | None = None
    link: int | None = None  # the active link
    proven: bool = False  # the link is proven, so that member number and end date may be shown
    newly_linked: bool = False  # the link was made in this run (not moved from another member)
    end_date: date | None = None  # the last valid day; None = unlimited or not known
    reminder_days: tuple[int, ...] = (30, 7, 1)
    reminders_queued: frozenset[int] = frozenset()  # of this end date: days of reminders queued or sent
    undone_run: int | None = None  # a run that was undone after it had mailed this customer
    not_invited: str | None = None  # why the member must not be invited (a key of REASONS)
    full_customer: bool = True  # not provisional, withdrawn or vanished
    same_address: bool = True  # the address the mail was made for is still the one it is to go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a notice is about: the part of a situation that must not have changed when it is sent."""

    customer: int | None  # None: a member without an account
    member: int | None = None
    link: int | None = None
    end_date: date | None = None
    days: int | None = None  # of a reminder: days before the end
    run: int | None = None  # of a correction: the run that was undone


class Notice(Protocol):
    """What each module of this folder offers. Its templates are the folder of the same name."""

    @property
    def URGENCY(self) -> int:  # noqa: N802 - a constant of the module
        """Lower leaves first."""

    @property
    def NEEDS_PROJECTION(self) -> bool:  # noqa: N802
        """Whether EC-CUBE must show the class before the mail may leave."""

    @property
    def NEEDS_CUSTOMER(self) -> bool:  # noqa: N802
        """Whether it goes to a customer, who must still be one when the mail leaves."""

    @property
    def NEEDS_LINK(self) -> bool:  # noqa: N802
        """Whether the link must still be active when the mail leaves."""

    @property
    def TO_STORE_ADDRESS(self) -> bool:  # noqa: N802
        """Whether it goes to the address the store has of the member, and not to the customer's."""

    @property
    def HOLDS_CODE(self) -> bool:  # noqa: N802
        """Whether a link code is in it: its bytes are blanked as soon as they are needed no more."""

    @property
    def PROVEN_ONLY(self) -> frozenset[str]:  # noqa: N802
        """The values withheld from the template unless the link is proven; the text reads well without."""

    @property
    def EXAMPLE(self) -> Mapping[str, Plain]:  # noqa: N802
        """Every value the templates may use, as an example for preview and check."""

    def due(self, situation: Situation) -> Event | None:
        """The event that calls for this mail now; None when there is none."""

    def key(self, event: Event) -> str:
        """The deduplication key: one event, one key, for ever."""

    def still_due(self, event: Event, situation: Situation) -> str | None:
        """None when the mail may leave, else the reason (a key of ``REASONS``) why it is cancelled."""


EVERY_MAIL: dict[str, Plain] = {  # examples of the values no mail is without
    "shop_name": "見本書店オンライン",
    "shop_url": "https://shop.example.jp/mypage",
    "shop_contact": "support@shop.example.jp",
    "customer_name": "山田 花子",
}

# The parts use what is defined above, so they come in only now.
from eccube_sync.notices import card_linked, correction, expired, expiring, invite, linked, restored  # noqa: E402

NOTICES: dict[str, Notice] = {
    "card_linked": card_linked,
    "correction": correction,
    "expired": expired,
    "expiring": expiring,
    "invite": invite,
    "linked": linked,
    "restored": restored,
}

REASONS = {
    "address_changed": mark("The customer's address changed."),
    "class_changed": mark("The customer's class changed again."),
    "customer_gone": mark("The customer is no longer a full customer."),
    "end_date_changed": mark("The membership now ends on another day."),
    "code_not_usable": mark("The code can no longer be used."),
    "linked_already": mark("The member is linked to a customer."),
    "link_ended": mark("The link has ended."),
    "no_address": mark("The store has no mail address of the member."),
    "no_consent": mark("No consent of the member is recorded."),
    "not_a_member": mark("The membership is not current."),
    "past": mark("The day the mail speaks of has passed."),
    "store_says_no": mark("The store recorded that the member wants no mail."),
    "superseded": mark("A later reminder takes its place."),
}


def due_events(situation: Situation) -> dict[str, Event]:
    """Every notice this situation calls for, by kind. Keys of the outbox make a repeat harmless."""
    if not situation.full_customer:
        return {}
    due = {kind: notice.due(situation) for kind, notice in NOTICES.items()}
    return {kind: event for kind, event in due.items() if event is not None}


def cancel_reason(kind: str, event: Event, situation: Situation) -> str | None:
    """Judge a queued mail again before it leaves: None, or why it must not (a key of ``REASONS``)."""
    notice = NOTICES[kind]
    if notice.NEEDS_CUSTOMER and not situation.full_customer:
        return "customer_gone"
    if not situation.same_address:
        return "address_changed"
    if notice.NEEDS_LINK and (situation.link is None or situation.link != event.link):
        return "link_ended"
    return notice.still_due(event, situation)


def urgency_of(kind: str, event: Event) -> int:
    """How soon a mail must leave, 0 first: a reminder of the last day would be untrue tomorrow."""
    return 0 if event.days is not None and event.days <= 1 else NOTICES[kind].URGENCY


def context(kind: str, values: Mapping[str, Plain | None], *, proven: bool) -> dict[str, Plain]:
    """The values a template of ``kind`` gets, out of ``values`` (others are left out, None counts as absent).

    The one place where an unproven link's member number and end date are withheld (DESIGN §3.8).
    Raises ``KeyError`` when a value that every such mail needs is missing.
    """
    notice = NOTICES[kind]
    chosen: dict[str, Plain] = {}
    for name in notice.EXAMPLE:
        if name in notice.PROVEN_ONLY:
            value = values.get(name) if proven else None
        elif (value := values[name]) is None:
            raise KeyError(name)
        if value is not None:
            chosen[name] = value
    return chosen


def examples(kind: str) -> list[dict[str, Plain]]:
    """The shapes a mail of ``kind`` can have, filled with example values: proven, and not proven."""
    shapes = [context(kind, NOTICES[kind].EXAMPLE, proven=True)]
    if NOTICES[kind].PROVEN_ONLY:
        shapes.append(context(kind, NOTICES[kind].EXAMPLE, proven=False))
    return shapes
