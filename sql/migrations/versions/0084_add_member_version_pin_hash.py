"""Add member_version.pin_hash."""

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"


def upgrade() -> None:
    op.add_column(
        "member_version",
        sa.Column("pin_hash", sa.String(length=80), server_default="", nullable=False),
        if_not_exists=True,
    )
