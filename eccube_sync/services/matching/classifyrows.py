"""The pairs of a planned classification as people know them: EC-CUBE's customer id and the member's code."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.linkage.assign import Action, Decision, Kind
from eccube_sync.report import Listing
from eccube_sync.services.customers.showing import DECISIONS, KINDS, chance, word
from eccube_sync.services.matching.classifyplan import ClassifyPlan
from eccube_sync.tables.classes import chunks, eccube_ids
from eccube_sync.tables.members import member, member_version


def pairs_listing(connection: Connection, plan: ClassifyPlan) -> Listing:
    """Every pair that would be linked, moved or asked about, and why."""
    columns = (_("customer"), _("member"), _("decision"), _("reason"), _("probability"))
    listing = Listing(_("Pairs"), columns)
    chosen = [one for one in plan.decisions if one.action != Action.NONE and one.kind != Kind.HELD]
    with reading(connection):
        customers = _customers(connection, chosen)
        members = _members(connection, {one.member_id for one in chosen})
    for one in chosen:
        words = (word(DECISIONS, one.action.value), word(KINDS, one.kind.value))
        pair = (customers[one.customer_id], members[one.member_id])
        listing.rows.append((*pair, *words, chance(one.probability)))
    listing.rows.sort(key=lambda row: row[0])
    return listing


def _customers(connection: Connection, decisions: Iterable[Decision]) -> dict[int, int]:
    """Key of a plan → EC-CUBE id; below zero it is that already."""
    keys = {one.customer_id for one in decisions}
    found = {key: -key for key in keys if key < 0}
    for ids in chunks(key for key in keys if key > 0):
        found.update(eccube_ids(connection, ids))
    return found


def _members(connection: Connection, member_ids: Iterable[int]) -> dict[int, str]:
    """Our id → the code a card shows, else the POS's own key."""
    found: dict[int, str] = {}
    for ids in chunks(member_ids):
        rows = connection.execute(
            select(member.c.id, member.c.store_key, member_version.c.code)
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(member.c.id.in_(ids))
        )
        found.update((row.id, row.code or row.store_key) for row in rows)
    return found
