"""One customer by EC-CUBE id, as a person names it, classified or not."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from eccube_sync.db import inserted_id
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.services.customers.customersync import ChangedCustomer, customer_row, scan_customers
from eccube_sync.services.running import Run
from eccube_sync.tables.customers import customer

NOBODY = 0
"""No id of ours; for a customer without one, who can have no link and no case yet."""


def linkable_customer(connection: Connection, eccube_id: int) -> ChangedCustomer:
    """The customer as EC-CUBE has it now, with our row where there is one. Reads only.

    Raises ``UsageError`` for one who does not exist, is not fully registered, or whose id changed hands.
    """
    scan = scan_customers(connection, GENERATIONS[detect(connection)], only=[eccube_id])
    if scan.replaced:
        raise UsageError(
            _("The id {id} belongs to somebody else now; run first: eccube-sync classify").format(
                id=eccube_id
            )
        )
    if not scan.changed:
        raise UsageError(_("EC-CUBE has no customer {id}.").format(id=eccube_id))
    found = scan.changed[0]
    if not found.full:
        raise UsageError(
            _("Customer {id} is not fully registered or has withdrawn, and cannot be linked.").format(
                id=eccube_id
            )
        )
    return found


def our_id(one: ChangedCustomer) -> int:
    """Our id of a customer, ``NOBODY`` where there is none yet."""
    return one.ours.id if one.ours is not None else NOBODY


def known_id(run: Run, one: ChangedCustomer) -> int:
    """Our id of a customer, inside the transaction under way; one whom no classification saw is written first.

    The row has no fingerprint, so that the next classification looks at the customer as at any changed one.
    """
    if one.ours is not None:
        return int(one.ours.id)
    standing = run.connection.execute(
        select(customer.c.id).where(customer.c.eccube_id == one.seen.eccube_id, customer.c.current == 1)
    ).scalar_one_or_none()
    if standing is not None:
        return int(standing)
    values = customer_row(run, one) | {"fingerprint": ""}
    customer_id = inserted_id(run.connection.execute(insert(customer).values(values)))
    run.record("customer", customer_id, "state", None, one.seen.state, "seen_in_eccube")
    return customer_id
