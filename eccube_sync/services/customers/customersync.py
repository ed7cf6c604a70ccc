"""Which customers are new, changed or gone since the last classification; reads EC-CUBE, writes nothing.

Finding them scans EC-CUBE's table in order: EC-CUBE's own ``update_date`` moves with every order and misses
changes made by foreign SQL. The server digests each row, and only rows with another digest are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

import eccube_sync
from eccube_sync.clock import to_database
from eccube_sync.db import AnyRow
from eccube_sync.eccube import EccubeCustomer, Generation
from eccube_sync.linkage.normalise import NORMALISER_VERSION
from eccube_sync.linkage.people import fingerprint_rows
from eccube_sync.services.matching.people import people_of_customers
from eccube_sync.services.running import Run
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer

PAGE = 5000
_HOW_READ = f"{eccube_sync.__version__}/{NORMALISER_VERSION}"
"""Another version may read the same row differently, so it reads each once more."""


@dataclass(frozen=True, slots=True)
class ChangedCustomer:
    """A customer whose row must be written: as EC-CUBE has it, with our row where we have one."""

    seen: EccubeCustomer
    fingerprint: str
    ours: AnyRow | None
    row_digest: str | None
    """``None`` where the row was read by its id: the next scan reads it once more if it differs."""

    @property
    def key(self) -> int:
        """Our id; for a customer without one yet, its EC-CUBE id below zero."""
        return self.ours.id if self.ours is not None else -self.seen.eccube_id

    @property
    def differs(self) -> bool:
        """Whether our row has to be written: not where somebody only asked to look at everybody again."""
        ours = self.ours
        if ours is None or (self.fingerprint, self.seen.state) != (ours.fingerprint, ours.state):
            return True
        return self.row_digest is not None and self.row_digest != ours.row_digest

    @property
    def full(self) -> bool:
        """Whether the customer may be linked: provisional and withdrawn ones never are."""
        return self.seen.state == "full"


def customer_row(run: Run, one: ChangedCustomer) -> dict[str, Any]:
    """Our row of a customer we do not have yet."""
    return {
        "eccube_id": one.seen.eccube_id,
        "eccube_created_at": to_database(one.seen.created_at),
        "state": one.seen.state,
        "current": 1,
        "fingerprint": one.fingerprint,
        "row_digest": one.row_digest,
        "first_run_id": run.id,
        "changed_run_id": run.id,
    }


@dataclass(slots=True)
class CustomerScan:
    """The outcome of one scan."""

    seen: int = 0
    changed: list[ChangedCustomer] = field(default_factory=list)
    replaced: list[AnyRow] = field(default_factory=list)
    """Our rows of customers whose EC-CUBE id now belongs to somebody created at another time."""
    vanished: list[AnyRow] = field(default_factory=list)
    digested: dict[int, str | None] = field(default_factory=dict)
    """Our id of a customer whose row was read and tells nothing new → the digest it has now."""

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
    if only is not None:
        read = _read(scan, connection, generation, dict.fromkeys(only), every=True)
        scan.seen = len(read)
        gone = set(only) - read
    else:
        gone = _scan_all(scan, connection, generation, every=every)
    ours = _our_rows(connection, gone).values()
    scan.vanished = [row for row in ours if row.state != "vanished"]
    return scan


def _scan_all(scan: CustomerScan, connection: Connection, generation: Generation, *, every: bool) -> set[int]:
    """Read every row that is not known by its digest; returns the EC-CUBE ids of ours that are not there."""
    known = _known_digests(connection)
    gone, after = set(known), 0
    while page := generation.customer_digests(connection, after, PAGE, _HOW_READ):
        unknown = {
            one: digest for one, digest in page.items() if every or not digest or digest != known.get(one)
        }
        _read(scan, connection, generation, unknown, every=every)
        scan.seen += len(page)
        gone.difference_update(page)
        after = max(page)
    return gone


def _read(
    scan: CustomerScan,
    connection: Connection,
    generation: Generation,
    digests: Mapping[int, str | None],
    *,
    every: bool,
) -> set[int]:
    """Read these customers (EC-CUBE id → digest) and compare them with ours; returns which of them exist."""
    rows = generation.customers_by_id(connection, list(digests))
    ours = _our_rows(connection, digests)
    fingerprints = fingerprint_rows(people_of_customers([0] * len(rows), rows))
    for seen, fingerprint in zip(rows, fingerprints, strict=True):
        known = ours.get(seen.eccube_id)
        _compare(scan, seen, fingerprint, known, digests[seen.eccube_id], every=every)
    return {seen.eccube_id for seen in rows}


def _compare(
    scan: CustomerScan,
    seen: EccubeCustomer,
    fingerprint: str,
    ours: AnyRow | None,
    digest: str | None,
    *,
    every: bool,
) -> None:
    if ours is not None and ours.eccube_created_at != _stored(seen.created_at):
        scan.replaced.append(ours)
        ours = None
    if ours is not None and not ours.fingerprint and ours.state == seen.state != "full":
        return  # forgotten, though EC-CUBE keeps the row of one who withdrew
    if ours is None or every or ours.fingerprint != fingerprint or ours.state != seen.state:
        scan.changed.append(ChangedCustomer(seen, fingerprint, ours, digest))
    else:
        scan.digested[ours.id] = digest


def _stored(moment: datetime) -> datetime:
    return to_database(moment)


def _known_digests(connection: Connection) -> dict[int, str | None]:
    """EC-CUBE id → digest of every customer of ours; a vanished one is read again when it is back."""
    rows = connection.execute(
        select(customer.c.eccube_id, customer.c.row_digest).where(
            customer.c.current == 1, customer.c.state != "vanished"
        )
    )
    return {row.eccube_id: row.row_digest for row in rows}


def _our_rows(connection: Connection, eccube_ids: Iterable[int]) -> dict[int, AnyRow]:
    found: dict[int, AnyRow] = {}
    for ids in chunks(eccube_ids):
        rows = connection.execute(
            select(
                customer.c.id,
                customer.c.eccube_id,
                customer.c.eccube_created_at,
                customer.c.state,
                customer.c.fingerprint,
                customer.c.row_digest,
            ).where(customer.c.current == 1, customer.c.eccube_id.in_(ids))
        )
        found.update((row.eccube_id, row) for row in rows)
    return found
