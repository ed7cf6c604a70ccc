"""The persons a run touched: masked for a terminal, whole in a file that is logged as an export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from eccube_sync.csvwriter import write_csv
from eccube_sync.db import AnyRow, reading
from eccube_sync.eccube import GENERATIONS, EccubeCustomer, detect
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.masking import mask_mail, mask_name, mask_number
from eccube_sync.services.privacy.exportlog import log_export
from eccube_sync.services.privacy.exportplace import refuse_place
from eccube_sync.services.reports.journalwords import subject_word
from eccube_sync.services.running import Shop, applied_run
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_code, member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal
from eccube_sync.tables.runs import run as run_table

SHOWN = 20
"""Persons a terminal lists."""

_BY_SUBJECT = {
    "link": (link.c.id, link.c.customer_id, link.c.member_id),
    "case": (review_case.c.id, review_case.c.customer_id, review_case.c.member_id),
    "notice": (notice.c.id, notice.c.customer_id, notice.c.member_id),
}
_CUSTOMER, _MEMBER = "customer", "member"


@dataclass(slots=True)
class Touched:
    """Our ids of customers and members, each with the subjects of the journal through which it was touched."""

    customers: dict[int, set[str]] = field(default_factory=dict)
    members: dict[int, set[str]] = field(default_factory=dict)

    def add(self, subject: str, customer_id: int | None = None, member_id: int | None = None) -> None:
        """Note one person, or two."""
        for found, one in ((self.customers, customer_id), (self.members, member_id)):
            if one is not None:
                found.setdefault(one, set()).add(subject)


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list."""

    side: str  # customer, member
    number: str  # EC-CUBE id, or the member's code
    name: str
    email: str
    phone: str
    subjects: frozenset[str]

    @property
    def what(self) -> str:
        """What of theirs the run touched, in words."""
        return _(", ").join(sorted(str(subject_word(one)) for one in self.subjects))

    @property
    def side_words(self) -> str:
        """Customer or member, in words."""
        return str(subject_word(self.side))


def affected_report(shop: Shop, connection: Connection, run_id: int, *, csv: Path | None = None) -> Report:
    """Who was touched; with ``csv`` all of them go into that file. Raises ``UsageError``."""
    if csv is not None:
        refuse_place(csv, shop.settings.shop.eccube_root)
    with reading(connection):
        if connection.execute(select(run_table.c.id).where(run_table.c.id == run_id)).first() is None:
            raise UsageError(_("There is no run {run_id}; see: eccube-sync runs list").format(run_id=run_id))
        touched = _touched(connection, run_id)
    headline = _("Run {run_id} touched {customers} customers and {members} members.").format(
        run_id=run_id, customers=f"{len(touched.customers):,}", members=f"{len(touched.members):,}"
    )
    report = Report(headline, listings=[_masked(connection, touched)])
    if csv is not None:
        rows = _write(shop, connection, touched, csv)
        report.notes.append(
            _(
                "{rows} persons were written to {file}. It holds personal data: delete it when it has served."
            ).format(rows=f"{rows:,}", file=csv)
        )
    elif len(touched.customers) + len(touched.members) > SHOWN:
        report.notes.append(
            _("The first {count} are listed; --csv FILE writes all of them, unmasked.").format(count=SHOWN)
        )
    return report


def _masked(connection: Connection, touched: Touched) -> Listing:
    columns = (_("customer or member"), _("number"), _("name"), _("mail"), _("phone"), _("touched"))
    listing = Listing(_("Persons"), columns)
    for one in _persons(connection, touched, SHOWN):
        number = one.number if one.side == _CUSTOMER else mask_number(one.number)
        masked = (mask_name(one.name), mask_mail(one.email), mask_number(one.phone))
        listing.rows.append((one.side_words, number, *masked, one.what))
    return listing


def _write(shop: Shop, connection: Connection, touched: Touched, path: Path) -> int:
    header = (_("customer or member"), _("number"), _("name"), _("mail"), _("phone"), _("touched"))
    count = len(touched.customers) + len(touched.members)
    with applied_run(shop, connection, "report affected", sound=False) as run:
        run.transaction(log_export, run, "affected", count)
        rows = (
            (one.side_words, one.number, one.name, one.email, one.phone, one.what)
            for one in _persons(connection, touched)
        )
        return write_csv(path, header, rows).rows


