"""Links between customers and members, and what a machine may not link again."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, SmallInteger, String, Table, Text, UniqueConstraint

from eccube_sync.tables.metadata import (
    TABLE_OPTIONS,
    BigKey,
    LongText,
    key,
    metadata,
    moment,
    reference,
    word,
)

link = Table(
    "link",
    metadata,
    key(),
    reference("customer_id", "customer", index=True),
    reference("member_id", "member", index=True),
    reference("source_id", "source"),
    word("method", 16),  # match, link_code, card, review, manual, issued
    Column("probability", Float),
    Column("bits", Float),
    Column("reasons", Text),  # JSON: [[code, bits], …]
    Column("model_id", BigKey),
    word("proven_by", 16, nullable=True),  # link_code, card, answer, review; NULL = a guess
    Column("actor", String(190), nullable=False),
    reference("run_id", "run", index=True),
    moment("created_at"),
    Column("active", SmallInteger),  # 1 or NULL: ended, never deleted
    Column("slot", Integer, nullable=False, server_default="1"),  # 2, 3 … for more accounts
    moment("ended_at", nullable=True),
    reference("ended_run_id", "run", nullable=True, index=True),
    word("ended_reason", 64, nullable=True),
    Column("note", String(500)),  # why a person linked by hand
    UniqueConstraint("customer_id", "source_id", "active"),
    UniqueConstraint("member_id", "slot", "active"),
    **TABLE_OPTIONS,
)

# A pair whose link a person took back, with the facts it was linked on: no machine links it on these again. An undone
# import changes a member's facts itself, so that a pair may have several rows.
undone_pair = Table(
    "undone_pair",
    metadata,
    Column("customer_id", BigKey, primary_key=True, autoincrement=False),
    Column("member_id", BigKey, primary_key=True, autoincrement=False),
    Column("customer_fingerprint", String(64), primary_key=True),
    Column("member_fingerprint", String(64), primary_key=True),
    reference("run_id", "run"),
    **TABLE_OPTIONS,
)

match_model = Table(
    "match_model",
    metadata,
    key(),
    Column("body", LongText, nullable=False),  # JSON of linkage.model.Model
    reference("run_id", "run"),
    moment("created_at"),
    **TABLE_OPTIONS,
)

# The index of blocking keys: a night looks up only the keys of the rows that changed.
match_key = Table(
    "match_key",
    metadata,
    Column("key_hash", BigKey, primary_key=True, autoincrement=False),
    Column("side", SmallInteger, primary_key=True, autoincrement=False),  # 1 customer, 2 member
    Column("subject_id", BigKey, primary_key=True, autoincrement=False),
    Index("ix_match_key_side_subject_id", "side", "subject_id"),
    **TABLE_OPTIONS,
)

# Every candidate above the floor: the graph in which assignment finds its connected components.
scored_pair = Table(
    "scored_pair",
    metadata,
    Column("customer_id", BigKey, primary_key=True, autoincrement=False),
    Column("member_id", BigKey, primary_key=True, autoincrement=False, index=True),
    Column("bits", Float, nullable=False),
    Column("probability", Float, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("reasons", String(500), nullable=False, server_default="[]"),
    **TABLE_OPTIONS,
)
