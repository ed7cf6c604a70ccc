"""Add link.note."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"


def upgrade() -> None:
    op.add_column("link", sa.Column("note", sa.String(length=500), nullable=True), if_not_exists=True)