# --- who -------------------------------------------------------------------------------------------------


def _touched(connection: Connection, run_id: int) -> Touched:
    found = Touched()
    ids: dict[str, list[int]] = {}
    lines = select(journal.c.subject, journal.c.subject_id).where(journal.c.run_id == run_id).distinct()
    for row in connection.execute(lines):
        ids.setdefault(row.subject, []).append(row.subject_id)
    for subject in (_CUSTOMER, "projection"):
        for one in ids.get(subject, ()):
            found.add(subject, customer_id=one)
    for one in ids.get(_MEMBER, ()):
        found.add(_MEMBER, member_id=one)
    for subject, (key, customer_id, member_id) in _BY_SUBJECT.items():
        pairs = select(customer_id.label("customer"), member_id.label("member"))
        for row in _all(connection, pairs, key, ids.get(subject, ())):
            found.add(subject, row.customer, row.member)
    for row in _all(connection, select(claim.c.customer_id), claim.c.id, ids.get("claim", ())):
        found.add("claim", row.customer_id)
    _add_codes(connection, found, ids.get("link_code", ()))
    imported = select(member_version.c.member_id)
    for row in _all(connection, imported, member_version.c.import_id, ids.get("import", ())):
        found.add("import", member_id=row.member_id)
    return found


def _add_codes(connection: Connection, found: Touched, ids: Sequence[int]) -> None:
    holders = select(link_code.c.used_by_customer_id, member_code.c.member_id).outerjoin(
        member_code,
        and_(member_code.c.source_id == link_code.c.source_id, member_code.c.code == link_code.c.member_code),
    )
    for row in _all(connection, holders, link_code.c.id, ids):
        found.add("link_code", row.used_by_customer_id, row.member_id)


def _all(
    connection: Connection, statement: Select[Any], key: ColumnElement[int], ids: Iterable[int]
) -> Iterator[AnyRow]:
    for part in chunks(ids):
        yield from connection.execute(statement.where(key.in_(part)))


def _persons(connection: Connection, touched: Touched, limit: int | None = None) -> Iterator[Person]:
    """Customers first, then members, by our ids; at most ``limit``."""
    customers, members = sorted(touched.customers)[:limit], sorted(touched.members)
    if limit is not None:
        members = members[: limit - len(customers)]
    for part in chunks(customers):
        yield from _customers(connection, part, touched.customers)
    for part in chunks(members):
        yield from _members(connection, part, touched.members)


def _customers(connection: Connection, ids: Sequence[int], subjects: Mapping[int, set[str]]) -> list[Person]:
    with reading(connection):
        ours = connection.execute(
            select(customer.c.id, customer.c.eccube_id, customer.c.current).where(customer.c.id.in_(ids))
        ).all()
        generation = GENERATIONS[detect(connection)]
        found = generation.customers_by_id(connection, [row.eccube_id for row in ours])
    people: dict[int, EccubeCustomer] = {one.eccube_id: one for one in found}
    persons = []
    for row in sorted(ours):
        # Another person stands under the id now, or nobody.
        person = people.get(row.eccube_id) if row.current else None
        name = f"{person.family_name} {person.given_name}".strip() if person else ""
        mail, phone = (person.email, person.phone) if person else ("", "")
        of = frozenset(subjects[row.id])
        persons.append(Person(_CUSTOMER, str(row.eccube_id), name, mail, phone, of))
    return persons


def _members(connection: Connection, ids: Sequence[int], subjects: Mapping[int, set[str]]) -> list[Person]:
    version = member_version.c
    with reading(connection):
        rows = connection.execute(
            select(member.c.id, member.c.store_key, version.code, version.family_name, version.given_name)
            .add_columns(version.full_name, version.emails, version.phone, version.mobile)
            .join(member_version, version.id == member.c.version_id)
            .where(member.c.id.in_(ids))
            .order_by(member.c.id)
        ).all()
    return [
        Person(
            _MEMBER,
            row.code or row.store_key,
            f"{row.family_name} {row.given_name}".strip() or row.full_name,
            row.emails.splitlines()[0] if row.emails else "",
            row.mobile or row.phone,
            frozenset(subjects[row.id]),
        )
        for row in rows
    ]
