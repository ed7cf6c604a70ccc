"""Add claim.fact_hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    op.add_column(
        "claim",
        sa.Column("fact_hashes", sa.String(length=800), server_default="", nullable=False),
        if_not_exists=True,
    )
