"""Statements that gather what a customer's class depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, func, or_, select

from eccube_sync.db import AnyRow
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import class_override, customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version, source

IDS_AT_ONCE = 1000
Id = TypeVar("Id", int, str)


def chunks(ids: Iterable[Id], size: int = IDS_AT_ONCE) -> Iterator[list[Id]]:
    """Sorted ids without repetition, in lists short enough for one statement."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def due_customers(connection: Connection, today: date) -> list[int]:
    """Customers whose class may be another one today than it was."""
    rows = connection.execute(
        select(customer_class.c.customer_id)
        .where(customer_class.c.due_on <= today)
        .order_by(customer_class.c.customer_id)
    )
    return [row.customer_id for row in rows]


def classed_customers(connection: Connection) -> list[int]:
    """Every customer that has a class and something it depends on."""
    rows = connection.execute(
        select(customer_class.c.customer_id).where(
            or_(customer_class.c.reason != "not_linked", customer_class.c.membership_class != "ec_only")
        )
    )
    return [row.customer_id for row in rows]


def class_rows(connection: Connection, customer_ids: Sequence[int]) -> dict[int, AnyRow]:
    """Customer id → the class it has now."""
    rows = connection.execute(select(customer_class).where(customer_class.c.customer_id.in_(customer_ids)))
    return {row.customer_id: row for row in rows}


def linked_members(connection: Connection, customer_ids: Sequence[int]) -> list[AnyRow]:
    """One row an active link: the member's facts and how fresh they are."""
    return list(
        connection.execute(
            _member_facts(link.c.customer_id)
            .join(link, link.c.member_id == member.c.id)
            .where(link.c.active == 1, link.c.customer_id.in_(customer_ids))
            .order_by(link.c.customer_id, member.c.id)
        )
    )


def members_by_id(connection: Connection, member_ids: Sequence[int]) -> dict[int, AnyRow]:
    """Member id → the same facts, for members not linked yet."""
    rows = connection.execute(_member_facts().where(member.c.id.in_(member_ids)))
    return {row.member_id: row for row in rows}


def _member_facts(*more: Any) -> Any:
    return (
        select(
            *more,
            member.c.id.label("member_id"),
            member.c.confirmed_at,
            member.c.missing_imports,
            member.c.source_id,
            *(
                member_version.c[name]
                for name in (
                    "status", "joined_on", "last_visit_on", "end_date", "unlimited", "left_on",
                    "rank_name", "rank_code",
                )
            ),
        )
        .select_from(member)
        .join(member_version, member_version.c.id == member.c.version_id)
    )  # fmt: skip


def waiting_codes(connection: Connection, customer_ids: Sequence[int]) -> list[AnyRow]:
    """Valid link codes of these customers that wait for the store's data: customer, when typed.

    A code counts for whoever typed it first: it may have been photographed since.
    """
    waiting = and_(claim.c.state == "waiting_for_store", claim.c.kind == "link_code")
    first = (
        select(func.min(claim.c.id))
        .where(waiting, claim.c.link_code_id.is_not(None))
        .group_by(claim.c.link_code_id)
    )
    return list(
        connection.execute(
            select(claim.c.customer_id, claim.c.received_at).where(
                waiting, claim.c.customer_id.in_(customer_ids), claim.c.id.in_(first)
            )
        )
    )


def sources(connection: Connection) -> dict[int, AnyRow]:
    """Source id → its row. Read apart: joined, it makes MySQL begin with every member of the source."""
    return {row.id: row for row in connection.execute(select(source))}


def overrides_of(connection: Connection, customer_ids: Sequence[int]) -> list[AnyRow]:
    """Active overrides and holds."""
    return list(
        connection.execute(
            select(class_override).where(
                class_override.c.active == 1, class_override.c.customer_id.in_(customer_ids)
            )
        )
    )


def count_active(connection: Connection) -> int:
    """Customers that have the class store now."""
    statement = (
        select(func.count()).select_from(customer_class).where(customer_class.c.membership_class == "store")
    )
    return int(connection.execute(statement).scalar_one())


def falls_ahead(connection: Connection, after: date, until: date) -> dict[date, int]:
    """Last valid day → how many customers of the class store have it, for days in a range."""
    rows = connection.execute(
        select(customer_class.c.valid_through, func.count())
        .where(
            customer_class.c.membership_class == "store",
            customer_class.c.valid_through >= after,
            customer_class.c.valid_through <= until,
        )
        .group_by(customer_class.c.valid_through)
    )
    return {row[0]: int(row[1]) for row in rows}


def eccube_ids(connection: Connection, customer_ids: Sequence[int]) -> dict[int, int]:
    """Customer id → EC-CUBE id."""
    rows = connection.execute(
        select(customer.c.id, customer.c.eccube_id).where(customer.c.id.in_(customer_ids))
    )
    return {row.id: row.eccube_id for row in rows}
