"""Links of a customer and, where there is none, the members most like the customer."""

from __future__ import annotations

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow
from eccube_sync.i18n import _
from eccube_sync.linkage.explain import sentence
from eccube_sync.report import Listing
from eccube_sync.services.customers.showing import (
    ENDINGS,
    METHODS,
    PROOFS,
    chance,
    evidence,
    in_words,
    stored_reasons,
    tokyo,
)
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version, source


def links_of(connection: Connection, customer_id: int) -> list[AnyRow]:
    """Every link the customer has or had, the newest first, with the member's code and store."""
    return list(
        connection.execute(
            select(link, member.c.store_key, member_version.c.code, source.c.name.label("source_name"))
            .join(member, member.c.id == link.c.member_id)
            .join(member_version, member_version.c.id == member.c.version_id)
            .join(source, source.c.id == member.c.source_id)
            .where(link.c.customer_id == customer_id)
            .order_by(link.c.id.desc())
        )
    )


def links_listing(rows: list[AnyRow]) -> Listing:
    """The links as a table."""
    columns = (
        _("member"), _("source"), _("method"), _("proven"), _("probability"), _("bits"), _("since"), _("who"),
        _("ended"), _("why"), _("note"),
    )  # fmt: skip
    listing = Listing(_("Links"), columns)
    for row in rows:
        listing.rows.append(
            (
                row.code or row.store_key,
                row.source_name,
                in_words(METHODS, row.method),
                in_words(PROOFS, row.proven_by) or _("no"),
                chance(row.probability),
                None if row.bits is None else f"{row.bits:.1f}",
                tokyo(row.created_at),
                row.actor,
                tokyo(row.ended_at),
                in_words(ENDINGS, row.ended_reason),
                row.note,
            )
        )
    return listing


def why_linked(row: AnyRow) -> list[Listing]:
    """The facts a link rests on; no table where it has no score."""
    reasons = stored_reasons(row.reasons)
    title = _("What spoke for the link to {code}").format(code=row.code or row.store_key)
    return [evidence(title, reasons)] if reasons else []


def link_sentence(row: AnyRow) -> str:
    """One link in words."""
    if row.proven_by:
        text = _("Linked to member {code} by {method}, proven {proof}.")
    else:
        text = _(
            "Linked to member {code} by {method}; not proven, so number, points and dates are never shown to the "
            "customer."
        )
    words = text.format(
        code=row.code or row.store_key,
        method=in_words(METHODS, row.method),
        proof=in_words(PROOFS, row.proven_by),
    )
    reasons = stored_reasons(row.reasons)
    return f"{words} {sentence(reasons)}" if reasons else words


def why_not_linked(who: AnyRow, nearest: Listing, *, classified: bool) -> list[str]:
    """Why a customer has no link, and what to do, in words; ``nearest`` is what ``nearest_members`` found."""
    if who.state != "full":
        return [_("Not linked: only fully registered customers are ever linked.")]
    if not classified:
        return [_("Not linked: the customer was not classified yet; run: eccube-sync classify")]
    if not nearest.rows:
        return [_("Not linked: no member shares a telling fact with the customer.")]
    return [
        _("Not linked. Explain a pair: eccube-sync classify --explain {id} MEMBER").format(id=who.eccube_id),
        _("Link by hand: eccube-sync customers link {id} MEMBER --reason …").format(id=who.eccube_id),
    ]
