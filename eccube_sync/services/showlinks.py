"""Links of a customer and, where there is none, the members most like the customer."""

from __future__ import annotations

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow
from eccube_sync.i18n import _
from eccube_sync.linkage.explain import sentence
from eccube_sync.report import Listing
from eccube_sync.services.explaining import Explainer, flag_words
from eccube_sync.services.showing import (
    ENDINGS,
    METHODS,
    PROOFS,
    chance,
    evidence,
    in_words,
    stored_reasons,
    tokyo,
)
from eccube_sync.settings import Settings
from eccube_sync.tables import matching
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version, source

BEST_PAIRS = 5


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
        _("ended"), _("why"),
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


def candidates(settings: Settings, connection: Connection, who: AnyRow) -> Listing:
    """The best members this customer was scored with, explained as they stand now."""
    columns = (_("member"), _("source"), _("probability"), _("bits"), _("against a machine"), _("facts"))
    listing = Listing(_("Most similar members"), columns)
    pairs = matching.pairs_touching(connection, [who.id], [])
    pairs.sort(key=lambda pair: (-pair.probability, -pair.bits, pair.member_id))
    explainer = Explainer.of_shop(settings, connection) if pairs else None
    seen = explainer.seen(who.eccube_id) if explainer else None
    for pair in pairs[:BEST_PAIRS]:
        row = connection.execute(
            select(member.c.store_key, member_version.c.code, source.c.name)
            .join(member_version, member_version.c.id == member.c.version_id)
            .join(source, source.c.id == member.c.source_id)
            .where(member.c.id == pair.member_id)
        ).one()
        facts = ""
        if explainer is not None and seen is not None:
            other = explainer.member(pair.member_id)
            if len(other):
                facts = sentence(explainer.pair(explainer.customer(seen), other).reasons)
        listing.rows.append(
            (
                row.code or row.store_key,
                row.name,
                chance(pair.probability),
                f"{pair.bits:.1f}",
                flag_words(pair.flags),
                facts,
            )
        )
    return listing


def why_not_linked(settings: Settings, who: AnyRow, similar: Listing) -> str:
    """Why a customer has no link, in words; ``similar`` is what ``candidates`` found."""
    if who.state != "full":
        return _("Not linked: only fully registered customers are ever linked.")
    if similar.rows:
        return _("Not linked. Explain a pair with: eccube-sync classify --explain {id} {code}").format(
            id=who.eccube_id, code=similar.rows[0][0]
        )
    return _("Not linked: nobody in the store's data is similar enough to ask about (from {chance}).").format(
        chance=chance(settings.matching.review_at)
    )
