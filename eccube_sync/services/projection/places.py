"""The places in EC-CUBE that show a class, and what should stand there: noted where the class is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from eccube_sync.configsections import Projection as Section
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.projections import PROJECTIONS, Projection
from eccube_sync.services.classes.classing import ClassChange
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
    wanted = {
        change.customer_id: change.decision.membership_class
        for change in changes
        if change.old_class != change.decision.membership_class
    }
    for place in places(run.shop.settings):
        for ids in chunks(wanted, 500):
            _want(run, place, {one: wanted[one] for one in ids})


def _want(run: Run, place: Place, wanted: Mapping[int, str]) -> None:
    states = projection_state
    known = {
        row.customer_id
        for row in run.connection.execute(
            select(states.c.customer_id).where(
                states.c.projection_key == place.key, states.c.customer_id.in_(list(wanted))
            )
        )
    }
    pending = {"state": "pending", "run_id": run.id}
    for shown in (STORE, EC_ONLY):
        ids = [one for one in known if wanted[one] == shown]
        if ids:
            run.connection.execute(
                update(states)
                .where(states.c.projection_key == place.key, states.c.customer_id.in_(ids))
                .values(wanted_class=shown, **pending)
            )
    shown_when_absent = place.projection.value_of(EC_ONLY) is None
    new = [
        {"projection_key": place.key, "customer_id": one, "wanted_class": shown, **pending}
        for one, shown in wanted.items()
        if one not in known and (shown == STORE or not shown_when_absent)
    ]
    if new:
        run.connection.execute(insert(states), new)
