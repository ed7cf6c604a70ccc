"""Judge queued mails again just before they leave: against the tables and EC-CUBE as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from eccube_sync.clock import to_database, tokyo_date
from eccube_sync.db import AnyRow
from eccube_sync.eccube import EccubeCustomer
from eccube_sync.mailmessage import MessageRefusedError, check_address
from eccube_sync.membership.facts import EC_ONLY
from eccube_sync.notices import NOTICES, Situation, cancel_reason
from eccube_sync.services.codes.invitees import judge_invitation
from eccube_sync.services.notices.noticing import ALWAYS
from eccube_sync.services.notices.outboxrows import event_of, members_of, people_of, store_addresses
from eccube_sync.services.notices.situations import Links, links_of
from eccube_sync.services.projection.places import places
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import class_rows
from eccube_sync.tables.customers import projection_state

WAITING = "waiting_for_projection"


def judge(
    settings: Settings, connection: Connection, rows: Sequence[AnyRow], now: datetime
) -> dict[int, str | None]:
    """Id of each row of the outbox → why it must not leave, None when it may; at most 1,000 rows.

    ``WAITING`` is the one reason for which a mail is kept: EC-CUBE does not show the class yet.
    """
    ids = sorted({row.customer_id for row in rows if row.customer_id is not None})
    people = people_of(connection, ids)
    classes = class_rows(connection, ids)
    links = links_of(connection, ids)
    pending = _not_projected(settings, connection, ids)
    members = members_of(connection, (row.member_id for row in rows if NOTICES[row.kind].TO_STORE_ADDRESS))
    found: dict[int, str | None] = {}
    for row in rows:
        reason = _out_of_date(settings, row, now)
        if reason is None:
            addresses = _addresses(row, people, members)
            situation = _situation(settings, row, people, classes.get(row.customer_id), links, now)
            if NOTICES[row.kind].HOLDS_CODE:
                refused = judge_invitation(settings, connection, row, situation.today)
                situation = replace(situation, not_invited=refused)
            if row.recipient is not None:
                situation = replace(situation, same_address=row.recipient in addresses)
            reason = cancel_reason(row.kind, event_of(row), situation)
        if reason is None and NOTICES[row.kind].NEEDS_PROJECTION and row.customer_id in pending:
            reason = WAITING
        found[row.id] = reason
    return found


def _out_of_date(settings: Settings, row: AnyRow, now: datetime) -> str | None:
    if row.kind not in ALWAYS and row.kind not in settings.notices.kinds:
        return "kind_switched_off"
    oldest = to_database(now - timedelta(days=settings.notices.max_age_days))
    return "too_old" if row.state != "baseline" and row.created_at < oldest else None


def _situation(
    settings: Settings,
    row: AnyRow,
    people: Mapping[int, EccubeCustomer],
    of_class: AnyRow | None,
    links: Links,
    now: datetime,
) -> Situation:
    membership_class = of_class.membership_class if of_class else EC_ONLY
    active = links.active.get(row.customer_id, ())
    standing = next((one for one in active if one.id == row.link_id), None)
    person = people.get(row.customer_id)
    return Situation(
        today=tokyo_date(now),
        customer=row.customer_id,
        membership_class=membership_class,
        membership_class_before=membership_class,
        member=of_class.member_id if of_class else None,
        link=standing.id if standing else None,
        end_date=of_class.end_date if of_class else None,
        reminder_days=settings.notices.expiring_days,
        full_customer=person is not None,
    )


def _addresses(row: AnyRow, people: Mapping[int, EccubeCustomer], members: Mapping[int, AnyRow]) -> set[str]:
    """Where the mail may go: the customer's address, or those the store has of the member."""
    person, store = people.get(row.customer_id), members.get(row.member_id)
    if NOTICES[row.kind].TO_STORE_ADDRESS:
        wanted = store_addresses(store) if store else ()
    else:
        wanted = (person.email,) if person else ()
    return {address for one in wanted if (address := _address(one))}


def _address(written: str) -> str | None:
    try:
        return check_address(written)
    except MessageRefusedError:
        return None


def _not_projected(settings: Settings, connection: Connection, customer_ids: Sequence[int]) -> set[int]:
    """Customers whose class does not stand yet in some place it is to be shown in."""
    keys = [place.key for place in places(settings)]
    if not keys:
        return set()
    rows = connection.execute(
        select(projection_state.c.customer_id).where(
            projection_state.c.projection_key.in_(keys),
            projection_state.c.customer_id.in_(customer_ids),
            projection_state.c.state.in_(("pending", "drift")),
        )
    )
    return {row.customer_id for row in rows}
