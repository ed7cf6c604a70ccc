"""What came in from the EC-CUBE plugin: the key of every row, so that none is taken twice; never what it held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, Index, String, Table, UniqueConstraint, or_, select
from sqlalchemy import column as named
from sqlalchemy import table as foreign

from eccube_sync.clock import from_database
from eccube_sync.db import AnyRow
from eccube_sync.tables.metadata import TABLE_OPTIONS, BigKey, key, metadata, moment, reference, word

# A row of the plugin's inbox that we took. The plugin's own row is never changed or deleted.
inbox_row = Table(
    "inbox_row",
    metadata,
    key(),
    word("row_key", 32),
    word("kind", 16),  # link_code, card, proof, request, upload, download
    Column("eccube_id", BigKey),
    word("state", 16),  # taken, done, refused
    # why it was refused: broken_seal, wrong_mark, unknown_kind, incomplete, …
    word("reason", 64, nullable=True),
    # the admin who asked for it; NULL for a customer
    Column("actor", String(190)),
    moment("received_at"),
    reference("run_id", "run"),
    UniqueConstraint("row_key"),
    Index("ix_inbox_row_eccube_id", "eccube_id"),
    Index("ix_inbox_row_state", "state"),
    **TABLE_OPTIONS,
)

# What the card of a customer held when it was last written, to find cards that are missing or another's.
card_state = Table(
    "card_state",
    metadata,
    Column("customer_id", BigKey, primary_key=True, autoincrement=False),
    word("digest", 64),
    reference("run_id", "run"),
    **TABLE_OPTIONS,
)

INBOX_NAME = "plg_eccube_sync42_inbox"
INBOX = foreign(
    INBOX_NAME,
    *(named(one) for one in ("id", "row_key", "kind", "customer_id", "sealed", "mac", "create_date")),
)
"""The plugin's inbox, in EC-CUBE's database: read, never written."""

ROWS_AT_ONCE = 500
PARTS_AT_ONCE = 10_000
"""Parts of uploaded files looked at together: more than any file has, so that one whose rest never comes hides none."""


def waiting_rows(connection: Connection, eccube_ids: Sequence[int] | None = None) -> list[AnyRow]:
    """Rows of the inbox we have not taken, the oldest first, without what is sealed in them."""
    whole = or_(INBOX.c.kind != "upload", INBOX.c.kind.is_(None))
    rows = _waiting(connection, eccube_ids, whole, ROWS_AT_ONCE)
    if eccube_ids is not None:
        return rows
    parts = _waiting(connection, None, INBOX.c.kind == "upload", PARTS_AT_ONCE)
    return sorted([*rows, *parts], key=lambda row: row.id)


def _waiting(
    connection: Connection, eccube_ids: Sequence[int] | None, kind: ColumnElement[bool], limit: int
) -> list[AnyRow]:
    statement = (
        select(INBOX.c.id, INBOX.c.row_key, INBOX.c.kind, INBOX.c.customer_id, INBOX.c.create_date)
        .outerjoin(inbox_row, inbox_row.c.row_key == INBOX.c.row_key)
        .where(kind, INBOX.c.row_key.is_not(None), inbox_row.c.id.is_(None))
        .order_by(INBOX.c.id)
        .limit(limit)
    )
    if eccube_ids is not None:
        statement = statement.where(INBOX.c.customer_id.in_(list(eccube_ids)))
    return list(connection.execute(statement))


def sealed_rows(connection: Connection, ids: Sequence[int]) -> dict[int, AnyRow]:
    """Id in the inbox → the whole row, of those of these rows that nobody took meanwhile."""
    statement = (
        select(INBOX)
        .outerjoin(inbox_row, inbox_row.c.row_key == INBOX.c.row_key)
        .where(INBOX.c.id.in_(list(ids)), inbox_row.c.id.is_(None))
    )
    return {row.id: row for row in connection.execute(statement)}


def waiting_since(connection: Connection) -> datetime | None:
    """When the oldest row was written that we have not taken; naive UTC, None where none waits."""
    rows = waiting_rows(connection)
    moments = [stored_moment(row.create_date) for row in rows if row.create_date is not None]
    return min(moments, default=None)


def received_at(row: AnyRow, now: datetime) -> datetime:
    """When a row was written; never later than now, whatever the shop's clock says."""
    return now if row.create_date is None else min(from_database(stored_moment(row.create_date)), now)


def stored_moment(stored: datetime | str) -> datetime:
    """A moment as EC-CUBE stores it, naive UTC; SQLite hands over text."""
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return moment.replace(tzinfo=None)
