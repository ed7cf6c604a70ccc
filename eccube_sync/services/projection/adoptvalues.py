"""Take over the values that stand in EC-CUBE already: from then on they count as ours."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update

from eccube_sync.db import AnyRow, reading
from eccube_sync.i18n import _
from eccube_sync.membership.facts import STORE
from eccube_sync.report import Report
from eccube_sync.services.projection.heldrows import batches
from eccube_sync.services.projection.places import Place, places
from eccube_sync.services.projection.projecting import present_values, set_state
from eccube_sync.services.running import Run
from eccube_sync.tables.customers import class_override, customer, customer_class, projection_state

ADOPTED = "adopted_from_eccube"


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
            present = present_values(run.connection, place, [row.eccube_id for row in rows])
        value = place.projection.value_of(STORE)
        standing = [row for row in rows if present.get(row.eccube_id) == value and row.eccube_id in present]
        for batch in batches(standing):
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
            set_state(run, place, [row.id], **written)
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
