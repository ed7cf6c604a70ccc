"""The one way a link begins and ends: row, journal and counts, inside the transaction under way."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from eccube_sync.db import AnyRow, inserted_id
from eccube_sync.services.running import Run
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.matching import active_links

Reasons = Sequence[tuple[str, float]]
"""Why two people are one: a reason code and its bits, strongest first."""

COUNTED: Mapping[str, str] = {
    "match": "links_by_match",
    "link_code": "links_by_code",
    "card": "links_by_card",
    "review": "links_by_review",
    "manual": "links_by_hand",
    "issued": "links_issued",
}
"""Method of a link → what a new one is counted as."""


def insert_link(
    run: Run,
    *,
    customer_id: int,
    member_id: int,
    source_id: int,
    method: str,
    proven_by: str | None = None,
    probability: float | None = None,
    bits: float | None = None,
    reasons: Reasons | None = None,
    model_id: int | None = None,
    slot: int = 1,
    actor: str | None = None,
    note: str | None = None,
) -> int | None:
    """Link a customer and a member. Returns the link's id.

    None, and nothing is written, when the customer has a link in this source already or the member's slot
    is taken, be it by another process since the plan.
    """
    wanted = NewLink(
        customer_id, member_id, source_id, method, proven_by, probability, bits, reasons, model_id
    )
    row = _row(run, wanted, slot) | {"actor": actor or run.shop.actor, "note": note}
    if _taken(run, row):
        return None
    try:
        with run.connection.begin_nested():
            link_id = inserted_id(run.connection.execute(insert(link).values(row)))
    except IntegrityError:
        if _taken(run, row):
            return None
        raise
    run.record("link", link_id, "state", None, "active", method)
    run.counts[COUNTED[method]] += 1
    _make_due(run, customer_id)
    return link_id


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link to be made by a classification: in a ``slot`` of the member, or in any of so many ``slots``."""

    customer_id: int
    member_id: int
    source_id: int
    method: str
    proven_by: str | None = None
    probability: float | None = None
    bits: float | None = None
    reasons: Reasons | None = None
    model_id: int | None = None
    slots: int = 1
    slot: int | None = None


def insert_links(run: Run, wanted: Sequence[NewLink]) -> list[int]:
    """Make many links at once, inside the transaction under way; returns the ids of those made.

    One whose customer or member was taken meanwhile is left out and counted as ``stale``.
    """
    if not wanted:
        return []
    standing = active_links(
        run.connection, [one.customer_id for one in wanted], [one.member_id for one in wanted]
    )
    customers = {(row.customer_id, row.source_id) for row in standing}
    slots: dict[int, set[int]] = defaultdict(set)
    for row in standing:
        slots[row.member_id].add(row.slot)
    rows: list[dict[str, Any]] = []
    for one in wanted:
        possible = range(1, one.slots + 1) if one.slot is None else (one.slot,)
        slot = next((slot for slot in possible if slot not in slots[one.member_id]), None)
        if slot is None or (one.customer_id, one.source_id) in customers:
            run.counts["stale"] += 1
            continue
        customers.add((one.customer_id, one.source_id))
        slots[one.member_id].add(slot)
        rows.append(_row(run, one, slot))
    return _insert_rows(run, rows)


def _row(run: Run, one: NewLink, slot: int) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id,
        "member_id": one.member_id,
        "source_id": one.source_id,
        "method": one.method,
        "probability": one.probability,
        "bits": one.bits,
        "reasons": as_json(one.reasons),
        "model_id": one.model_id,
        "proven_by": one.proven_by,
        "actor": run.shop.actor,
        "run_id": run.id,
        "created_at": run.moment,
        "active": 1,
        "slot": slot,
    }


def _insert_rows(run: Run, rows: Sequence[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    run.connection.execute(insert(link), rows)
    customers = [row["customer_id"] for row in rows]
    pairs = {(row["customer_id"], row["member_id"]) for row in rows}
    active = run.connection.execute(
        select(link.c.id, link.c.method, link.c.customer_id, link.c.member_id).where(
            link.c.run_id == run.id, link.c.active == 1, link.c.customer_id.in_(customers)
        )
    )
    made = [row for row in active if (row.customer_id, row.member_id) in pairs]
    for row in made:
        run.record("link", row.id, "state", None, "active", row.method)
        run.counts[COUNTED[row.method]] += 1
    run.connection.execute(
        update(customer_class).where(customer_class.c.customer_id.in_(customers)).values(due_on=run.today)
    )
    return [row.id for row in made]


def _taken(run: Run, row: Mapping[str, Any]) -> bool:
    same_customer = and_(link.c.customer_id == row["customer_id"], link.c.source_id == row["source_id"])
    same_member = and_(link.c.member_id == row["member_id"], link.c.slot == row["slot"])
    return (
        run.connection.execute(
            select(link.c.id).where(link.c.active == 1, or_(same_customer, same_member)).limit(1)
        ).first()
        is not None
    )


def end_link(run: Run, which: AnyRow | int, reason: str) -> bool:
    """End a link, given as its row or its id. Returns False when it was no longer active."""
    link_id = which if isinstance(which, int) else int(which.id)
    ended = run.connection.execute(
        update(link)
        .where(link.c.id == link_id, link.c.active == 1)
        .values(active=None, ended_at=run.moment, ended_run_id=run.id, ended_reason=reason)
    )
    if ended.rowcount != 1:
        return False
    run.record("link", link_id, "state", "active", "ended", reason)
    run.counts["links_ended"] += 1
    customer_id = run.connection.execute(select(link.c.customer_id).where(link.c.id == link_id)).scalar_one()
    _make_due(run, customer_id)
    return True


def _make_due(run: Run, customer_id: int) -> None:
    """The customer's facts changed: whoever computes classes next looks at this one."""
    run.connection.execute(
        update(customer_class).where(customer_class.c.customer_id == customer_id).values(due_on=run.today)
    )


def as_json(reasons: Reasons | None) -> str | None:
    """Reasons as links and cases keep them."""
    return None if reasons is None else json.dumps([list(one) for one in reasons])
