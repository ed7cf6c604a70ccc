"""The outbox: one row an event for ever, with the very bytes that will be sent."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, SmallInteger, String, Table
from sqlalchemy.dialects.mysql import MEDIUMBLOB

from eccube_sync.tables.metadata import TABLE_OPTIONS, BigKey, key, metadata, moment, reference, word

notice = Table(
    "notice",
    metadata,
    key(),
    Column("notice_key", String(120), nullable=False, unique=True),
    word("kind"),
    reference("customer_id", "customer", nullable=True, index=True),  # NULL = a member without an account
    Column("member_id", BigKey),
    Column("link_id", BigKey),
    Column("end_date", Date),
    Column("days", SmallInteger),  # of a reminder: days before the end
    Column("event_on", Date, nullable=False),
    Column("urgency", SmallInteger, nullable=False, server_default="5"),
    word("state", 16),  # queued, claimed, dot, sent, failed, in_doubt, cancelled, baseline
    word("reason", 64, nullable=True),
    Column("message_id", String(190), nullable=False),
    Column("recipient", String(255)),  # blanked by purge
    Column("message", LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb")),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    moment("first_tried_at", nullable=True),
    moment("next_try_at", nullable=True),
    moment("sent_at", nullable=True),
    reference("run_id", "run", index=True),
    moment("created_at"),
    Column("link_code_id", BigKey),  # of an invitation: the code in it
    Index("ix_notice_state_urgency_id", "state", "urgency", "id"),
    Index("ix_notice_sent_at", "sent_at"),
    Index("ix_notice_message_id", "message_id"),  # by which a mail that came back is known
    **TABLE_OPTIONS,
)

# A keyed hash of an address that a mail server called permanently wrong.
suspended_address = Table(
    "suspended_address",
    metadata,
    Column("address_hash", String(64), primary_key=True),
    word("reason", 64),
    Column("notice_id", BigKey, nullable=False),
    moment("created_at"),
    **TABLE_OPTIONS,
)

# One row a session of sending, for the caps per minute, hour and day that survive a restart.
mail_count = Table(
    "mail_count",
    metadata,
    Column("minute", Integer, primary_key=True, autoincrement=False),  # UTC minutes since 1970
    Column("mails", Integer, nullable=False),
    **TABLE_OPTIONS,
)
