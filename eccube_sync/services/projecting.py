"""Show the classes in EC-CUBE: what should stand there, what we wrote last, and what somebody else changed.

EC-CUBE's rows are written in chunks of at most 50 by compare-and-set. A value we did not write is never
removed; it is drift, reported or repaired as configured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from eccube_sync.configsections import Projection as ProjectionSettings
from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import GuardRefusedError
from eccube_sync.i18n import _
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.projections import CHUNK, PROJECTIONS, Change, Outcome, Projection
from eccube_sync.report import Report
from eccube_sync.services.classing import ClassChange
from eccube_sync.services.running import Run, Shop
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import class_override, customer, customer_class, projection_state

ADOPTED = "adopted_from_eccube"


@dataclass(frozen=True, slots=True)
class Place:
    """One configured projection with its settings."""

    projection: Projection
    on_drift: str

    @property
    def key(self) -> str:
        """Under which key its states are kept."""
        return self.projection.key


@dataclass(slots=True)
class ProjectPlan:
    """What would be written to EC-CUBE: per place the states to carry out, and the drift found."""

    pending: dict[str, list[AnyRow]] = field(default_factory=dict)
    drifted: dict[str, list[AnyRow]] = field(default_factory=dict)
    unadopted: dict[str, int] = field(default_factory=dict)

    def report(self) -> Report:
        """The plan as counts."""
        counts = {
            "to_project": sum(map(len, self.pending.values())),
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


def places(settings: Settings) -> list[Place]:
    """The configured projections that show something."""
    return [
        Place(PROJECTIONS[one.kind](one), one.on_drift) for one in settings.projections if one.kind != "none"
    ]


def place_of(configured: ProjectionSettings) -> Projection:
    """The projection of one configuration entry."""
    return PROJECTIONS[configured.kind](configured)


# --- what should stand there: part of the transaction that decides the class ---------------------


def want(run: Run, changes: Sequence[ClassChange]) -> None:
    """Note the classes that places must show from now on."""
    moved = [change for change in changes if change.old_class != change.decision.membership_class]
    for place in places(run.shop.settings):
        for ids in chunks((change.customer_id for change in moved), 500):
            _want(run, place, {one.customer_id: one for one in moved if one.customer_id in set(ids)})


def _want(run: Run, place: Place, moved: dict[int, ClassChange]) -> None:
    states = projection_state
    known = {
        row.customer_id
        for row in run.connection.execute(
            select(states.c.customer_id).where(
                states.c.projection_key == place.key, states.c.customer_id.in_(list(moved))
            )
        )
    }
    shown_when_absent = place.projection.value_of(EC_ONLY) is None
    new: list[dict[str, Any]] = []
    for customer_id, change in moved.items():
        wanted = change.decision.membership_class
        if customer_id in known:
            run.connection.execute(
                update(states)
                .where(states.c.projection_key == place.key, states.c.customer_id == customer_id)
                .values(wanted_class=wanted, state="pending", run_id=run.id)
            )
        elif wanted == STORE or not shown_when_absent:
            new.append(
                {
                    "projection_key": place.key,
                    "customer_id": customer_id,
                    "wanted_class": wanted,
                    "state": "pending",
                    "run_id": run.id,
                }
            )
    if new:
        run.connection.execute(insert(states), new)


# --- carry it out ----------------------------------------------------------------------------------


def plan_projection(shop: Shop, connection: Connection) -> ProjectPlan:
    """What would be written, and what somebody else changed since we wrote it."""
    plan = ProjectPlan()
    with reading(connection):
        for place in places(shop.settings):
            place.projection.validate(connection)
            rows = _states(connection, place.key)
            plan.pending[place.key] = [row for row in rows if row.state == "pending"]
            written = [row for row in rows if row.written_class and row.state in {"done", "drift"}]
            ours = any(row.written_class for row in rows)
            if not ours and (foreign := _foreign_values(connection, place)):
                plan.unadopted[place.key] = foreign
            plan.drifted[place.key] = list(_drifted(connection, place, written))
    return plan


def _states(connection: Connection, key: str) -> list[AnyRow]:
    return list(
        connection.execute(
            select(projection_state, customer.c.eccube_id)
            .join(customer, customer.c.id == projection_state.c.customer_id)
            .where(projection_state.c.projection_key == key)
            .order_by(projection_state.c.customer_id)
        )
    )


def _drifted(connection: Connection, place: Place, rows: Sequence[AnyRow]) -> Iterator[AnyRow]:
    present = _present(connection, place, (row.eccube_id for row in rows))
    for row in rows:
        if row.eccube_id in present and present[row.eccube_id] != row.written_value:
            yield row


def _present(connection: Connection, place: Place, eccube_ids: Iterable[int]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for ids in chunks(eccube_ids, 5000):
        found.update(place.projection.read(connection, ids))
    return found


def _foreign_values(connection: Connection, place: Place) -> int:
    rows = connection.execute(select(customer.c.eccube_id).where(customer.c.current == 1))
    present = _present(connection, place, [row.eccube_id for row in rows])
    return sum(value == place.projection.value_of(STORE) for value in present.values())


def apply_projection(run: Run, plan: ProjectPlan) -> Report:
    """Write the classes into EC-CUBE, 50 rows a transaction."""
    if plan.unadopted:
        raise GuardRefusedError(plan.refusal())
    for place in places(run.shop.settings):
        rows = list(plan.pending[place.key])
        drifted = plan.drifted[place.key]
        for batch in _batches(drifted):
            run.transaction(_note_drift, run, place, batch)
        if place.on_drift == "repair":
            rows += drifted
        for batch in _batches(rows):
            run.transaction(_write, run, place, batch)
    return Report(_("Classes shown in EC-CUBE:"), _counts(run), needs_person=run.counts["drift"])


def _counts(run: Run) -> dict[str, int]:
    return {name: run.counts[name] for name in ("projected", "drift")}


def _batches(rows: Sequence[AnyRow]) -> Iterator[Sequence[AnyRow]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _note_drift(run: Run, place: Place, rows: Sequence[AnyRow]) -> None:
    for row in rows:
        if row.state != "drift":
            run.record("projection", row.customer_id, place.key[:32], row.written_class, None, "drift")
            run.counts["drift"] += place.on_drift == "report"
            _set_state(run, place, row.customer_id, state="drift")


def _write(run: Run, place: Place, rows: Sequence[AnyRow]) -> None:
    projection = place.projection
    # What stands there now was just read as drift, or is what we wrote last.
    present = projection.read(run.connection, [row.eccube_id for row in rows])
    changes = [
        Change(
            row.eccube_id,
            present.get(row.eccube_id) if row.state == "drift" else row.written_value,
            projection.value_of(row.wanted_class),
        )
        for row in rows
    ]
    outcomes = projection.write(run.connection, changes)
    for row, change, outcome in zip(rows, changes, outcomes, strict=True):
        _settle(run, place, row, change, outcome)


def _settle(run: Run, place: Place, row: AnyRow, change: Change, outcome: Outcome) -> None:
    if outcome in {Outcome.WRITTEN, Outcome.ALREADY}:
        values: dict[str, Any] = {"state": "done"}
        if outcome == Outcome.WRITTEN:  # what somebody else put there is not ours to remove later
            values |= {"written_class": row.wanted_class, "written_value": change.new}
            run.counts["projected"] += 1
        run.record(
            "projection", row.customer_id, place.key[:32], row.written_class, row.wanted_class, outcome.value
        )
        _set_state(run, place, row.customer_id, **values)
    elif outcome == Outcome.CHANGED:
        run.counts["drift"] += 1
        run.record("projection", row.customer_id, place.key[:32], row.written_class, None, "drift")
        _set_state(run, place, row.customer_id, state="drift")
    else:
        _set_state(run, place, row.customer_id, state="gone")


def _set_state(run: Run, place: Place, customer_id: int, **values: Any) -> None:
    run.connection.execute(
        update(projection_state)
        .where(projection_state.c.projection_key == place.key, projection_state.c.customer_id == customer_id)
        .values(run_id=run.id, **values)
    )


# --- take over what stands there ---------------------------------------------------------------------


def adopt_values(run: Run) -> Report:
    """Record the values that stand in EC-CUBE; one made by hand becomes an override to store.

    From then on these values count as ours: they are kept while the class is store, and by the override
    where our own computation says otherwise.
    """
    for place in places(run.shop.settings):
        with reading(run.connection):
            rows = run.connection.execute(
                select(customer.c.id, customer.c.eccube_id, customer_class.c.membership_class)
                .join(customer_class, customer_class.c.customer_id == customer.c.id, isouter=True)
                .where(customer.c.current == 1)
            ).all()
            present = _present(run.connection, place, [row.eccube_id for row in rows])
        value = place.projection.value_of(STORE)
        standing = [row for row in rows if present.get(row.eccube_id) == value and row.eccube_id in present]
        for batch in _batches(standing):
            run.transaction(_adopt, run, place, batch, value)
    counts = {name: run.counts[name] for name in ("adopted", "overrides_made")}
    return Report(_("Recorded what stands in EC-CUBE:"), counts)


def _adopt(run: Run, place: Place, rows: Sequence[AnyRow], value: str | None) -> None:
    states = projection_state
    ids = [row.id for row in rows]
    known = {
        row.customer_id
        for row in run.connection.execute(
            select(states.c.customer_id).where(
                states.c.projection_key == place.key, states.c.customer_id.in_(ids)
            )
        )
    }
    for row in rows:
        written = {"written_class": STORE, "written_value": value, "state": "done", "wanted_class": STORE}
        if row.id in known:
            _set_state(run, place, row.id, **written)
        else:
            run.connection.execute(
                insert(states).values(projection_key=place.key, customer_id=row.id, run_id=run.id, **written)
            )
        run.counts["adopted"] += 1
        run.record("projection", row.id, place.key[:32], None, STORE, ADOPTED)
        if row.membership_class != STORE:
            _override_to_store(run, row.id)


def _override_to_store(run: Run, customer_id: int) -> None:
    found = select(func.count()).where(
        class_override.c.customer_id == customer_id, class_override.c.active == 1
    )
    if run.connection.execute(found).scalar_one():
        return
    run.connection.execute(
        insert(class_override).values(
            customer_id=customer_id,
            kind="override",
            membership_class=STORE,
            since=run.today,
            reason=ADOPTED,
            actor=run.shop.actor,
            active=1,
            run_id=run.id,
            created_at=run.moment,
        )
    )
    run.connection.execute(
        update(customer_class).where(customer_class.c.customer_id == customer_id).values(due_on=run.today)
    )
    run.record("customer", customer_id, "override", None, STORE, ADOPTED)
    run.counts["overrides_made"] += 1
