"""Make the table member_version."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.create_table(
        "member_version",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("previous_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["import_id"], ["member_import.id"], name=op.f("fk_member_version_import_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_member_version_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_version")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        mysql_row_format="DYNAMIC",
        if_not_exists=True,
    )
