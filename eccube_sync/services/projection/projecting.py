"""Show the classes in EC-CUBE: what should stand there, what we wrote last, and what somebody else changed.

EC-CUBE's rows are written in chunks of at most 50 by compare-and-set. A value we did not write is never
removed; it is drift, reported or repaired as configured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, insert, literal, null, or_, select, update

from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import GuardRefusedError
from eccube_sync.i18n import _
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.projections import Change, Outcome
from eccube_sync.report import Report
from eccube_sync.services.projection.carding import refresh_cards, refresh_cards_of
from eccube_sync.services.projection.heldrows import batches, write_unless_held
from eccube_sync.services.projection.places import Place, places
from eccube_sync.services.projection.pluginkeys import has_cards
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer, customer_class, projection_state

SETTLED = frozenset({"done", "drift"})


@dataclass(slots=True)
class ProjectPlan:
    """What would be written to EC-CUBE: per place the states to carry out, and the drift found."""

    pending: dict[str, list[AnyRow]] = field(default_factory=dict)
    missing: dict[str, list[AnyRow]] = field(default_factory=dict)
    """Classes decided before the place was configured; in the shape of states."""
    drifted: dict[str, list[AnyRow]] = field(default_factory=dict)
    unadopted: dict[str, int] = field(default_factory=dict)
    only: frozenset[int] | None = None
    """The customers it is about, by EC-CUBE id; None is everybody."""

    def report(self) -> Report:
        """The plan as counts."""
        counts = {
            "to_project": sum(map(len, [*self.pending.values(), *self.missing.values()])),
            "drift": sum(map(len, self.drifted.values())),
        }
        return Report(
            _("Classes to be shown in EC-CUBE:"), counts, notes=[self.refusal()] if self.unadopted else []
        )

    def refusal(self) -> str:
        """Why nothing may be written yet."""
        found = ", ".join(f"{key}: {count}" for key, count in self.unadopted.items())
        return _(
            "Values stand in EC-CUBE that eccube-sync did not write ({found}). Nothing was written. Record them once "
            "with: eccube-sync project --adopt"
        ).format(found=found)


def plan_projection(shop: Shop, connection: Connection, *, only: Sequence[int] | None = None) -> ProjectPlan:
    """What would be written, and what somebody else changed since we wrote it.

    ``only`` limits it to these EC-CUBE ids. A place nothing of ours was ever written to, but something of somebody
    else's, is then left to a whole run, which says what stands there.
    """
    plan = ProjectPlan(only=None if only is None else frozenset(only))
    with reading(connection):
        for place in places(shop.settings):
            place.projection.validate(connection)
            rows = _states(connection, place.key, only)
            plan.pending[place.key] = [row for row in rows if row.state == "pending"]
            written = [row for row in rows if row.written_class and row.state in {"done", "drift"}]
            if only is not None:
                known = _is_ours(connection, place.key) or not _foreign_values(connection, place)
                plan.pending[place.key] *= known
            elif not any(row.written_class for row in rows) and (
                foreign := _foreign_values(connection, place)
            ):
                plan.unadopted[place.key] = foreign
            plan.missing[place.key] = _missing(connection, place) if only is None else []
            plan.drifted[place.key] = list(_drifted(connection, place, written))
    return plan


def _states(connection: Connection, key: str, only: Sequence[int] | None) -> list[AnyRow]:
    statement = (
        select(projection_state, customer.c.eccube_id, customer.c.current)
        .join(customer, customer.c.id == projection_state.c.customer_id)
        .where(projection_state.c.projection_key == key)
        .order_by(projection_state.c.customer_id)
    )
    if only is not None:
        statement = statement.where(customer.c.eccube_id.in_(list(only)))
    return list(connection.execute(statement))


def _missing(connection: Connection, place: Place) -> list[AnyRow]:
    states = projection_state
    shown = customer_class.c.membership_class == STORE
    if place.projection.value_of(EC_ONLY) is not None:
        shown = or_(shown, customer_class.c.membership_class == EC_ONLY)
    statement = (
        select(
            customer_class.c.customer_id,
            customer_class.c.membership_class.label("wanted_class"),
            null().label("written_class"),
            null().label("written_value"),
            literal("pending").label("state"),
            customer.c.eccube_id,
            customer.c.current,
        )
        .join(customer, customer.c.id == customer_class.c.customer_id)
        .outerjoin(
            states,
            and_(states.c.projection_key == place.key, states.c.customer_id == customer_class.c.customer_id),
        )
        .where(customer.c.current == 1, states.c.customer_id.is_(None), shown)
        .order_by(customer_class.c.customer_id)
    )
    return list(connection.execute(statement))


def _is_ours(connection: Connection, key: str) -> bool:
    """Whether we ever wrote to this place."""
    written = select(projection_state.c.customer_id).where(
        projection_state.c.projection_key == key, projection_state.c.written_class.is_not(None)
    )
    return connection.execute(written.limit(1)).first() is not None


def _drifted(connection: Connection, place: Place, rows: Sequence[AnyRow]) -> Iterator[AnyRow]:
    present = present_values(connection, place, (row.eccube_id for row in rows))
    for row in rows:
        if row.eccube_id in present and present[row.eccube_id] != row.written_value:
            yield row


def present_values(connection: Connection, place: Place, eccube_ids: Iterable[int]) -> dict[int, str | None]:
    """EC-CUBE id → the value that stands in a place, for customers who have one."""
    found: dict[int, str | None] = {}
    for ids in chunks(eccube_ids, 5000):
        found.update(place.projection.read(connection, ids))
    return found


def _foreign_values(connection: Connection, place: Place) -> int:
    rows = connection.execute(select(customer.c.eccube_id).where(customer.c.current == 1))
    present = present_values(connection, place, [row.eccube_id for row in rows])
    return sum(value == place.projection.value_of(STORE) for value in present.values())


def apply_projection(run: Run, plan: ProjectPlan) -> Report:
    """Write the classes into EC-CUBE, 50 rows a transaction."""
    if plan.unadopted:
        raise GuardRefusedError(plan.refusal())
    for place in places(run.shop.settings):
        rows = plan.pending[place.key] + plan.missing[place.key]
        for batch in batches(plan.missing[place.key]):
            run.transaction(_want_shown, run, place, batch)
        drifted = plan.drifted[place.key]
        for batch in batches(drifted):
            run.transaction(_note_drift, run, place, batch)
        if place.on_drift == "repair":
            rows += drifted
        _write_all(run, place, rows, {row.customer_id for row in drifted})
    if has_cards(run.shop.settings):
        if plan.only is None:
            refresh_cards(run)
        else:
            refresh_cards_of(run, sorted(plan.only))
    return Report(
        _("Classes shown in EC-CUBE:"), _counts(run), notes=_held(run), needs_person=run.counts["drift"]
    )


def _write_all(run: Run, place: Place, rows: Sequence[AnyRow], drifted: Set[int]) -> None:
    # First what a predecessor under the same id left, then what stands there from now on.
    for some in ([row for row in rows if not row.current], [row for row in rows if row.current]):
        waiting = write_unless_held(run, partial(_write, run, place, drifted), batches(some))
        run.counts["held_by_shop"] += len(waiting)


def _held(run: Run) -> list[str]:
    classes = _(
        "{count} classes could not be shown because the shop held their rows; the next run shows them."
    )
    cards = _(
        "{count} cards could not be written because the shop held their rows; the next night writes them."
    )
    held = {classes: run.counts["held_by_shop"], cards: run.counts["cards_held_by_shop"]}
    return [words.format(count=count) for words, count in held.items() if count]


def _counts(run: Run) -> dict[str, int]:
    shown = ("projected", "held_by_shop", "cards", "cards_held_by_shop", "drift")
    return {name: run.counts[name] for name in shown}


def _want_shown(run: Run, place: Place, rows: Sequence[AnyRow]) -> None:
    states = [
        {
            "projection_key": place.key,
            "customer_id": row.customer_id,
            "wanted_class": row.wanted_class,
            "state": row.state,
            "run_id": run.id,
        }
        for row in rows
    ]
    run.connection.execute(insert(projection_state), states)


def _note_drift(run: Run, place: Place, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        if row.state != "drift":
            run.record("projection", row.customer_id, place.key[:32], row.written_class, None, "drift")
            run.counts["drift"] += place.on_drift == "report"
            set_state(run, place, [row.customer_id], state="drift")


def _write(run: Run, place: Place, drifted: Set[int], rows: Sequence[AnyRow]) -> None:
    projection = place.projection
    present = projection.read(run.connection, [row.eccube_id for row in rows])
    changes = [
        Change(
            row.eccube_id,
            present.get(row.eccube_id) if row.customer_id in drifted else _expected(row, present),
            projection.value_of(row.wanted_class),
        )
        for row in rows
    ]
    outcomes = projection.write(run.connection, changes)
    settled: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for row, change, outcome in zip(rows, changes, outcomes, strict=True):
        values = _settled(run, place, row, change, outcome)
        settled.setdefault(tuple(values.items()), []).append(row.customer_id)
    # EC-CUBE's rows are locked meanwhile, so this is said in few statements.
    for alike, customer_ids in settled.items():
        set_state(run, place, customer_ids, **dict(alike))


def _expected(row: AnyRow, present: Mapping[int, str | None]) -> str | None:
    """What may be replaced: what was read as drift before, what we wrote last; of one who was gone, that or nothing."""
    stands: str | None = present.get(row.eccube_id)
    written: str | None = row.written_value
    if row.state == "drift":
        return stands
    return None if row.written_class is None and stands != written else written


def _settled(run: Run, place: Place, row: AnyRow, change: Change, outcome: Outcome) -> dict[str, Any]:
    """What is to be remembered of a change, which is journalled and counted here."""
    if outcome in {Outcome.WRITTEN, Outcome.ALREADY}:
        values: dict[str, Any] = {"state": "done"}
        # What somebody else put there is not ours to remove later; what somebody else took away no longer stands there.
        ours = row.written_class is not None if change.new is None else change.new == row.written_value
        if outcome == Outcome.WRITTEN or ours:
            values |= {"written_class": row.wanted_class, "written_value": change.new}
        run.counts["projected"] += outcome == Outcome.WRITTEN
        run.record(
            "projection", row.customer_id, place.key[:32], row.written_class, row.wanted_class, outcome.value
        )
        return values if row.current else values | {"state": "gone"}
    if outcome == Outcome.CHANGED and row.current:
        run.counts["drift"] += 1
        run.record("projection", row.customer_id, place.key[:32], row.written_class, None, "drift")
        return {"state": "drift"}
    return {"state": "gone", "written_class": None}


def set_state(run: Run, place: Place, customer_ids: Sequence[int], **values: Any) -> None:
    """Note what stands in a place now for these customers, inside the transaction under way."""
    run.connection.execute(
        update(projection_state)
        .where(
            projection_state.c.projection_key == place.key, projection_state.c.customer_id.in_(customer_ids)
        )
        .values(run_id=run.id, **values)
    )
