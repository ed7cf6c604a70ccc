"""Add consent.statement."""

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0085"


def upgrade() -> None:
    op.add_column(
        "consent",
        sa.Column("statement", sa.String(length=190), server_default="", nullable=False),
        if_not_exists=True,
    )
