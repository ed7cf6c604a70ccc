"""Models: what an undone training or calibration had put in force gives way to the model before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from eccube_sync.linkage.model import Model
from eccube_sync.services.matching.model import next_number, write_model
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding, steps
from eccube_sync.tables import matching
from eccube_sync.tables.links import match_model
from eccube_sync.tables.matching import OF_CLASSIFICATION


def find_models(connection: Connection, run_id: int) -> Iterator[Finding]:
    """The model the run put in force by itself; one that a classification made for its own use stays."""
    newest = matching.newest_model(connection)
    for model_id, step in steps(connection, run_id, "model", "state").items():
        if step.reason in OF_CLASSIFICATION or step.reason == UNDO:
            continue
        found = Finding("model", model_id)
        before = _before(connection, model_id)
        if newest is not None and newest.id != model_id:
            yield found.keep("changed_since", newest.run_id)
        elif before is not None:
            yield replace(found, back_to=str(before))


def put_back(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Put a copy of the model before in force; the rows stay, links name them."""
    for one in findings:
        body = run.connection.execute(
            select(match_model.c.body).where(match_model.c.id == int(one.back_to or 0))
        ).scalar_one()
        write_model(run, replace(Model.from_json(body), number=next_number(run.connection)), UNDO)
        yield one


def _before(connection: Connection, model_id: int) -> int | None:
    statement = select(match_model.c.id).where(match_model.c.id < model_id)
    found: int | None = connection.execute(statement.order_by(match_model.c.id.desc()).limit(1)).scalar()
    return found
