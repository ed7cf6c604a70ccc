"""The members most like a customer who has no link: what is missing for each, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow
from eccube_sync.i18n import _
from eccube_sync.linkage.candidates import blocking_keys, followed
from eccube_sync.linkage.score import AGAINST, score_pairs
from eccube_sync.matchers import Prepared
from eccube_sync.report import Listing
from eccube_sync.services.customers.foundpeople import person_cells, person_columns
from eccube_sync.services.customers.showing import chance
from eccube_sync.services.matching.explaining import Explainer
from eccube_sync.services.review.casing import UNANSWERED
from eccube_sync.services.review.file import COMPARED, written_by
from eccube_sync.services.review.rows import customer_values, differs, member_values
from eccube_sync.settings import Settings
from eccube_sync.tables import matching
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version, source

SHOWN = 3
_TELLING = ("birth_date", "phone", "email", "kana", "name", "address")
"""What tells people apart, the strongest first."""


@dataclass(frozen=True, slots=True)
class _Near:
    """A member who is like the customer."""

    row: AnyRow
    probability: float
    flags: int


def nearest_members(settings: Settings, connection: Connection, who: AnyRow, *, unmasked: bool) -> Listing:
    """The three members most like a customer of ours, as both stand now; part of a read-only stretch.

    Empty before the first classification, and where nobody shares anything telling with the customer.
    """
    columns = (
        _("member"), _("source"), *person_columns(), _("probability"), _("what is missing"), _("next step"),
    )  # fmt: skip
    listing = Listing(_("Nearest members"), columns)
    explainer = Explainer.of_shop(settings, connection)
    seen = explainer.seen(who.eccube_id) if explainer else None
    if explainer is None or seen is None:
        return listing
    ours = customer_values(seen)
    for one in _nearest(connection, explainer, explainer.customer(seen)):
        theirs = member_values(one.row)
        listing.rows.append(
            (
                one.row.code or one.row.store_key,
                one.row.source_name,
                *person_cells(theirs, unmasked=unmasked),
                chance(one.probability),
                missing_facts(ours, theirs),
                _next_step(connection, explainer.model.link_at, who, one),
            )
        )
    return listing


def _nearest(connection: Connection, explainer: Explainer, left: Prepared) -> list[_Near]:
    """Current members who share a key with the customer, the most probable first."""
    keys = blocking_keys(left)[0]
    keys = keys[followed(keys, explainer.model.common)]
    _keys, owners = matching.who_has_keys(connection, matching.MEMBER, keys)
    right = explainer.members(sorted(set(owners.tolist())))
    if not len(right.ids):
        return []
    scores = score_pairs(
        explainer.model, left, right, np.zeros(len(right.ids), np.int64), np.arange(len(right.ids))
    )
    best = np.lexsort((right.ids, -scores.bits))[:SHOWN].tolist()
    rows = _rows(connection, [int(right.ids[place]) for place in best])
    return [
        _Near(rows[int(right.ids[place])], float(scores.probability[place]), int(scores.flags[place]))
        for place in best
    ]


def _rows(connection: Connection, member_ids: Sequence[int]) -> dict[int, AnyRow]:
    statement = (
        select(member_version, member.c.store_key, source.c.name.label("source_name"))
        .join(member, member.c.version_id == member_version.c.id)
        # Outer: else the server may begin with the one source, and look through all of its members.
        .outerjoin(source, source.c.id == member.c.source_id)
        .where(member.c.id.in_(member_ids))
    )
    return {row.member_id: row for row in connection.execute(statement)}


def missing_facts(ours: Mapping[str, tuple[str, ...]], theirs: Mapping[str, tuple[str, ...]]) -> str:
    """What differs between a customer and a member, and what one of them does not say, the most telling first."""
    found = []
    for field in _TELLING:
        title = _(COMPARED[field][0])
        if not theirs.get(field):
            found.append((1, _("{fact}: not in the store's record").format(fact=title)))
        elif not ours.get(field):
            found.append((1, _("{fact}: not in the web shop").format(fact=title)))
        elif differs(field, ours[field], theirs[field]):
            found.append((0, _("{fact}: differs").format(fact=title)))
    return _(", ").join(text for _order, text in sorted(found, key=lambda one: one[0])) or _("nothing")


def _next_step(connection: Connection, link_at: float, who: AnyRow, one: _Near) -> str:
    """What brings the two together, or why nothing should."""
    if said := _said(connection, who.id, one.row.member_id):
        return said
    if taken := _holder(connection, one.row.member_id):
        return _("Linked to customer {id}: ask whether that account is the same person's.").format(id=taken)
    if (who.id, one.row.member_id) in set(matching.set_apart(connection, [who.id])):
        return _("Their link was taken back. If they are one person, link them by hand.")
    if who.state != "full":
        withdrawn = who.state == "withdrawn"
        return (
            _("None: the account was withdrawn.") if withdrawn else _("Registration must be completed first.")
        )
    if one.probability >= link_at and not one.flags & AGAINST:
        return _("Wait for the next classification, or link them by hand.")
    return _("Ask for the missing fact, or for a link code; if they are one person, link them by hand.")


def _said(connection: Connection, customer_id: int, member_id: int) -> str:
    """What a person said about the two, or is asked; "" for neither."""
    case = connection.execute(
        select(review_case).where(
            review_case.c.customer_id == customer_id, review_case.c.member_id == member_id
        )
    ).first()
    if case is not None and case.state == "different":
        return _(
            "A person said: different people. If that was wrong: eccube-sync review reopen {case} --reason …"
        ).format(case=case.public_id)
    if case is not None and case.state in UNANSWERED:
        return _("Answer case {case} in the review file ({command}).").format(
            case=case.public_id, command=written_by(case.kind)
        )
    return ""


def _holder(connection: Connection, member_id: int) -> int | None:
    """The EC-CUBE id of a customer the member is linked to."""
    return connection.execute(
        select(customer.c.eccube_id)
        .join(link, link.c.customer_id == customer.c.id)
        .where(link.c.active == 1, link.c.member_id == member_id)
        .order_by(link.c.id)
        .limit(1)
    ).scalar_one_or_none()
