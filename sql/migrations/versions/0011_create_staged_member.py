"""Make the table staged_member."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "staged_member",
        sa.Column(
            "run_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("store_key", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("replaces_member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("family_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("given_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("full_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("family_kana", sa.String(length=255), server_default="", nullable=False),
        sa.Column("given_kana", sa.String(length=255), server_default="", nullable=False),
        sa.Column("full_kana", sa.String(length=255), server_default="", nullable=False),
        sa.Column("address", sa.String(length=255), server_default="", nullable=False),
        sa.Column("postal_code", sa.String(length=32), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=32), server_default="", nullable=False),
        sa.Column("mobile", sa.String(length=32), server_default="", nullable=False),
        sa.Column("emails", sa.String(length=800), server_default="", nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=8), server_default="", nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("last_visit_on", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("unlimited", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("store_code", sa.String(length=64), server_default="", nullable=False),
        sa.Column("rank_code", sa.String(length=64), server_default="", nullable=False),
        sa.Column("rank_name", sa.String(length=64), server_default="", nullable=False),
        sa.Column("member_type", sa.String(length=64), server_default="", nullable=False),
        sa.Column("link_code_serial", sa.String(length=64), server_default="", nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("points_expire_on", sa.Date(), nullable=True),
        sa.Column("mail_allowed", sa.Boolean(), nullable=True),
        sa.Column("repairs", sa.String(length=255), server_default="", nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "line", name=op.f("pk_staged_member")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        mysql_row_format="DYNAMIC",
        if_not_exists=True,
    )
