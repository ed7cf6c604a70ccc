"""Customers and members as the columns the matcher reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.configsources import Matching
from eccube_sync.eccube import EccubeCustomer, ShopIdentity
from eccube_sync.linkage.people import People
from eccube_sync.pos import MemberRecord
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.members import member, member_version

READ_COLUMNS = (
    "family_name", "given_name", "full_name", "family_kana", "given_kana", "full_kana", "postal_code",
    "address", "phone", "mobile", "emails", "birth_date", "status", "last_visit_on",
)  # fmt: skip
LIVE = frozenset({"active"})


@dataclass(frozen=True, slots=True)
class Ignored:
    """Values that say nothing about a person, because they are the shop's own or were configured so."""

    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Matching, shop: ShopIdentity) -> Ignored:
        """The configured values and the shop's own."""
        phones = (*settings.ignore_phones, shop.phone)
        emails = (*settings.ignore_emails, *shop.emails)
        return cls(frozenset(map(digits_of, phones)) - {""}, frozenset(map(str.casefold, emails)) - {""})

    def telling_phones(self, phones: Iterable[str]) -> tuple[str, ...]:
        """Those that say something."""
        return tuple(one for one in phones if digits_of(one) not in self.phones)

    def telling_emails(self, emails: Iterable[str]) -> tuple[str, ...]:
        """Those that say something."""
        return tuple(one for one in emails if one.strip().casefold() not in self.emails)


def digits_of(text: str) -> str:
    """The digits of a phone number or postal code, in half width, whatever stands between them."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isdigit())


NOTHING_IGNORED = Ignored()


def people_of_customers(
    ids: Sequence[int], customers: Sequence[EccubeCustomer], ignored: Ignored = NOTHING_IGNORED
) -> People:
    """Customers under our ids, in the same order."""
    return People(
        ids=np.array(ids, np.int64),
        family_name=[one.family_name for one in customers],
        given_name=[one.given_name for one in customers],
        family_kana=[one.family_kana for one in customers],
        given_kana=[one.given_kana for one in customers],
        postal_code=[one.postal_code for one in customers],
        address=[one.prefecture + one.address for one in customers],
        phones=[ignored.telling_phones((one.phone,)) for one in customers],
        emails=[ignored.telling_emails((one.email,)) for one in customers],
        birth_date=[one.birth_date for one in customers],
    )


def people_of_records(records: Sequence[MemberRecord]) -> People:
    """Members as a file has them; their ids do not matter yet."""
    return _people([0] * len(records), records, [record.emails for record in records])


def people_of_members(
    connection: Connection, member_ids: Sequence[int], ignored: Ignored = NOTHING_IGNORED
) -> People:
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
    emails = [ignored.telling_emails(filter(None, row.emails.split("\n"))) for row in rows]
    return _people(ids, rows, emails, ignored)


def _people(
    ids: Sequence[int],
    rows: Sequence[Any],
    emails: Sequence[tuple[str, ...]],
    ignored: Ignored = NOTHING_IGNORED,
) -> People:
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
        phones=[ignored.telling_phones((row.phone, row.mobile)) for row in rows],
        emails=emails,
        birth_date=[row.birth_date for row in rows],
        live=[row.status in LIVE for row in rows],
        last_visit=[row.last_visit_on for row in rows],
    )
