"""Take back what became of claims and link codes.

An accepted claim becomes ``undone`` and is not decided again by itself; its code can be used again unless somebody
else has. One that was refused, in conflict or waiting is judged again. Codes issued by the run are revoked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from eccube_sync.db import AnyRow
from eccube_sync.services.codes.coding import ALIVE
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding, later_runs, steps
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.codes import claim, code_batch, link_code

UNDONE = "undone"


# --- claims ------------------------------------------------------------------------------------------


def find_claims(connection: Connection, run_id: int) -> list[Finding]:
    """Claims the run brought in or decided."""
    decided = steps(connection, run_id, "claim", "state")
    brought = select(claim.c.id).where(claim.c.run_id == run_id)
    ids = {*decided, *connection.execute(brought).scalars()}
    later = later_runs(connection, run_id, "claim", ("state",), ids)
    found = []
    for row in _rows(connection, claim, ids):
        if row.state == UNDONE:
            continue
        before = decided[row.id].old if row.id in decided and row.run_id != run_id else None
        back_to = UNDONE if before is None or row.state == "accepted" else before
        one = Finding("claim", row.id, row.customer_id, row.state, back_to)
        if row.id in later:
            found.append(one.keep("changed_since", later[row.id]))
        elif row.state != back_to:
            found.append(one)
    return found


def _rows(connection: Connection, table: Any, row_ids: Iterable[int]) -> list[AnyRow]:
    rows: list[AnyRow] = []
    for ids in chunks(row_ids):
        rows += connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id))
    return rows


def take_back_claims(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Write the states from before, inside the transaction under way."""
    for one in findings:
        values = {"state": one.back_to, "reason": UNDO if one.back_to == UNDONE else None}
        if one.back_to != UNDONE:
            values["decided_at"] = None
        done = run.connection.execute(
            update(claim).where(claim.c.id == one.subject_id, claim.c.state == one.found).values(values)
        )
        if done.rowcount == 1:
            run.record("claim", one.subject_id, "state", one.found, one.back_to, UNDO)
            yield one
        else:
            yield one.keep("changed_since")


# --- codes -------------------------------------------------------------------------------------------


def find_codes(connection: Connection, run_id: int) -> list[Finding]:
    """Codes the run issued, assigned, revoked, or let be used."""
    changed = steps(connection, run_id, "link_code", "state")
    issued = _issued(connection, run_id)
    later = later_runs(connection, run_id, "link_code", ("state",), {*changed, *issued})
    found = []
    for row in _rows(connection, link_code, {*changed, *issued}):
        back_to = "revoked" if row.id in issued else changed[row.id].old
        one = Finding("code", row.id, None, row.state, back_to)
        if row.state == back_to:
            continue
        if row.id in issued and row.state in ALIVE:
            found.append(one)
        elif row.id in later or (row.id in changed and row.state != changed[row.id].new):
            reason = "used_since" if row.state == "used" else "changed_since"
            found.append(one.keep(reason, later.get(row.id)))
        else:
            found.append(one)
    return found


def _issued(connection: Connection, run_id: int) -> set[int]:
    statement = (
        select(link_code.c.id)
        .join(code_batch, code_batch.c.id == link_code.c.batch_id)
        .where(code_batch.c.run_id == run_id)
    )
    return set(connection.execute(statement).scalars())


def take_back_codes(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Write the states from before, inside the transaction under way."""
    for one in findings:
        if one.found == "used" and _used_by_another_claim(run.connection, one.subject_id):
            yield one.keep("used_since")
            continue
        values: dict[str, Any] = {"state": one.back_to}
        if one.found == "used":
            values |= {"used_by_customer_id": None, "used_at": None}
        if one.back_to == "issued":
            values |= {"source_id": None, "member_code": None}
        done = run.connection.execute(
            update(link_code)
            .where(link_code.c.id == one.subject_id, link_code.c.state == one.found)
            .values(values)
        )
        if done.rowcount == 1:
            run.record("link_code", one.subject_id, "state", one.found, one.back_to, UNDO)
            yield one
        else:
            yield one.keep("changed_since")


def _used_by_another_claim(connection: Connection, code_id: int) -> bool:
    statement = select(claim.c.id).where(claim.c.link_code_id == code_id, claim.c.state == "accepted")
    return connection.execute(statement.limit(1)).first() is not None
