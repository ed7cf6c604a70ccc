"""Keys that points, coupons and consent will hang on (DESIGN §4.17); nothing computes with them yet."""

from __future__ import annotations

from sqlalchemy import Column, Date, String, Table, UniqueConstraint

from eccube_sync.tables.metadata import TABLE_OPTIONS, key, metadata, moment, reference, word

external_event = Table(
    "external_event",
    metadata,
    key(),
    reference("source_id", "source"),
    word("kind"),  # purchase, points, coupon
    Column("external_id", String(128), nullable=False),
    reference("customer_id", "customer", nullable=True),
    reference("member_id", "member", nullable=True),
    moment("happened_at"),
    UniqueConstraint("source_id", "kind", "external_id"),
    **TABLE_OPTIONS,
)

consent = Table(
    "consent",
    metadata,
    key(),
    reference("customer_id", "customer", nullable=True),
    reference("member_id", "member", nullable=True),
    word("channel", 16),  # email
    word("basis"),  # stated: a person says that it was given
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),  # the first day on which it holds no more
    reference("run_id", "run"),
    Column(
        "statement", String(190), nullable=False, server_default=""
    ),  # how it was given, in a person's words
    **TABLE_OPTIONS,
)
