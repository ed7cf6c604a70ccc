"""Add member.row_repaired."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    op.add_column(
        "member",
        sa.Column("row_repaired", sa.Boolean(), server_default="0", nullable=False),
        if_not_exists=True,
    )
