"""Take back overrides: one the run set ends, one it ended stands again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from sqlalchemy import Connection, insert, select

from eccube_sync.db import AnyRow
from eccube_sync.services.classes.overriding import end_override
from eccube_sync.services.projection.adoptvalues import ADOPTED
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding, later_runs, steps
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import class_override, customer
from eccube_sync.tables.runs import run as run_table

KINDS = ("override", "hold")
_COPIED = ("customer_id", "kind", "membership_class", "since", "until", "reason", "actor", "members_mark")


def find_set(connection: Connection, run_id: int) -> list[Finding]:
    """The overrides the run set. What it recorded from EC-CUBE stays: it keeps hand-made values in place."""
    rows = connection.execute(
        select(class_override).where(class_override.c.run_id == run_id).order_by(class_override.c.id.desc())
    ).all()
    later = later_runs(connection, run_id, "customer", KINDS, (row.customer_id for row in rows))
    found = []
    for row in rows:
        one = Finding("override_set", row.id, row.customer_id)
        if row.active is not None:
            found.append(one.keep("adopted") if row.reason == ADOPTED else one)
        elif row.customer_id in later:
            found.append(one.keep("ended_since", later[row.customer_id]))
    return found


def end_set(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """End them, inside the transaction under way."""
    for one in findings:
        standing = run.connection.execute(
            select(class_override.c.id).where(
                class_override.c.id == one.subject_id, class_override.c.active == 1
            )
        ).first()
        if standing is None or one.customer_id is None:
            yield one.keep("ended_since")
            continue
        end_override(run, one.customer_id, UNDO)
        yield one


def find_ended(connection: Connection, run_id: int, today: date, ending: Iterable[int] = ()) -> list[Finding]:
    """The overrides the run ended; ``ending`` are those the same undo will end first."""
    ended = {one for kind in KINDS for one, step in _ended(connection, run_id, kind).items() if step}
    found = []
    going = set(ending)
    for row in _rows_ended(connection, run_id, ended):
        one = Finding("override_ended", row.id, row.customer_id)
        standing = _standing(connection, row.customer_id)
        if row.customer_current is None:
            found.append(one.keep("customer_gone"))
        elif row.until is not None and row.until < today:
            found.append(one.keep("date_passed"))
        elif standing is not None and standing.id not in going:
            if all(getattr(standing, name) == getattr(row, name) for name in _COPIED):
                continue  # an undo that was interrupted brought it back
            found.append(one.keep("changed_since", standing.run_id))
        else:
            found.append(one)
    return found


def _ended(connection: Connection, run_id: int, kind: str) -> dict[int, bool]:
    return {
        customer_id: step.old is not None
        for customer_id, step in steps(connection, run_id, "customer", kind).items()
    }


def _rows_ended(connection: Connection, run_id: int, customer_ids: Iterable[int]) -> list[AnyRow]:
    """The newest override each customer lost in the run; it bears the run's own time."""
    moment = connection.execute(select(run_table.c.started_at).where(run_table.c.id == run_id)).scalar_one()
    found: dict[int, AnyRow] = {}
    for ids in chunks(customer_ids):
        rows = connection.execute(
            select(class_override, customer.c.current.label("customer_current"))
            .join(customer, customer.c.id == class_override.c.customer_id)
            .where(
                class_override.c.customer_id.in_(ids),
                class_override.c.active.is_(None),
                class_override.c.ended_at == moment,
                class_override.c.run_id < run_id,
            )
            .order_by(class_override.c.id)
        )
        found.update((row.customer_id, row) for row in rows)
    return list(found.values())


def _standing(connection: Connection, customer_id: int) -> AnyRow | None:
    return connection.execute(
        select(class_override).where(
            class_override.c.customer_id == customer_id, class_override.c.active == 1
        )
    ).first()


def restore_ended(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Let them stand again, each as a new row, inside the transaction under way."""
    for one in findings:
        assert one.customer_id is not None
        standing = _standing(run.connection, one.customer_id)
        if standing is not None:
            yield one.keep("changed_since", standing.run_id)
            continue
        row = run.connection.execute(
            select(class_override).where(class_override.c.id == one.subject_id)
        ).one()
        values = {name: getattr(row, name) for name in _COPIED}
        run.connection.execute(
            insert(class_override).values(values | {"active": 1, "run_id": run.id, "created_at": run.moment})
        )
        run.record("customer", row.customer_id, row.kind, None, row.membership_class, UNDO)
        yield one
