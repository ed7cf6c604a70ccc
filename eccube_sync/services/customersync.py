"""Which customers are new, changed or gone since the last classification; reads EC-CUBE, writes nothing.

Finding them scans EC-CUBE's table in order and hashes each row: EC-CUBE's own ``update_date`` moves with
every order and misses changes made by foreign SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from eccube_sync.clock import to_database
from eccube_sync.db import AnyRow
from eccube_sync.eccube import EccubeCustomer, Generation
from eccube_sync.linkage.people import fingerprint_rows
from eccube_sync.services.people import people_of_customers
from eccube_sync.tables.customers import customer

PAGE = 5000


@dataclass(frozen=True, slots=True)
class ChangedCustomer:
    """A customer whose row must be written: as EC-CUBE has it, with our row where we have one."""

    seen: EccubeCustomer
    fingerprint: str
    ours: AnyRow | None

    @property
    def key(self) -> int:
        """Our id; for a customer without one yet, its EC-CUBE id below zero."""
        return self.ours.id if self.ours is not None else -self.seen.eccube_id

    @property
    def full(self) -> bool:
        """Whether the customer may be linked: provisional and withdrawn ones never are."""
        return self.seen.state == "full"


@dataclass(slots=True)
class CustomerScan:
    """The outcome of one scan."""

    seen: int = 0
    changed: list[ChangedCustomer] = field(default_factory=list)
    replaced: list[AnyRow] = field(default_factory=list)
    """Our rows of customers whose EC-CUBE id now belongs to somebody created at another time."""
    vanished: list[AnyRow] = field(default_factory=list)

    def gone(self) -> list[AnyRow]:
        """Our rows of customers that can no longer be linked."""
        withdrawn = [
            one.ours
            for one in self.changed
            if one.ours is not None and one.ours.state == "full" and not one.full
        ]
        return withdrawn + self.replaced + self.vanished


def scan_customers(
    connection: Connection,
    generation: Generation,
    *,
    every: bool = False,
    only: Sequence[int] | None = None,
) -> CustomerScan:
    """Compare EC-CUBE's customers with ours. ``every`` takes all as changed; ``only`` looks at these EC-CUBE ids."""
    scan = CustomerScan()
    ours = _our_rows(connection, only)
    for page in _pages(connection, generation, only):
        scan.seen += len(page)
        fingerprints = fingerprint_rows(people_of_customers([0] * len(page), page))
        for seen, fingerprint in zip(page, fingerprints, strict=True):
            _compare(scan, seen, fingerprint, ours.pop(seen.eccube_id, None), every=every or only is not None)
    scan.vanished = [row for row in ours.values() if row.state != "vanished"]
    return scan


def _compare(
    scan: CustomerScan, seen: EccubeCustomer, fingerprint: str, ours: AnyRow | None, *, every: bool
) -> None:
    if ours is not None and ours.eccube_created_at != _stored(seen.created_at):
        scan.replaced.append(ours)
        ours = None
    if ours is None or every or ours.fingerprint != fingerprint or ours.state != seen.state:
        scan.changed.append(ChangedCustomer(seen, fingerprint, ours))


def _stored(moment: datetime) -> datetime:
    return to_database(moment)


def _our_rows(connection: Connection, only: Sequence[int] | None) -> dict[int, AnyRow]:
    statement = select(
        customer.c.id,
        customer.c.eccube_id,
        customer.c.eccube_created_at,
        customer.c.state,
        customer.c.fingerprint,
    ).where(customer.c.current == 1)
    if only is not None:
        statement = statement.where(customer.c.eccube_id.in_(list(only)))
    return {row.eccube_id: row for row in connection.execute(statement)}


def _pages(
    connection: Connection, generation: Generation, only: Sequence[int] | None
) -> Iterator[list[EccubeCustomer]]:
    if only is not None:
        yield generation.customers_by_id(connection, list(only))
        return
    after = 0
    while page := generation.customers(connection, after, PAGE):
        yield page
        after = page[-1].eccube_id
