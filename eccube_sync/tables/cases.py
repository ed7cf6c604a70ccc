"""Questions to a human, and the answers, which no machine overturns."""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, Integer, String, Table, Text

from eccube_sync.tables.metadata import TABLE_OPTIONS, BigKey, key, metadata, moment, reference, word

review_case = Table(
    "review_case",
    metadata,
    key(),
    Column("public_id", String(16), nullable=False, unique=True),  # R-7F3K2: opaque, never a number
    # One case a pair for ever: "pair:<customer>:<member>", or "<kind>:<member>" about one member
    Column("subject_key", String(64), nullable=False, unique=True),
    word("kind"),
    reference("customer_id", "customer", nullable=True, index=True),
    reference("member_id", "member", nullable=True, index=True),
    Column("version", Integer, nullable=False, server_default="1"),
    word("customer_fingerprint", 64, default=""),
    word("member_fingerprint", 64, default=""),
    word("state", 16),  # open, same, different, hold, closed
    Column("hold_until", Date),
    word("closed_reason", 64, nullable=True),
    Column("probability", Float),
    Column("bits", Float),
    Column("reasons", Text),  # JSON: [[code, bits], …]
    Column("opened_on", Date, nullable=False),
    Column("decided_by", String(190)),
    moment("decided_at", nullable=True),
    reference("opened_run_id", "run", index=True),
    reference("changed_run_id", "run", index=True),
    **TABLE_OPTIONS,
)

review_export = Table(
    "review_export",
    metadata,
    key(),
    word("export_key", 32),
    Column("file_name", String(255), nullable=False),
    Column("case_count", Integer, nullable=False),
    reference("run_id", "run"),
    moment("created_at"),
    **TABLE_OPTIONS,
)

review_decision = Table(
    "review_decision",
    metadata,
    key(),
    reference("case_id", "review_case", index=True),
    Column("case_version", Integer, nullable=False),
    word("decision", 16),  # same, different, hold, done, reopened
    Column("reviewer", String(190), nullable=False),
    Column("note", String(500), nullable=False, server_default=""),
    Column("file_sha256", String(64), nullable=False),
    Column("export_id", BigKey),
    reference("run_id", "run", index=True),
    moment("created_at"),
    **TABLE_OPTIONS,
)
