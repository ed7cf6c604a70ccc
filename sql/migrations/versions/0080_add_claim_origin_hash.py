"""Add claim.origin_hash."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"


def upgrade() -> None:
    op.add_column("claim", sa.Column("origin_hash", sa.String(length=64), nullable=True), if_not_exists=True)
