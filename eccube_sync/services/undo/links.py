"""Take back links: those the run made end and stay apart, those it ended come back, its confirmations go."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, insert, or_, select, update

from eccube_sync.db import AnyRow
from eccube_sync.services.links.linking import end_link, insert_link
from eccube_sync.services.notices.noticing import cancel_for_links
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding, attempts, later_runs, steps
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link, undone_pair
from eccube_sync.tables.matching import active_links
from eccube_sync.tables.members import member, member_import, member_version
from eccube_sync.tables.runs import run as run_table

CONFIRMED = ("method", "proven_by")


# --- links the run made ------------------------------------------------------------------------------


def find_made(connection: Connection, run_id: int) -> list[Finding]:
    """The links the run made; one that a person confirmed since is that person's."""
    rows = connection.execute(select(link).where(link.c.run_id == run_id).order_by(link.c.id.desc())).all()
    ids = [row.id for row in rows]
    confirmed = later_runs(connection, run_id, "link", CONFIRMED, ids)
    decided = _decided_pairs(connection, rows, "same")
    ours = {run_id, *attempts(connection, run_id)}
    restored = _restored_pairs(connection, rows)
    found = []
    for made in rows:
        # Ended by a later run that was undone in its turn: the link stands again, as another row.
        row = made if made.active else restored.get((made.customer_id, made.member_id), made)
        one = Finding("link_made", row.id, row.customer_id)
        word = decided.get((row.customer_id, row.member_id))
        if row.active is None:
            if row.ended_run_id not in ours:
                found.append(one.keep("ended_since", row.ended_run_id))
        elif row.id in confirmed:
            found.append(one.keep("confirmed_since", confirmed[row.id]))
        elif word is not None and word > run_id:
            found.append(one.keep("confirmed_since", word))
        else:
            found.append(one)
    return found


def _restored_pairs(connection: Connection, links: Iterable[AnyRow]) -> dict[tuple[int, int], AnyRow]:
    """Customer and member → the active link that an undo brought back."""
    found: dict[tuple[int, int], AnyRow] = {}
    for ids in chunks(row.customer_id for row in links if row.active is None):
        rows = connection.execute(
            select(link)
            .join(run_table, run_table.c.id == link.c.run_id)
            .where(link.c.active == 1, link.c.customer_id.in_(ids), run_table.c.undoes_run_id.is_not(None))
        )
        found.update(((row.customer_id, row.member_id), row) for row in rows)
    return found


def _decided_pairs(connection: Connection, links: Iterable[AnyRow], state: str) -> dict[tuple[int, int], int]:
    """Customer and member of cases with this answer → the run that changed them last."""
    found: dict[tuple[int, int], int] = {}
    for ids in chunks(row.customer_id for row in links):
        rows = connection.execute(
            select(review_case.c.customer_id, review_case.c.member_id, review_case.c.changed_run_id).where(
                review_case.c.customer_id.in_(ids),
                review_case.c.member_id.is_not(None),
                review_case.c.state == state,
            )
        )
        found.update(((row.customer_id, row.member_id), row.changed_run_id) for row in rows)
    return found


def end_made(run: Run, undone_run: int, findings: Sequence[Finding]) -> Iterator[Finding]:
    """End them inside the transaction under way; no machine links the same people on the same facts again."""
    rows = {row.id: row for row in _links(run.connection, (one.subject_id for one in findings))}
    ended = []
    for one in findings:
        row = rows[one.subject_id]
        if end_link(run, row, UNDO):
            ended.append(row)
            yield one
        else:
            yield one.keep("ended_since", row.ended_run_id)
    cancel_for_links(run, [row.id for row in ended], UNDO)
    _set_apart(run, undone_run, ended)


def _links(connection: Connection, link_ids: Iterable[int]) -> list[AnyRow]:
    rows: list[AnyRow] = []
    for ids in chunks(link_ids):
        rows += connection.execute(select(link).where(link.c.id.in_(ids)))
    return rows


def _set_apart(run: Run, undone_run: int, links: Sequence[AnyRow]) -> None:
    """Mark the facts the links were made on: those of today, and those of an import undone just before."""
    wanted: set[tuple[int, int, str, str]] = set()
    for part in chunks(row.id for row in links):
        today = (
            select(link.c.customer_id, link.c.member_id, customer.c.fingerprint, member.c.fingerprint)
            .join(customer, customer.c.id == link.c.customer_id)
            .join(member, member.c.id == link.c.member_id)
            .where(link.c.id.in_(part))
        )
        then = (
            select(link.c.customer_id, link.c.member_id, customer.c.fingerprint, member_version.c.fingerprint)
            .join(customer, customer.c.id == link.c.customer_id)
            .join(member_version, member_version.c.member_id == link.c.member_id)
            .join(member_import, member_import.c.id == member_version.c.import_id)
            .where(link.c.id.in_(part), member_import.c.run_id == undone_run)
        )
        for statement in (today, then):
            wanted.update((row[0], row[1], row[2], row[3]) for row in run.connection.execute(statement))
    for ids in chunks(row.customer_id for row in links):
        known = run.connection.execute(select(undone_pair).where(undone_pair.c.customer_id.in_(ids)))
        wanted -= {
            (row.customer_id, row.member_id, row.customer_fingerprint, row.member_fingerprint)
            for row in known
        }
    names = ("customer_id", "member_id", "customer_fingerprint", "member_fingerprint")
    if wanted:
        values = [dict(zip(names, one, strict=True)) | {"run_id": run.id} for one in sorted(wanted)]
        run.connection.execute(insert(undone_pair), values)


