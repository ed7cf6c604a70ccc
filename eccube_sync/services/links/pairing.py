"""Link a customer and a member by a person's word: what is in the way, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Connection, and_, or_, select, update

from eccube_sync.db import AnyRow
from eccube_sync.services.links.linking import COUNTED, end_link, insert_link
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, source

GUESSES = frozenset({"match"})
"""The methods of links that are guesses, which any human decision may end."""

ANY = frozenset(COUNTED)
"""All methods: what a person may end who names the two people."""


def link_of_pair(connection: Connection, customer_id: int, member_id: int) -> AnyRow | None:
    """The active link of exactly this pair."""
    return connection.execute(
        select(link).where(
            link.c.customer_id == customer_id, link.c.member_id == member_id, link.c.active == 1
        )
    ).first()


def rivals(
    settings: Settings,
    connection: Connection,
    customer_id: int,
    member_id: int,
    may_end: Collection[str] = GUESSES,
) -> list[AnyRow]:
    """The active links that must end before this pair can be linked.

    They are the customer's other link in the member's source and, where the member already has as many
    accounts as the source allows, one of those: a link that may end before any other, the least probable first.
    """
    of_source = _source_of(connection, member_id)
    same_source = and_(link.c.customer_id == customer_id, link.c.source_id == of_source.id)
    links = connection.execute(
        select(link).where(link.c.active == 1, or_(same_source, link.c.member_id == member_id))
    ).all()
    in_the_way = [one for one in links if one.member_id != member_id]
    if any(one.customer_id == customer_id and one.member_id == member_id for one in links):
        return in_the_way
    accounts = [one for one in links if one.customer_id != customer_id]
    accounts.sort(key=lambda one: (one.method not in may_end, one.probability or 0.0, one.id))
    allowed = {one.key: one.accounts_per_member for one in settings.sources}.get(of_source.source_key, 1)
    return in_the_way + accounts[: max(0, len(accounts) + 1 - allowed)]


def link_pair(
    run: Run,
    customer_id: int,
    member_id: int,
    *,
    method: str,
    actor: str,
    proven_by: str | None = None,
    scored: AnyRow | None = None,
    may_end: Collection[str] = GUESSES,
    note: str | None = None,
) -> set[int] | None:
    """Link a pair by a person's word and end the links in its way, inside the transaction under way.

    A guess that links the pair already is kept and becomes the person's, so that nobody is told twice.
    ``scored`` gives probability, bits and reasons where the pair has them, ``note`` is why the person did it.
    Returns the customers whose class may be another one now; None, and nothing is written, when a link outside
    ``may_end`` is in the way.
    """
    in_the_way = rivals(run.shop.settings, run.connection, customer_id, member_id, may_end)
    if any(one.method not in may_end for one in in_the_way):
        return None
    for one in in_the_way:
        end_link(run, one, f"other_link_by_{method}")
    concerned = {customer_id, *(one.customer_id for one in in_the_way)}
    standing = link_of_pair(run.connection, customer_id, member_id)
    if standing is not None:
        _confirm(run, standing, method, proven_by, note)
        return concerned
    link_id = insert_link(
        run,
        customer_id=customer_id,
        member_id=member_id,
        source_id=_source_of(run.connection, member_id).id,
        method=method,
        proven_by=proven_by,
        probability=scored.probability if scored else None,
        bits=scored.bits if scored else None,
        reasons=json.loads(scored.reasons) if scored and scored.reasons else None,
        slot=_free_slot(run.connection, member_id),
        actor=actor,
        note=note,
    )
    return None if link_id is None else concerned


def _source_of(connection: Connection, member_id: int) -> AnyRow:
    return connection.execute(
        select(source.c.id, source.c.source_key)
        .join(member, member.c.source_id == source.c.id)
        .where(member.c.id == member_id)
    ).one()


def _confirm(run: Run, standing: AnyRow, method: str, proven_by: str | None, note: str | None) -> None:
    """Let a person's word stand behind a link that exists; a claim stays the proof it is."""
    values: dict[str, str | None] = {}
    if standing.method in GUESSES:
        values["method"] = method
        run.counts[COUNTED[method]] += 1
    if proven_by and standing.proven_by is None:
        values["proven_by"] = proven_by
    for name, value in values.items():
        run.record("link", standing.id, name, getattr(standing, name), value, f"confirmed_by_{method}")
    if values:
        values |= {"note": note} if "method" in values else {}
        run.connection.execute(update(link).where(link.c.id == standing.id).values(**values))


def _free_slot(connection: Connection, member_id: int) -> int:
    taken = set(
        connection.execute(
            select(link.c.slot).where(link.c.member_id == member_id, link.c.active == 1)
        ).scalars()
    )
    return next(slot for slot in range(1, len(taken) + 2) if slot not in taken)
