"""Members, every version of their data, their codes, and the imports they came from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from eccube_sync.tables.metadata import TABLE_OPTIONS, BigKey, key, metadata, moment, reference, word

source = Table(
    "source",
    metadata,
    key(),
    Column("source_key", String(64), nullable=False, unique=True),
    Column("name", String(190), nullable=False),
    # newest taken_at of an accepted full import: how fresh the data of every member in it is
    moment("taken_at", nullable=True),
    **TABLE_OPTIONS,
)

store = Table(
    "store",
    metadata,
    key(),
    reference("source_id", "source"),
    Column("code", String(64), nullable=False),
    Column("name", String(190), nullable=False, server_default=""),
    UniqueConstraint("source_id", "code"),
    **TABLE_OPTIONS,
)

member_import = Table(
    "member_import",
    metadata,
    key(),
    reference("source_id", "source"),
    reference("run_id", "run"),
    Column("sha256", String(64), nullable=False),
    Column("file_name", String(255), nullable=False),
    word("format_key"),
    word("encoding"),
    Column("partial", Boolean(create_constraint=False), nullable=False),
    moment("taken_at"),
    Column("row_count", Integer, nullable=False),
    Column("counts", Text, nullable=False),  # JSON: new, changed, unchanged, missing, repaired …
    Column("fill_rates", Text, nullable=False),  # JSON: field -> 0..1
    word("state", 16),  # accepted, undone
    Index("ix_member_import_source_id_sha256", "source_id", "sha256"),
    **TABLE_OPTIONS,
)


def record_columns() -> list[Column[Any]]:
    """The columns of one member's data, the same in a version and in staging."""
    return [
        Column("code", String(64)),
        Column("number", String(64)),
        *(
            Column(name, String(255), nullable=False, server_default="")
            for name in (
                "family_name",
                "given_name",
                "full_name",
                "family_kana",
                "given_kana",
                "full_kana",
                "address",
            )
        ),
        *(
            Column(name, String(32), nullable=False, server_default="")
            for name in ("postal_code", "phone", "mobile")
        ),
        Column("emails", String(800), nullable=False, server_default=""),  # one a line
        Column("birth_date", Date),
        word("sex", 8, default=""),
        Column("joined_on", Date),
        Column("left_on", Date),
        Column("last_visit_on", Date),
        Column("end_date", Date),
        Column("unlimited", Boolean(create_constraint=False), nullable=False, server_default="0"),
        word("status", 16),
        *(
            Column(name, String(64), nullable=False, server_default="")
            for name in ("store_code", "rank_code", "rank_name", "member_type", "link_code_serial")
        ),
        Column("points", Integer),
        Column("points_expire_on", Date),
        Column("mail_allowed", Boolean(create_constraint=False)),
        Column("repairs", String(255), nullable=False, server_default=""),
        word("content_hash", 64),
        word("fingerprint", 64),
    ]


def pin_column() -> Column[str]:
    """ "<key id>:<keyed hash>" of the card's PIN where the shop maps it; the PIN itself is kept nowhere."""
    return Column("pin_hash", String(80), nullable=False, server_default="")


COPIED = (*(column.name for column in record_columns()), "pin_hash")
"""What a version takes over from staging."""


member = Table(
    "member",
    metadata,
    key(),
    reference("source_id", "source"),
    Column("store_key", String(64), nullable=False),
    Column("current", SmallInteger),  # 1, or NULL after the code was reused for another person
    Column("version_id", BigKey, nullable=False),
    word("content_hash", 64),
    word("fingerprint", 64),
    # set by a partial import and, for a member missing from a full one, to the last data that had it
    moment("confirmed_at", nullable=True),
    Column("missing_imports", SmallInteger, nullable=False, server_default="0"),
    reference("first_import_id", "member_import"),
    reference("changed_import_id", "member_import"),
    # the run in which what the matcher reads last changed
    reference("changed_run_id", "run", index=True),
    # by its digest a row is known that was read before, with what reading it again would tell
    word("row_digest", nullable=True),
    moment("row_newest", nullable=True),
    Column("row_repaired", Boolean(create_constraint=False), nullable=False, server_default="0"),
    UniqueConstraint("source_id", "store_key", "current"),
    **TABLE_OPTIONS,
)

member_version = Table(
    "member_version",
    metadata,
    key(),
    reference("member_id", "member", index=True),
    reference("import_id", "member_import", index=True),
    # the version before this one, so that an undone import can step back
    Column("previous_version_id", BigKey),
    *record_columns(),
    pin_column(),
    **TABLE_OPTIONS,
)

staged_member = Table(
    "staged_member",
    metadata,
    Column("run_id", BigKey, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("store_key", String(64), nullable=False),
    # the member this row is a new version of; NULL = a new member
    Column("member_id", BigKey),
    # the member that held this code before, when the code was given to another person
    Column("replaces_member_id", BigKey),
    *record_columns(),
    word("row_digest", nullable=True),
    moment("row_newest", nullable=True),
    pin_column(),
    **TABLE_OPTIONS,
)

# An old barcode still finds its member.
member_code = Table(
    "member_code",
    metadata,
    key(),
    reference("member_id", "member", index=True),
    reference("source_id", "source"),
    word("kind", 8),  # code, number
    Column("code", String(64), nullable=False),
    reference("from_import_id", "member_import", index=True),
    Column("to_import_id", BigKey),
    Index("ix_member_code_source_id_code", "source_id", "code"),
    **TABLE_OPTIONS,
)
