"""Take back answers: a question goes back to what it was before the run; the answer stays on record.

A question the run opened stays open: it decides nothing, and the next classification closes it by itself where
nobody asks any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from eccube_sync.db import AnyRow
from eccube_sync.services.review.casing import DECIDED, REOPENED, UNANSWERED
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding, Step, last_change, later_runs, steps
from eccube_sync.tables.cases import review_case, review_decision
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer
from eccube_sync.tables.runs import journal


def find_answers(connection: Connection, run_id: int) -> list[Finding]:
    """Cases the run answered, closed, or opened again after an answer."""
    changed = steps(connection, run_id, "case", "state")
    later = later_runs(connection, run_id, "case", ("state", "version"), changed)
    found = []
    for row in _cases(connection, changed):
        back_to = _back_to(changed[row.id])
        if back_to is None or row.state == back_to:
            continue
        one = Finding("case", row.id, row.customer_id, row.state, back_to)
        if row.id in later or row.state != changed[row.id].new:
            by_run = later.get(row.id) or last_change(connection, "case", row.id)
            found.append(one.keep("changed_since", by_run))
        elif row.customer_id is not None and row.customer_state != "full" and back_to == "open":
            found.append(one.keep("customer_gone"))
        else:
            found.append(one)
    return found


def _cases(connection: Connection, case_ids: Iterable[int]) -> list[AnyRow]:
    rows: list[AnyRow] = []
    for ids in chunks(case_ids):
        rows += connection.execute(
            select(review_case, customer.c.state.label("customer_state"))
            .outerjoin(customer, customer.c.id == review_case.c.customer_id)
            .where(review_case.c.id.in_(ids))
        )
    return rows


def _back_to(step: Step) -> str | None:
    """The state from before; None where there is none to go back to."""
    if step.old is None:
        return "closed" if step.new in DECIDED else None  # asked and answered at once; a new question stays
    if step.old == "hold" and step.new == "open":
        return None  # its time on hold was over
    return "open" if step.old in UNANSWERED else step.old


def pairs_of(connection: Connection, findings: Sequence[Finding]) -> set[tuple[int, int]]:
    """Customer and member of the pairs whose answer is taken back."""
    rows = _cases(connection, (one.subject_id for one in findings if one.kept is None))
    return {(row.customer_id, row.member_id) for row in rows if row.customer_id and row.member_id}


def take_back(run: Run, undone_run: int, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Write the states from before, inside the transaction under way."""
    for one in findings:
        done = run.connection.execute(
            update(review_case)
            .where(review_case.c.id == one.subject_id, review_case.c.state == one.found)
            .values(state=one.back_to, hold_until=None, changed_run_id=run.id)
            .values(**_answer_before(run.connection, undone_run, one))
        )
        if done.rowcount == 1:
            run.record("case", one.subject_id, "state", one.found, one.back_to, UNDO)
            yield one
        else:
            yield one.keep("changed_since", last_change(run.connection, "case", one.subject_id))


def _answer_before(connection: Connection, undone_run: int, one: Finding) -> dict[str, Any]:
    """Who had answered, or why the case was closed, before the run."""
    values: dict[str, Any] = {"decided_by": None, "decided_at": None, "closed_reason": None}
    if one.back_to in UNANSWERED:
        return values
    answer = connection.execute(
        select(review_decision)
        .where(
            review_decision.c.case_id == one.subject_id,
            review_decision.c.decision != REOPENED,
            review_decision.c.run_id < undone_run,
        )
        .order_by(review_decision.c.id.desc())
        .limit(1)
    ).first()
    if one.back_to == "closed":
        closed = connection.execute(
            select(journal.c.reason)
            .where(
                journal.c.subject == "case",
                journal.c.subject_id == one.subject_id,
                journal.c.new_value == "closed",
                journal.c.run_id < undone_run,
            )
            .order_by(journal.c.id.desc())
            .limit(1)
        ).scalar_one_or_none()
        values["closed_reason"] = closed or UNDO
    elif answer is not None:
        values |= {"decided_by": answer.reviewer, "decided_at": answer.created_at}
    return values
