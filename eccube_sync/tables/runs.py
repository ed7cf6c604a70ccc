"""Runs and their journal: what was applied, by whom, and every single change."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, SmallInteger, String, Table, Text

from eccube_sync.tables.metadata import TABLE_OPTIONS, BigKey, key, metadata, moment, reference, word

# One row: which database this is. A restored or copied database is told apart by it.
installation = Table(
    "installation",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    word("install_id", 36),
    Column("database_name", String(255), nullable=False),
    Column("run_counter", BigKey, nullable=False, server_default="0"),
    # null until the first classification was applied: events up to then are baseline and mail nobody
    Column("first_classify_run_id", BigKey),
    # members changed by later runs than this one have not been matched yet
    Column("matched_run_id", BigKey, nullable=False, server_default="0"),
    word("policy_hash", 64, nullable=True),
    moment("created_at"),
    # what earlier runs than this one changed stands on the plugin's cards already
    Column("carded_run_id", BigKey, nullable=False, server_default="0"),
    **TABLE_OPTIONS,
)

run = Table(
    "run",
    metadata,
    key(),
    word("command"),
    Column("today", Date, nullable=False),
    word("state", 16),  # running, done, failed, interrupted, undone
    moment("started_at"),
    moment("finished_at", nullable=True),
    Column("actor", String(190), nullable=False),
    word("program_version"),
    Column("counts", Text),  # JSON: reason -> number
    Column("failure", String(500)),
    reference("undoes_run_id", "run", nullable=True, index=True),
    reference("undone_by_run_id", "run", nullable=True),
    # the bridge begins a run for every few customers, and each looks for one that was killed
    Index("ix_run_state_command", "state", "command"),
    **TABLE_OPTIONS,
)

# Names a subject and a field, never personal data; personal old values live in versions.
journal = Table(
    "journal",
    metadata,
    key(),
    reference("run_id", "run", index=True),
    word("subject"),
    Column("subject_id", BigKey, nullable=False),
    word("field"),
    Column("old_value", String(190)),
    Column("new_value", String(190)),
    word("reason", 64),
    moment("created_at"),
    Index("ix_journal_subject_subject_id", "subject", "subject_id"),
    **TABLE_OPTIONS,
)

guard_approval = Table(
    "guard_approval",
    metadata,
    key(),
    Column("approved_for", Date, nullable=False),
    Column("downgrades", Integer, nullable=False),
    Column("actor", String(190), nullable=False),
    moment("created_at"),
    **TABLE_OPTIONS,
)
