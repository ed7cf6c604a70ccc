"""Add claim.card_number."""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    op.add_column(
        "claim",
        sa.Column("card_number", sa.String(length=64), server_default="", nullable=False),
        if_not_exists=True,
    )
