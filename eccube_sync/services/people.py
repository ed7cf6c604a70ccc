"""Customers and members as the columns the matcher reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.eccube import EccubeCustomer
from eccube_sync.linkage.people import People
from eccube_sync.pos import MemberRecord
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.members import member, member_version

READ_COLUMNS = (
    "family_name", "given_name", "full_name", "family_kana", "given_kana", "full_kana", "postal_code",
    "address", "phone", "mobile", "emails", "birth_date", "status", "last_visit_on",
)  # fmt: skip
LIVE = frozenset({"active"})


class Matched(Protocol):
    """A member's row, from a file or from our tables, in so far as the matcher reads it."""

    family_name: str
    given_name: str
    full_name: str
    family_kana: str
    given_kana: str
    full_kana: str
    postal_code: str
    address: str
    phone: str
    mobile: str
    birth_date: Any
    status: str
    last_visit_on: Any


def people_of_customers(ids: Sequence[int], customers: Sequence[EccubeCustomer]) -> People:
    """Customers under our ids, in the same order."""
    return People(
        ids=np.array(ids, np.int64),
        family_name=[one.family_name for one in customers],
        given_name=[one.given_name for one in customers],
        family_kana=[one.family_kana for one in customers],
        given_kana=[one.given_kana for one in customers],
        postal_code=[one.postal_code for one in customers],
        address=[one.prefecture + one.address for one in customers],
        phones=[(one.phone,) for one in customers],
        emails=[(one.email,) for one in customers],
        birth_date=[one.birth_date for one in customers],
    )


def people_of_records(records: Sequence[MemberRecord]) -> People:
    """Members as a file has them; their ids do not matter yet."""
    return _people([0] * len(records), records, [record.emails for record in records])


def people_of_members(connection: Connection, member_ids: Sequence[int]) -> People:
    """Current members under our ids, sorted by id."""
    ids: list[int] = []
    rows: list[Any] = []
    for chunk in chunks(member_ids):
        for row in connection.execute(
            select(member.c.id, *(member_version.c[name] for name in READ_COLUMNS))
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(member.c.id.in_(chunk), member.c.current == 1)
            .order_by(member.c.id)
        ):
            ids.append(row.id)
            rows.append(row)
    return _people(ids, rows, [tuple(filter(None, row.emails.split("\n"))) for row in rows])


def _people(ids: Sequence[int], rows: Sequence[Matched], emails: Sequence[tuple[str, ...]]) -> People:
    return People(
        ids=np.array(ids, np.int64),
        family_name=[row.family_name for row in rows],
        given_name=[row.given_name for row in rows],
        full_name=[row.full_name for row in rows],
        family_kana=[row.family_kana for row in rows],
        given_kana=[row.given_kana for row in rows],
        full_kana=[row.full_kana for row in rows],
        postal_code=[row.postal_code for row in rows],
        address=[row.address for row in rows],
        phones=[(row.phone, row.mobile) for row in rows],
        emails=emails,
        birth_date=[row.birth_date for row in rows],
        live=[row.status in LIVE for row in rows],
        last_visit=[row.last_visit_on for row in rows],
    )
