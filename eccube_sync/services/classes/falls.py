"""Which changes of a class a classification makes itself, and which it leaves to expiry.

A classification decides about links: it gives the class with a new link and takes it with one that ended. What
follows from the store's facts alone (an end date, a status, another policy) is expiry's, whose guards see all of
it at once: that a customer had to be looked at again for a changed phone is no reason to pass them by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, update

from eccube_sync.membership.classes import ClassDecision
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.services.classes.classing import ClassChange
from eccube_sync.services.running import Run
from eccube_sync.tables import classes as statements
from eccube_sync.tables.customers import customer_class


def left_to_expiry(change: ClassChange) -> bool:
    """Whether a change of class follows from a linked member's facts and not from a link."""
    before, decision = change.before, change.decision
    if before is None or decision.member_id is None:
        return False
    rises_again = change.upgraded and before.member_id == decision.member_id
    return change.downgraded or rises_again


def keep_for_classify(run: Run, changes: Sequence[ClassChange]) -> list[ClassChange]:
    """The changes a classification makes; the others become due today, inside the transaction under way."""
    left = [change.customer_id for change in changes if left_to_expiry(change)]
    for ids in statements.chunks(left):
        run.connection.execute(
            update(customer_class).where(customer_class.c.customer_id.in_(ids)).values(due_on=run.today)
        )
    return [change for change in changes if not left_to_expiry(change)]


def falls_by_ended_links(connection: Connection, customer_ids: Iterable[int]) -> list[ClassChange]:
    """The class changes of customers whose only link is about to end."""
    found = []
    for ids in statements.chunks(customer_ids):
        rows = statements.class_rows(connection, ids)
        found += [
            ClassChange(one, rows[one], ClassDecision(EC_ONLY, "not_linked"))
            for one in ids
            if one in rows and rows[one].membership_class == STORE
        ]
    return found
