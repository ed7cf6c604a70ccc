"""Add staged_member.pin_hash."""

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0084"


def upgrade() -> None:
    op.add_column(
        "staged_member",
        sa.Column("pin_hash", sa.String(length=80), server_default="", nullable=False),
        if_not_exists=True,
    )
