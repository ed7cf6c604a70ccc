"""Everything about one member: data, versions, codes, links, what the membership gives, and open questions."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from eccube_sync.clock import tokyo_date
from eccube_sync.db import AnyRow, reading
from eccube_sync.filedamage import REPAIRS
from eccube_sync.i18n import _
from eccube_sync.membership.classes import REASONS, ClassDecision, class_of
from eccube_sync.report import Listing, Report
from eccube_sync.services.classes.classing import gather
from eccube_sync.services.classes.policies import class_settings
from eccube_sync.services.customers.showing import (
    CASE_STATES,
    ENDINGS,
    METHODS,
    PROOFS,
    chance,
    class_label,
    in_words,
    tokyo,
)
from eccube_sync.services.members.findmember import find_members
from eccube_sync.services.members.knownmembers import CONTENT
from eccube_sync.services.members.memberfields import words
from eccube_sync.services.review.file import question
from eccube_sync.services.review.rows import STATUSES
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member_code, member_import, member_version

VERSIONS = 20


def show_member(shop: Shop, connection: Connection, code: str) -> Report:
    """Every member that ``code`` leads or led to, the present holder first. Raises ``UsageError`` for none."""
    today = tokyo_date(shop.clock.now())
    with reading(connection):
        found = find_members(connection, code)
        report = _show(shop.settings, connection, found[0], today)
        for other in found[1:]:
            more = _show(shop.settings, connection, other, today)
            report.notes.append(more.headline)
            report.listings += more.listings
            report.notes += more.notes
    return report


def _show(settings: Settings, connection: Connection, row: AnyRow, today: date) -> Report:
    name = _named(row)
    decision = _alone(settings, connection, row, today)
    if row.current != 1:
        headline = _("Member {name}: the code was given to another person; kept as history.")
    elif decision.end_date:
        headline = _("Member {name}: {status}, until {end}; {reason}")
    else:
        headline = _("Member {name}: {status}; {reason}")
    headline = headline.format(
        name=name,
        status=in_words(STATUSES, row.status),
        end=decision.end_date,
        reason=_(REASONS[decision.reason]),
    )
    listings = [
        _data(name, row),
        _membership(settings, name, decision),
        _links(settings, connection, name, row.member_id),
        _codes(connection, name, row.member_id),
        _cases(connection, name, row.member_id),
    ]
    versions, notes = _versions(connection, name, row.member_id)
    if row.missing_imports:
        notes.append(
            _("Member {name} is missing from the last {count} full files.").format(
                name=name, count=row.missing_imports
            )
        )
    return Report(headline, listings=[*listings, versions], notes=notes)


def _named(row: AnyRow) -> str:
    return f"{row.code or row.store_key} ({row.source_name})"


def _alone(settings: Settings, connection: Connection, row: AnyRow, today: date) -> ClassDecision:
    """The class this member alone gives a customer who is linked to it."""
    # Nobody's own facts: 0 is no customer, so only those of the member come back.
    facts = gather(settings, connection, [0], {0: [row.member_id]})[0]
    standing = connection.execute(
        select(customer_class.c.membership_class)
        .join(link, link.c.customer_id == customer_class.c.customer_id)
        .where(link.c.member_id == row.member_id, link.c.active == 1)
        .order_by(customer_class.c.membership_class.desc())
    ).first()
    current = standing.membership_class if standing else None
    return class_of(facts.members, today, class_settings(settings), current_class=current)


def _data(name: str, row: AnyRow) -> Listing:
    listing = Listing(_("Data of {name}").format(name=name), (_("field"), _("value")))
    listing.rows.append((words("store_key"), row.store_key))
    for field in CONTENT:
        value = _shown(field, getattr(row, field))
        if value not in (None, "", False):
            listing.rows.append((words(field), value))
    listing.rows += [(_("mended"), in_words(REPAIRS, kind)) for kind in row.repairs.split(",") if kind]
    return listing


def _shown(field: str, value: Any) -> Any:
    if field == "emails":
        return ", ".join(value.split("\n"))
    if field == "status":
        return in_words(STATUSES, value)
    if field == "mail_allowed" and value is not None:
        return _("yes") if value else _("no")
    return _("yes") if field == "unlimited" and value else value


def _membership(settings: Settings, name: str, decision: ClassDecision) -> Listing:
    rows = [
        (_("class of a linked customer"), class_label(settings, decision.membership_class)),
        (_("because"), _(REASONS[decision.reason])),
        (_("end date"), decision.end_date),
        (_("valid through, with grace"), decision.valid_through),
        (_("confirmed by newer store data"), _("no") if decision.unconfirmed else None),
    ]
    listing = Listing(_("What the membership of {name} gives").format(name=name), (_("what"), _("value")))
    listing.rows = [row for row in rows if row[1] is not None]
    return listing


def _links(settings: Settings, connection: Connection, name: str, member_id: int) -> Listing:
    columns = (
        _("customer"), _("method"), _("proven"), _("probability"), _("since"), _("class now"), _("ended"), _("why"),
    )  # fmt: skip
    listing = Listing(_("Links of {name}").format(name=name), columns)
    for row in connection.execute(
        select(link, customer.c.eccube_id, customer_class.c.membership_class)
        .join(customer, customer.c.id == link.c.customer_id)
        .outerjoin(customer_class, customer_class.c.customer_id == link.c.customer_id)
        .where(link.c.member_id == member_id)
        .order_by(link.c.id.desc())
    ):
        listing.rows.append(
            (
                row.eccube_id,
                in_words(METHODS, row.method),
                in_words(PROOFS, row.proven_by) or _("no"),
                chance(row.probability),
                tokyo(row.created_at),
                class_label(settings, row.membership_class) if row.active else None,
                tokyo(row.ended_at),
                in_words(ENDINGS, row.ended_reason),
            )
        )
    return listing


def _codes(connection: Connection, name: str, member_id: int) -> Listing:
    began, ended = member_import.alias("began"), member_import.alias("ended")
    listing = Listing(_("Codes of {name}").format(name=name), (_("kind"), _("code"), _("since"), _("until")))
    for row in connection.execute(
        select(
            member_code.c.kind,
            member_code.c.code,
            began.c.taken_at.label("since"),
            ended.c.taken_at.label("until"),
        )
        .join(began, began.c.id == member_code.c.from_import_id)
        .outerjoin(ended, ended.c.id == member_code.c.to_import_id)
        .where(member_code.c.member_id == member_id)
        .order_by(member_code.c.id.desc())
    ):
        listing.rows.append((words(row.kind), row.code, tokyo(row.since), tokyo(row.until)))
    return listing


def _cases(connection: Connection, name: str, member_id: int) -> Listing:
    columns = (_("case"), _("question"), _("customer"), _("state"), _("by"))
    listing = Listing(_("Cases about {name}").format(name=name), columns)
    for row in connection.execute(
        select(review_case, customer.c.eccube_id)
        .outerjoin(customer, customer.c.id == review_case.c.customer_id)
        .where(review_case.c.member_id == member_id)
        .order_by(review_case.c.id.desc())
    ):
        state = in_words(CASE_STATES, row.state)
        listing.rows.append((row.public_id, question(row.kind), row.eccube_id, state, row.decided_by))
    return listing


def _versions(connection: Connection, name: str, member_id: int) -> tuple[Listing, list[str]]:
    """The newest versions, each with the names of the fields that changed in it."""
    columns = (_("data of"), _("file"), _("import"), _("what changed"))
    listing = Listing(_("Versions of {name}").format(name=name), columns)
    rows = connection.execute(
        select(member_version, member_import.c.taken_at, member_import.c.file_name)
        .join(member_import, member_import.c.id == member_version.c.import_id)
        .where(member_version.c.member_id == member_id)
        .order_by(member_version.c.id.desc())
        .limit(VERSIONS + 1)
    ).all()
    versions = {row.id: row for row in rows}
    for row in rows[:VERSIONS]:
        before = versions.get(row.previous_version_id)
        changed = [
            words(field) for field in CONTENT if before and getattr(before, field) != getattr(row, field)
        ]
        what = _(", ").join(changed) or (_("nothing that is kept") if before else _("first seen"))
        listing.rows.append((tokyo(row.taken_at), row.file_name, row.import_id, what))
    if len(rows) <= VERSIONS:
        return listing, []
    total = connection.execute(
        select(func.count()).select_from(member_version).where(member_version.c.member_id == member_id)
    ).scalar_one()
    return listing, [_("{count} older versions are not shown.").format(count=total - VERSIONS)]
