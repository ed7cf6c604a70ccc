"""Customers and members as the columns the matcher reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.configsources import Matching
from eccube_sync.db import AnyRow
from eccube_sync.eccube import EccubeCustomer, ShopIdentity
from eccube_sync.linkage.people import People
from eccube_sync.pos import MemberRecord
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.members import member, member_version

_TEXTS = (
    "family_name", "given_name", "full_name", "family_kana", "given_kana", "full_kana", "postal_code", "address",
)  # fmt: skip
READ_COLUMNS = (*_TEXTS, "phone", "mobile", "emails", "birth_date", "status", "last_visit_on")
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
    if text.isascii() and text.isdigit():
        return text
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
    columns = {name: [getattr(one, name) for one in records] for name in READ_COLUMNS}
    return _people([0] * len(records), columns, [one.emails for one in records])


def people_of_members(
    connection: Connection, member_ids: Sequence[int], ignored: Ignored = NOTHING_IGNORED
) -> People:
    """Current members under our ids, sorted by id."""
    rows: list[AnyRow] = []
    for chunk in chunks(member_ids):
        rows += connection.execute(
            select(member.c.id, *(member_version.c[name] for name in READ_COLUMNS))
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(member.c.id.in_(chunk), member.c.current == 1)
            .order_by(member.c.id)
        )
    ids, *told = zip(*rows, strict=True) if rows else ((),)
    columns = dict(zip(READ_COLUMNS, told, strict=False))
    emails = [ignored.telling_emails(filter(None, one.split("\n"))) for one in columns.get("emails", ())]
    return _people(ids, columns, emails, ignored)


def _people(
    ids: Sequence[int],
    columns: Mapping[str, Sequence[Any]],
    emails: Sequence[tuple[str, ...]],
    ignored: Ignored = NOTHING_IGNORED,
) -> People:
    phones = zip(columns.get("phone", ()), columns.get("mobile", ()), strict=True)
    return People(
        ids=np.array(ids, np.int64),
        **{name: columns.get(name, ()) for name in _TEXTS},
        phones=[ignored.telling_phones(pair) for pair in phones],
        emails=emails,
        birth_date=columns.get("birth_date", ()),
        live=[status in LIVE for status in columns.get("status", ())],
        last_visit=columns.get("last_visit_on", ()),
    )
