"""New rows of the outbox: their key, their state, and for those that will leave their bytes and recipient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from eccube_sync.clock import from_database
from eccube_sync.db import AnyRow
from eccube_sync.eccube import GENERATIONS, EccubeCustomer, detect
from eccube_sync.mailmessage import MessageRefusedError
from eccube_sync.notices import NOTICES, Event, urgency_of
from eccube_sync.services.notices.composing import Addressee, Composer
from eccube_sync.services.notices.situations import DueNotice
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.notices import notice

QUEUED, BASELINE, CANCELLED, FAILED = "queued", "baseline", "cancelled", "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a due notice becomes; ``message`` and ``recipient`` only where it is queued."""

    state: str
    reason: str | None = None
    recipient: str | None = None
    message: bytes | None = None


def key_of(due: DueNotice) -> str:
    """The key of a due notice: one event, one key."""
    return NOTICES[due.kind].key(due.event)


def existing_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of these keys the outbox has already, in whatever state."""
    wanted = sorted(set(keys))
    found: set[str] = set()
    for start in range(0, len(wanted), 1000):
        part = wanted[start : start + 1000]
        rows = connection.execute(select(notice.c.notice_key).where(notice.c.notice_key.in_(part)))
        found.update(row.notice_key for row in rows)
    return found


def row_of(due: DueNotice, outcome: Outcome, identity: str, run_id: int, now: datetime) -> dict[str, Any]:
    """A row for the outbox; every row has the same columns, so that many go in at once."""
    event = due.event
    return {
        "notice_key": key_of(due),
        "kind": due.kind,
        "customer_id": event.customer,
        "member_id": event.member,
        "link_id": event.link,
        "end_date": event.end_date,
        "days": event.days,
        "event_on": due.event_on,
        "urgency": urgency_of(due.kind, event),
        "state": outcome.state,
        "reason": outcome.reason,
        "message_id": identity,
        "recipient": outcome.recipient,
        "message": outcome.message,
        "run_id": run_id,
        "created_at": now,
    }


def event_of(row: AnyRow) -> Event:
    """What a row of the outbox is about."""
    return Event(
        customer=row.customer_id, member=row.member_id, link=row.link_id, end_date=row.end_date, days=row.days
    )


def compose_all(
    settings: Settings,
    connection: Connection,
    composer: Composer,
    due: Sequence[DueNotice],
    now: datetime,
    mailed_on: Mapping[int, date] | None = None,
) -> list[Outcome]:
    """The bytes of these notices, for each of them or why there are none; reads EC-CUBE once for all."""
    people = people_of(connection, (one.event.customer for one in due))
    classes = _classes(connection, (one.event.customer for one in due))
    members = members_of(connection, (one.event.member for one in due))
    found = []
    for one in due:
        person = people.get(one.event.customer or 0)
        if person is None:
            found.append(Outcome(CANCELLED, "customer_gone"))
            continue
        store = members.get(one.event.member or 0)
        name = full_name(person.family_name, person.given_name)
        email, wants = person.email, person.mail_consent is True
        if NOTICES[one.kind].TO_STORE_ADDRESS:
            # The member as the store knows it; what the account says is nobody else's business.
            name, email, wants = (
                (store_name(store), first_address(store), False) if store else ("", "", False)
            )
        addressee = Addressee(
            name=name,
            email=email,
            wants_advertising=wants,
            proven=one.proven,
            member_number=(store.number or store.code) if store else None,
            store_allows_mail=store.mail_allowed if store else None,
            end_date=one.event.end_date,
            membership_class=classes.get(one.event.customer or 0),
            mailed_on=(mailed_on or {}).get(one.event.customer or 0),
        )
        found.append(compose(composer, one, addressee, now))
    return found


def full_name(family_name: str, given_name: str) -> str:
    """A name as mails write it."""
    return f"{family_name} {given_name}".strip()


def store_name(store: AnyRow) -> str:
    """A member's name as the store has it."""
    return full_name(store.family_name or store.full_name, store.given_name)


def first_address(store: AnyRow) -> str:
    """The address mails to a member go to; empty where the store has none."""
    return next(iter(store_addresses(store)), "")


def store_addresses(store: AnyRow) -> tuple[str, ...]:
    """The addresses the store has of a member, the first one first."""
    return tuple(filter(None, store.emails.split("\n")))


def compose(composer: Composer, due: DueNotice, to: Addressee, now: datetime) -> Outcome:
    """The bytes of one notice, or why there are none."""
    try:
        recipient, message = composer.compose(due.kind, key_of(due), to, now)
    except MessageRefusedError as error:
        return Outcome(FAILED, error.reason)
    return Outcome(QUEUED, None, recipient, message)


def people_of(connection: Connection, customer_ids: Iterable[int | None]) -> dict[int, EccubeCustomer]:
    """Our id → the full customer in EC-CUBE that it still stands for; others are left out."""
    found: dict[int, EccubeCustomer] = {}
    generation = GENERATIONS[detect(connection)]
    for ids in chunks(one for one in customer_ids if one is not None):
        ours = connection.execute(
            select(customer.c.id, customer.c.eccube_id, customer.c.eccube_created_at).where(
                customer.c.id.in_(ids), customer.c.current == 1, customer.c.state == "full"
            )
        ).all()
        seen = {
            one.eccube_id: one
            for one in generation.customers_by_id(connection, [row.eccube_id for row in ours])
        }
        for row in ours:
            person = seen.get(row.eccube_id)
            if person and person.state == "full" and _same_moment(person.created_at, row.eccube_created_at):
                found[row.id] = person
    return found


def _same_moment(seen: datetime, stored: datetime) -> bool:
    """The same EC-CUBE id with another moment of creation is another person."""
    return seen.replace(microsecond=0) == from_database(stored)


def _classes(connection: Connection, customer_ids: Iterable[int | None]) -> dict[int, str]:
    found: dict[int, str] = {}
    for ids in chunks(one for one in customer_ids if one is not None):
        rows = connection.execute(
            select(customer_class.c.customer_id, customer_class.c.membership_class).where(
                customer_class.c.customer_id.in_(ids)
            )
        )
        found.update({row.customer_id: row.membership_class for row in rows})
    return found


def members_of(connection: Connection, member_ids: Iterable[int | None]) -> dict[int, AnyRow]:
    """What a mail may need of these members."""
    names = ("code", "number", "mail_allowed", "family_name", "given_name", "full_name", "emails")
    found: dict[int, AnyRow] = {}
    for ids in chunks(one for one in member_ids if one is not None):
        rows = connection.execute(
            select(member.c.id, *(member_version.c[name] for name in names))
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(member.c.id.in_(ids))
        )
        found.update({row.id: row for row in rows})
    return found
