"""The people a search found, in two tables: masked unless asked, each with whom they are linked to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from eccube_sync.clock import to_database
from eccube_sync.db import AnyRow
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.i18n import _
from eccube_sync.report import Listing
from eccube_sync.services.customers.masking import mask_date, mask_mail, mask_name, mask_number
from eccube_sync.services.customers.showing import CUSTOMER_STATES, class_word, word
from eccube_sync.services.review.file import COMPARED
from eccube_sync.services.review.rows import STATUSES, customer_values, member_values
from eccube_sync.settings import Settings
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version, source

_PERSON = ("name", "kana", "phone", "email", "birth_date")
_MASKS = {
    "name": mask_name,
    "kana": mask_name,
    "phone": mask_number,
    "email": mask_mail,
    "birth_date": mask_date,
}


def person_columns() -> tuple[str, ...]:
    """The titles of what ``person_cells`` gives."""
    return tuple(_(COMPARED[field][0]) for field in _PERSON)


def person_cells(values: Mapping[str, Sequence[str]], *, unmasked: bool) -> tuple[str, ...]:
    """Name, reading, phones, e-mails and birth date, as ``customer_values`` and ``member_values`` give them."""
    return tuple(
        " / ".join(one if unmasked else _MASKS[field](one) for one in values.get(field, ()))
        for field in _PERSON
    )


def customers_listing(
    settings: Settings, connection: Connection, eccube_ids: Sequence[int], *, unmasked: bool
) -> Listing:
    """Customers in this order, with state, class and the members they are linked to."""
    columns = (_("customer"), *person_columns(), _("state"), _("class"), _("member"))
    listing = Listing(_("Customers of the web shop"), columns)
    if not eccube_ids:
        return listing
    found = GENERATIONS[detect(connection)].customers_by_id(connection, eccube_ids)
    by_id = {one.eccube_id: one for one in found}
    known = _known_customers(connection, eccube_ids)
    for one in (by_id[eccube_id] for eccube_id in eccube_ids if eccube_id in by_id):
        # What we know of an id that changed hands is about somebody else.
        ours = [row for row in known[one.eccube_id] if row.eccube_created_at == to_database(one.created_at)]
        codes = [row.code or row.store_key for row in ours if row.store_key]
        listing.rows.append(
            (
                one.eccube_id,
                *person_cells(customer_values(one), unmasked=unmasked),
                word(CUSTOMER_STATES, one.state),
                class_word(settings, ours[0].membership_class) if ours else None,
                ", ".join(codes),
            )
        )
    return listing


def _known_customers(connection: Connection, eccube_ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """EC-CUBE id → our row, once for each active link."""
    rows = connection.execute(
        select(
            customer.c.eccube_id,
            customer.c.eccube_created_at,
            customer_class.c.membership_class,
            member.c.store_key,
            member_version.c.code,
        )
        .outerjoin(customer_class, customer_class.c.customer_id == customer.c.id)
        .outerjoin(link, (link.c.customer_id == customer.c.id) & (link.c.active == 1))
        .outerjoin(member, member.c.id == link.c.member_id)
        .outerjoin(member_version, member_version.c.id == member.c.version_id)
        .where(customer.c.eccube_id.in_(eccube_ids), customer.c.current == 1)
        .order_by(link.c.id)
    )
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for row in rows:
        found[row.eccube_id].append(row)
    return found


def members_listing(connection: Connection, member_ids: Sequence[int], *, unmasked: bool) -> Listing:
    """Members in this order, with status, end date and the customers they are linked to."""
    columns = (_("member"), _("source"), *person_columns(), _("status"), _("end date"), _("customer"))
    listing = Listing(_("Members of the store"), columns)
    rows = {row.member_id: row for row in _member_rows(connection, member_ids)}
    linked = _linked_customers(connection, member_ids)
    for member_id in (one for one in member_ids if one in rows):
        row = rows[member_id]
        listing.rows.append(
            (
                row.code or row.store_key,
                row.source_name,
                *person_cells(member_values(row), unmasked=unmasked),
                word(STATUSES, row.status) if row.current == 1 else _("kept as history"),
                _("no end") if row.unlimited else row.end_date,
                ", ".join(map(str, linked[member_id])),
            )
        )
    return listing


def _member_rows(connection: Connection, member_ids: Sequence[int]) -> list[AnyRow]:
    statement = (
        select(member_version, member.c.store_key, member.c.current, source.c.name.label("source_name"))
        .join(member, member.c.version_id == member_version.c.id)
        # Outer: else the server may begin with the one source, and look through all of its members.
        .outerjoin(source, source.c.id == member.c.source_id)
    )
    return list(connection.execute(statement.where(member.c.id.in_(member_ids)))) if member_ids else []


def _linked_customers(connection: Connection, member_ids: Sequence[int]) -> dict[int, list[int]]:
    """Member id → EC-CUBE ids of the customers it is linked to."""
    found: dict[int, list[int]] = defaultdict(list)
    if member_ids:
        for member_id, eccube_id in connection.execute(
            select(link.c.member_id, customer.c.eccube_id)
            .join(customer, customer.c.id == link.c.customer_id)
            .where(link.c.active == 1, link.c.member_id.in_(member_ids))
            .order_by(link.c.id)
        ):
            found[member_id].append(eccube_id)
    return found
