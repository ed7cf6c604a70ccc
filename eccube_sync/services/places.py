"""The places in EC-CUBE that show a class, and what should stand there: noted where the class is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from eccube_sync.configsections import Projection as Section
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.projections import PROJECTIONS, Projection
from eccube_sync.services.classing import ClassChange
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import projection_state


@dataclass(frozen=True, slots=True)
class Place:
    """One configured projection with its settings."""

    projection: Projection
    on_drift: str

    @property
    def key(self) -> str:
        """Under which key its states are kept."""
        return self.projection.key


def places(settings: Settings) -> list[Place]:
    """The configured projections that show something."""
    return [
        Place(PROJECTIONS[one.kind](one), _on_drift(one))
        for one in settings.projections
        if one.kind != "none"
    ]


def _on_drift(section: Section) -> str:
    # A card that is gone was lost with the plugin's table; nobody has an opinion about it.
    return "repair" if section.kind == "plugin" else section.on_drift


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
