"""Customers as we know them: identity and state only; names and addresses stay in EC-CUBE."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, SmallInteger, String, Table, UniqueConstraint

from eccube_sync.tables.metadata import TABLE_OPTIONS, BigKey, key, metadata, moment, reference, word

customer = Table(
    "customer",
    metadata,
    key(),
    Column("eccube_id", BigKey, nullable=False),
    # Same EC-CUBE id with another create_date is another person (DESIGN §4.1).
    moment("eccube_created_at"),
    word("state", 16),  # full, provisional, withdrawn, vanished, replaced
    Column("current", SmallInteger),  # 1, or NULL for a predecessor under the same EC-CUBE id
    word("fingerprint", 64),
    reference("first_run_id", "run"),
    reference("changed_run_id", "run"),
    # of the row in EC-CUBE: while it stays the same, nothing of the customer needs to be read
    word("row_digest", nullable=True),
    UniqueConstraint("eccube_id", "current"),
    **TABLE_OPTIONS,
)

# The class a customer has now. due_on is the next day on which it may change by time alone,
# and the queue of the nightly: whatever changes a customer's facts sets it to today.
customer_class = Table(
    "customer_class",
    metadata,
    Column("customer_id", BigKey, primary_key=True, autoincrement=False),
    word("membership_class", 16),
    word("reason", 64),
    Column("member_id", BigKey),
    Column("end_date", Date),
    # the last day with grace, as foreseen by the data of the day it was computed: what the guards compare with
    Column("valid_through", Date, index=True),
    Column("unconfirmed", Boolean(create_constraint=False), nullable=False, server_default="0"),
    Column("since", Date, nullable=False),
    Column("due_on", Date, index=True),
    reference("run_id", "run"),
    **TABLE_OPTIONS,
)

class_override = Table(
    "class_override",
    metadata,
    key(),
    reference("customer_id", "customer"),
    word("kind", 16),  # override: a person's; hold: left by an undo
    word("membership_class", 16),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("reason", String(190), nullable=False),
    Column("actor", String(190), nullable=False),
    # a hold ends when the linked members' facts no longer have this mark
    word("members_mark", 64, nullable=True),
    Column("active", SmallInteger),  # 1 or NULL
    reference("run_id", "run"),
    moment("created_at"),
    moment("ended_at", nullable=True),
    word("ended_reason", 64, nullable=True),
    UniqueConstraint("customer_id", "active"),
    **TABLE_OPTIONS,
)

projection_state = Table(
    "projection_state",
    metadata,
    Column("projection_key", String(190), primary_key=True),
    Column("customer_id", BigKey, primary_key=True, autoincrement=False),
    word("wanted_class", 16),
    # the last class we wrote and the value that showed it; NULL class = we have written nothing there yet
    word("written_class", 16, nullable=True),
    Column("written_value", String(255)),
    word("state", 16),  # pending, done, drift, gone
    reference("run_id", "run"),
    Index("ix_projection_state_projection_key_state", "projection_key", "state"),
    **TABLE_OPTIONS,
)
