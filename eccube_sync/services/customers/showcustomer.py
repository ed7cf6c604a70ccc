"""Everything about one customer in words: class and why, link and score, history, exceptions, cases, notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow, reading
from eccube_sync.i18n import _
from eccube_sync.membership.classes import REASONS
from eccube_sync.report import Listing, Report
from eccube_sync.services.claims.words import REASONS as CLAIM_REASONS
from eccube_sync.services.classes.overriding import unknown_customer
from eccube_sync.services.customers.showing import (
    CASE_STATES,
    CLAIM_STATES,
    CUSTOMER_STATES,
    ENDINGS,
    EXCEPTIONS,
    METHODS,
    PROJECTION_STATES,
    class_label,
    in_words,
    override_reason,
    tokyo,
)
from eccube_sync.services.customers.showlinks import (
    link_sentence,
    links_listing,
    links_of,
    why_linked,
    why_not_linked,
)
from eccube_sync.services.matching.nearest import nearest_members
from eccube_sync.services.notices.words import KINDS, reason_words, state_words
from eccube_sync.services.review.file import question
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import class_override, customer, customer_class, projection_state
from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal


@dataclass(frozen=True, slots=True)
class _View:
    """One customer, and what is needed to look at it."""

    settings: Settings
    connection: Connection
    row: AnyRow
    unmasked: bool

    @property
    def id(self) -> int:
        return int(self.row.id)


def show_customer(shop: Shop, connection: Connection, eccube_id: int, *, unmasked: bool = False) -> Report:
    """A customer by EC-CUBE id; members who may be the customer are masked unless asked.

    Raises ``UsageError`` for one that no classification has seen.
    """
    with reading(connection):
        rows = connection.execute(
            select(customer).where(customer.c.eccube_id == eccube_id).order_by(customer.c.id.desc())
        ).all()
        if not rows:
            raise unknown_customer(eccube_id)
        row = next((one for one in rows if one.current == 1), rows[0])
        report = _show(_View(shop.settings, connection, row, unmasked))
    if len(rows) > 1:
        report.notes.append(
            _("The id belonged to {count} other person before; their links have ended.").format(
                count=len(rows) - 1
            )
        )
    return report


def _show(view: _View) -> Report:
    now = view.connection.execute(
        select(customer_class).where(customer_class.c.customer_id == view.id)
    ).first()
    links = links_of(view.connection, view.id)
    active = [one for one in links if one.active]
    report = Report(_headline(view, now))
    report.listings = [_class_now(view, now), links_listing(links)]
    for one in active:
        report.listings += why_linked(one)
        report.notes.append(link_sentence(one))
    if not active:
        nearest = nearest_members(view.settings, view.connection, view.row, unmasked=view.unmasked)
        report.listings.append(nearest)
        report.notes += why_not_linked(view.row, nearest, classified=now is not None)
    report.listings += [_history(view), _overrides(view), _claims(view), _cases(view)]
    report.listings += [_notices(view), _projections(view)]
    return report


# --- the class ------------------------------------------------------------------------------------


def _headline(view: _View, now: AnyRow | None) -> str:
    if now is None:
        return _("Customer {id}: {state}; no class was computed yet.").format(
            id=view.row.eccube_id, state=in_words(CUSTOMER_STATES, view.row.state)
        )
    if now.valid_through:
        text = _("Customer {id} is {label} since {since}, valid through {until}: {reason}.")
    else:
        text = _("Customer {id} is {label} since {since}: {reason}.")
    return text.format(
        id=view.row.eccube_id,
        label=class_label(view.settings, now.membership_class),
        since=now.since,
        until=now.valid_through,
        reason=in_words(REASONS, now.reason),
    )


def _class_now(view: _View, now: AnyRow | None) -> Listing:
    rows: list[tuple[str, Any]] = [(_("account"), in_words(CUSTOMER_STATES, view.row.state))]
    if now is not None:
        rows += [
            (_("class"), class_label(view.settings, now.membership_class)),
            (_("because"), in_words(REASONS, now.reason)),
            (_("since"), now.since),
            (_("end date"), now.end_date),
            (_("valid through, with grace"), now.valid_through),
            (_("confirmed by newer store data"), _("no") if now.unconfirmed else None),
            (_("next look"), now.due_on),
        ]
    listing = Listing(_("Now"), (_("what"), _("value")))
    listing.rows = [row for row in rows if row[1] is not None]
    return listing


def _history(view: _View) -> Listing:
    listing = Listing(_("History of the class"), (_("when"), _("from"), _("to"), _("because"), _("run")))
    for row in view.connection.execute(
        select(journal)
        .where(journal.c.subject == "customer", journal.c.subject_id == view.id, journal.c.field == "class")
        .order_by(journal.c.id.desc())
    ):
        labels = [class_label(view.settings, one) for one in (row.old_value, row.new_value)]
        listing.rows.append((tokyo(row.created_at), *labels, in_words(REASONS, row.reason), row.run_id))
    return listing


def _overrides(view: _View) -> Listing:
    columns = (_("kind"), _("class"), _("since"), _("until"), _("reason"), _("by"), _("ended"))
    listing = Listing(_("Overrides and holds"), columns)
    for row in view.connection.execute(
        select(class_override)
        .where(class_override.c.customer_id == view.id)
        .order_by(class_override.c.id.desc())
    ):
        ended = in_words(ENDINGS, row.ended_reason) if not row.active else None
        label = class_label(view.settings, row.membership_class)
        listing.rows.append(
            (
                in_words(EXCEPTIONS, row.kind),
                label,
                row.since,
                row.until,
                override_reason(row.reason),
                row.actor,
                ended,
            )
        )
    return listing


def _claims(view: _View) -> Listing:
    listing = Listing(_("Codes the customer entered"), (_("when"), _("kind"), _("state"), _("because")))
    for row in view.connection.execute(
        select(claim).where(claim.c.customer_id == view.id).order_by(claim.c.id.desc())
    ):
        state, reason = in_words(CLAIM_STATES, row.state), in_words(CLAIM_REASONS, row.reason)
        listing.rows.append((tokyo(row.received_at), in_words(METHODS, row.kind), state, reason))
    return listing


# --- questions, mails, projections ------------------------------------------------------------------


def _cases(view: _View) -> Listing:
    columns = (
        _("case"), _("question"), _("member"), _("state"), _("opened"), _("until"), _("answered by"),
        _("closed"), _("note"),
    )  # fmt: skip
    listing = Listing(_("Cases"), columns)
    for row in view.connection.execute(
        select(review_case, member.c.store_key, member_version.c.code)
        .outerjoin(member, member.c.id == review_case.c.member_id)
        .outerjoin(member_version, member_version.c.id == member.c.version_id)
        .where(review_case.c.customer_id == view.id)
        .order_by(review_case.c.id.desc())
    ):
        listing.rows.append(
            (
                row.public_id,
                question(row.kind),
                row.code or row.store_key,
                in_words(CASE_STATES, row.state),
                row.opened_on,
                row.hold_until,
                row.decided_by,
                in_words(ENDINGS, row.closed_reason),
                _newest_note(view.connection, row.id),
            )
        )
    return listing


def _newest_note(connection: Connection, case_id: int) -> str | None:
    """What the person wrote who decided about the case last."""
    return connection.execute(
        select(review_decision.c.note)
        .where(review_decision.c.case_id == case_id)
        .order_by(review_decision.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def _notices(view: _View) -> Listing:
    columns = (_("notice"), _("state"), _("event"), _("days before"), _("sent"), _("because"))
    listing = Listing(_("Notices"), columns)
    for row in view.connection.execute(
        select(
            notice.c.kind, notice.c.state, notice.c.event_on, notice.c.days, notice.c.sent_at, notice.c.reason
        )
        .where(notice.c.customer_id == view.id)
        .order_by(notice.c.id.desc())
    ):
        kind, state = in_words(KINDS, row.kind), state_words(row.state)
        listing.rows.append(
            (kind, state, row.event_on, row.days, tokyo(row.sent_at), reason_words(row.reason))
        )
    return listing


def _projections(view: _View) -> Listing:
    listing = Listing(_("Shown in EC-CUBE"), (_("place"), _("wanted"), _("written"), _("state")))
    for row in view.connection.execute(
        select(projection_state)
        .where(projection_state.c.customer_id == view.id)
        .order_by(projection_state.c.projection_key)
    ):
        wanted, written = (class_label(view.settings, one) for one in (row.wanted_class, row.written_class))
        listing.rows.append((row.projection_key, wanted, written, in_words(PROJECTION_STATES, row.state)))
    return listing
