"""Add customer.row_digest."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    op.add_column(
        "customer", sa.Column("row_digest", sa.String(length=32), nullable=True), if_not_exists=True
    )
