"""Add claim.fact_kind."""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    op.add_column(
        "claim",
        sa.Column("fact_kind", sa.String(length=16), server_default="", nullable=False),
        if_not_exists=True,
    )
