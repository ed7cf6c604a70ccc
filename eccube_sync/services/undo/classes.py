"""The classes after an undo: computed again from what stands now, as if the run had never changed them.

A downgrade that time and data alone explain would come again the next night: it leaves a hold until the member
changes or a person ends it. Nobody is mailed about classes an undo put back; that is what corrections are for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, insert, select

from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.membership.holds import hold_after_undo
from eccube_sync.services.classes.classing import gather, plan_classes, write_classes
from eccube_sync.services.classes.overriding import end_override
from eccube_sync.services.projection.places import want
from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding, Step, later_runs, steps
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import class_override, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member_import, member_version

BY_DECISION = frozenset({"not_linked", "override", "hold"})
"""Reasons of a downgrade that follow from a link or an exception, and are gone when those are put back."""


def find_downgrades(connection: Connection, run_id: int) -> list[Finding]:
    """Customers the run took the class from by time and data."""
    changed = {
        one: step
        for one, step in steps(connection, run_id, "customer", "class").items()
        if (step.old, step.new) == (STORE, EC_ONLY) and step.reason not in BY_DECISION
    }
    later = later_runs(connection, run_id, "customer", ("class",), changed)
    now = _classes_now(connection, changed)
    found = []
    for customer_id in changed:
        one = Finding("downgrade", customer_id, customer_id, EC_ONLY, STORE)
        if customer_id in later:
            found.append(one.keep("changed_since", later[customer_id]))
        elif now.get(customer_id) == EC_ONLY:
            found.append(one)
    return found


def _classes_now(connection: Connection, customer_ids: Collection[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    columns = (customer_class.c.customer_id, customer_class.c.membership_class)
    for ids in chunks(customer_ids):
        rows = connection.execute(select(*columns).where(customer_class.c.customer_id.in_(ids)))
        found.update((row.customer_id, row.membership_class) for row in rows)
    return found


def classes_before(connection: Connection, run_id: int) -> dict[int, str | None]:
    """Customer → the class from before the run, of those whose class nothing changed since."""
    changed: dict[int, Step] = steps(connection, run_id, "customer", "class")
    later = later_runs(connection, run_id, "customer", ("class",), changed)
    now = _classes_now(connection, changed)
    return {
        one: step.old
        for one, step in changed.items()
        if one not in later and now.get(one) in {step.new, step.old}
    }


def concerned_customers(connection: Connection, run_id: int) -> set[int]:
    """Everybody whose class may be another one when the run is undone."""
    found = set(steps(connection, run_id, "customer", "class"))
    for kind in ("override", "hold"):
        found |= set(steps(connection, run_id, "customer", kind))
    touched = (link.c.run_id == run_id) | (link.c.ended_run_id == run_id)
    of_import = (
        select(link.c.customer_id)
        .join(member_version, member_version.c.member_id == link.c.member_id)
        .join(member_import, member_import.c.id == member_version.c.import_id)
        .where(link.c.active == 1, member_import.c.run_id == run_id)
    )
    for statement in (select(link.c.customer_id).where(touched), of_import):
        found |= set(connection.execute(statement).scalars())
    return found


def put_back_classes(
    run: Run,
    undone_run: int,
    customer_ids: Sequence[int],
    before: Mapping[int, str | None],
    downgraded: Collection[int],
) -> set[int]:
    """Write the classes of these customers, inside the transaction under way; returns those left on hold."""
    settings, connection = run.shop.settings, run.connection
    known = {one: before[one] for one in customer_ids if one in before}
    changes = plan_classes(settings, connection, run.today, customer_ids, current=known)
    raised = {one.customer_id for one in changes if one.decision.membership_class == STORE}
    held = _hold(run, undone_run, [one for one in customer_ids if one in downgraded and one not in raised])
    if held:
        changes = plan_classes(settings, connection, run.today, customer_ids, current=known)
    want(run, write_classes(run, changes))
    return held


def _hold(run: Run, undone_run: int, customer_ids: Sequence[int]) -> set[int]:
    """Hold the class of those who are still linked and for whom nobody decided otherwise."""
    held = set()
    facts = gather(run.shop.settings, run.connection, customer_ids, {}) if customer_ids else {}
    for customer_id, found in facts.items():
        if not found.members or any(one.kind == "override" for one in found.overrides):
            continue
        hold = hold_after_undo(found.members, run.today, f"run {undone_run}")
        end_override(run, customer_id, "replaced")
        run.connection.execute(
            insert(class_override).values(
                customer_id=customer_id,
                kind=hold.kind,
                membership_class=hold.membership_class,
                since=hold.since,
                reason=hold.reason,
                actor=run.shop.actor,
                members_mark=hold.mark,
                active=1,
                run_id=run.id,
                created_at=run.moment,
            )
        )
        run.record("customer", customer_id, "hold", None, hold.membership_class, UNDO)
        run.counts["holds_left"] += 1
        held.add(customer_id)
    return held