# --- links the run confirmed -------------------------------------------------------------------------


def find_confirmed(connection: Connection, run_id: int) -> list[Finding]:
    """What the run wrote on links that existed before: a person's word, or a proof."""
    found = []
    for name in CONFIRMED:
        changed = steps(connection, run_id, "link", name)
        later = later_runs(connection, run_id, "link", (name,), changed)
        for row in _links(connection, changed):
            step = changed[row.id]
            one = Finding("link_confirmed", row.id, row.customer_id, f"{name}={step.new}", step.old)
            if row.run_id == run_id or getattr(row, name) == step.old:
                continue
            if row.id in later or getattr(row, name) != step.new:
                found.append(one.keep("changed_since", later.get(row.id)))
            elif row.active is not None:
                found.append(one)
            elif row.ended_run_id != run_id:
                found.append(one.keep("ended_since", row.ended_run_id))
    return found


def unconfirm(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Put back method and proof, inside the transaction under way."""
    for one in findings:
        name, _equals, value = (one.found or "").partition("=")
        done = run.connection.execute(
            update(link)
            .where(link.c.id == one.subject_id, link.c.active == 1, link.c[name] == value)
            .values({name: one.back_to} | ({"note": None} if name == "method" else {}))
        )
        if done.rowcount == 1:
            run.record("link", one.subject_id, name, value, one.back_to, UNDO)
            yield one
        else:
            yield one.keep("changed_since")


# --- links the run ended -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Before:
    """What the same undo will have done before it brings links back."""

    ending: Collection[int] = ()
    """Links it ends."""
    reopening: Collection[tuple[int, int]] = ()
    """Customer and member whose 別人 it takes back."""
    leaving: Collection[int] = ()
    """Members who leave with an import."""
    returning: Collection[int] = ()
    """Members who have their code back with an import."""


def find_ended(connection: Connection, run_id: int, before: Before) -> list[Finding]:
    """The links the run ended, and what is in the way of each of them coming back."""
    rows = connection.execute(
        select(
            link,
            customer.c.state.label("customer_state"),
            customer.c.current.label("customer_current"),
            member.c.current.label("member_current"),
        )
        .join(customer, customer.c.id == link.c.customer_id)
        .join(member, member.c.id == link.c.member_id)
        .where(link.c.ended_run_id == run_id, link.c.run_id != run_id)
        .order_by(link.c.id.desc())
    ).all()
    links = active_links(connection, [row.customer_id for row in rows], [row.member_id for row in rows])
    standing = [row for row in links if row.id not in before.ending]
    different = {
        pair: by_run
        for pair, by_run in _decided_pairs(connection, rows, "different").items()
        if pair not in before.reopening
    }
    back = _restored_before(connection, run_id)
    found = []
    for row in rows:
        if row.id in back:
            continue
        one = Finding("link_ended", row.id, row.customer_id)
        obstacle = _obstacle(row, before, standing, different)
        found.append(one.keep(*obstacle) if obstacle else one)
    return found


def _obstacle(
    row: AnyRow, before: Before, standing: Sequence[AnyRow], different: Mapping[tuple[int, int], int]
) -> tuple[str, int | None] | None:
    """Why an ended link cannot come back, and by which run."""
    present = row.member_current is not None or row.member_id in before.returning
    if row.customer_state != "full" or row.customer_current is None:
        return "customer_gone", None
    if not present or row.member_id in before.leaving:
        return "member_gone", None
    if (row.customer_id, row.member_id) in different:
        return "decided_different", different[row.customer_id, row.member_id]
    in_the_way = next((other for other in standing if _excludes(other, row)), None)
    return ("linked_otherwise", in_the_way.run_id) if in_the_way else None


def _excludes(standing: AnyRow, ended: AnyRow) -> bool:
    """Whether an active link takes the customer's or the member's place of an ended one."""
    same_customer = (standing.customer_id, standing.source_id) == (ended.customer_id, ended.source_id)
    return same_customer or (standing.member_id, standing.slot) == (ended.member_id, ended.slot)


def _restored_before(connection: Connection, run_id: int) -> set[int]:
    """The links an undo of this run that was interrupted brought back already."""
    found: set[int] = set()
    for attempt in attempts(connection, run_id):
        restored = steps(connection, attempt, "link", "restored_from")
        found.update(int(step.old) for step in restored.values() if step.old)
    return found


def restore_ended(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Bring them back as they were, each as a new row, inside the transaction under way."""
    rows = {row.id: row for row in _links(run.connection, (one.subject_id for one in findings))}
    for one in findings:
        row = rows[one.subject_id]
        link_id = insert_link(
            run,
            customer_id=row.customer_id,
            member_id=row.member_id,
            source_id=row.source_id,
            method=row.method,
            proven_by=row.proven_by,
            probability=row.probability,
            bits=row.bits,
            reasons=json.loads(row.reasons) if row.reasons else None,
            model_id=row.model_id,
            slot=row.slot,
            actor=row.actor,
            note=row.note,
        )
        if link_id is None:
            yield one.keep("linked_otherwise", _who_is_there(run.connection, row))
            continue
        run.record("link", link_id, "restored_from", row.id, link_id, UNDO)
        yield one


def _who_is_there(connection: Connection, row: AnyRow) -> int | None:
    same_customer = and_(link.c.customer_id == row.customer_id, link.c.source_id == row.source_id)
    same_member = and_(link.c.member_id == row.member_id, link.c.slot == row.slot)
    statement = select(link.c.run_id).where(link.c.active == 1, or_(same_customer, same_member)).limit(1)
    return connection.execute(statement).scalar_one_or_none()
