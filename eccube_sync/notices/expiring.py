"""Expiring: a reminder some days before the membership ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from eccube_sync.notices import EVERY_MAIL, Event, Plain, Situation

URGENCY = 3
NEEDS_PROJECTION = False
NEEDS_CUSTOMER = True
NEEDS_LINK = True
TO_STORE_ADDRESS = False
HOLDS_CODE = False
PROVEN_ONLY = frozenset({"member_number", "end_date"})
EXAMPLE: dict[str, Plain] = EVERY_MAIL | {
    "label_store": "店舗会員",
    "label_ec_only": "オンライン会員",
    "member_number": "2900000012345",
    "end_date": date(2027, 3, 31),
}

LATEST = timedelta(days=7)  # a reminder later than this after its day is not sent any more


def due(situation: Situation) -> Event | None:
    if situation.membership_class != "store" or situation.link is None or situation.undone_run is not None:
        return None
    if situation.end_date is None:
        return None
    days = reminder_due(
        situation.end_date,
        situation.today,
        situation.reminder_days,
        situation.reminders_queued,
        proven=situation.proven,
    )
    if days is None:
        return None
    return Event(
        customer=situation.customer,
        member=situation.member,
        link=situation.link,
        end_date=situation.end_date,
        days=days,
    )


def reminder_due(
    end_date: date, today: date, reminder_days: Iterable[int], queued: Iterable[int], *, proven: bool
) -> int | None:
    """The reminder of the series (in days before the end) that is due today, or None.

    Only the nearest one whose day has come: after an outage the earlier ones stay unsent, and so does one
    whose day is more than a week ago. An unproven link gets one reminder an end date, because a series
    would tell by its days what its words withhold.
    """
    already = set(queued)
    nearest = nearest_reminder(end_date, today, reminder_days)
    if nearest is None or nearest in already or (already and not proven):
        return None
    late = today - (end_date - timedelta(days=nearest))
    return nearest if late <= LATEST else None


def nearest_reminder(end_date: date, today: date, reminder_days: Iterable[int]) -> int | None:
    """The last reminder of the series whose day has come; None before the first and after the end."""
    left = (end_date - today).days
    return min((days for days in reminder_days if 0 <= left <= days), default=None)


def key(event: Event) -> str:
    return f"expiring:{event.member}:{event.days}:{event.end_date}"


def still_due(event: Event, situation: Situation) -> str | None:
    if situation.membership_class != "store":
        return "class_changed"
    if event.end_date is None or situation.end_date != event.end_date:
        return "end_date_changed"
    if situation.today > event.end_date:
        return "past"
    nearest = nearest_reminder(event.end_date, situation.today, situation.reminder_days)
    return "superseded" if nearest is not None and event.days is not None and nearest < event.days else None
