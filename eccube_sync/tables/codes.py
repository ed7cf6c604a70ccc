"""Link codes printed by the store, and the claims customers made with them."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, String, Table, UniqueConstraint

from eccube_sync.tables.metadata import TABLE_OPTIONS, BigKey, key, metadata, moment, reference, word

code_batch = Table(
    "code_batch",
    metadata,
    key(),
    Column("label", String(190), nullable=False),
    Column("code_count", Integer, nullable=False),
    Column("expires_on", Date, nullable=False),
    reference("run_id", "run"),
    moment("created_at"),
    **TABLE_OPTIONS,
)

# The secret is kept as a keyed hash; the key lies outside the database.
link_code = Table(
    "link_code",
    metadata,
    key(),
    reference("batch_id", "code_batch"),
    Column("serial", String(16), nullable=False, unique=True),
    word("secret_hash", 64),
    word("key_id", 16),
    word("state", 16),  # issued, assigned, used, revoked
    # whom it was given to: the member's code in a source, known before the member may be imported
    Column("source_id", BigKey),
    Column("member_code", String(64)),
    Column("expires_on", Date, nullable=False),
    Column("used_by_customer_id", BigKey),
    moment("used_at", nullable=True),
    UniqueConstraint("secret_hash"),
    Index("ix_link_code_source_id_member_code", "source_id", "member_code"),
    **TABLE_OPTIONS,
)

claim = Table(
    "claim",
    metadata,
    key(),
    # the row it came from (inbox key, or customer and keyed hash of the code in a CSV): twice is once
    word("claim_key", 64),
    Column("eccube_id", BigKey, nullable=False),
    reference("customer_id", "customer", nullable=True, index=True),
    word("kind", 16),  # link_code, card
    word("code_hash", 64),
    Column("link_code_id", BigKey),
    word("state", 24),  # pending, waiting_for_store, accepted, refused, conflict, undone
    word("reason", 64, nullable=True),
    moment("received_at"),
    moment("decided_at", nullable=True),
    reference("run_id", "run", index=True),
    # of a card: the number as typed, an identifier like those in member_code, and the second fact as keyed hashes
    Column("card_number", String(64), nullable=False, server_default=""),
    word("fact_kind", 16, default=""),  # pin, birth_date, phone_last4; "" = none was given
    word("fact_hashes", 800, default=""),  # "<key id>:<hash>", one a line: one a key there was
    # a keyed hash of where it came from (an IP address), to limit the guesses of one place
    word("origin_hash", 64, nullable=True),
    # whom it was about, once decided: to limit the guesses about one member
    Column("member_id", BigKey),
    UniqueConstraint("claim_key"),
    Index("ix_claim_state", "state"),
    Index("ix_claim_member_id", "member_id"),
    Index("ix_claim_origin_hash", "origin_hash"),
    **TABLE_OPTIONS,
)
