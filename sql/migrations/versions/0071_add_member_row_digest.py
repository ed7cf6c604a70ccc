"""Add member.row_digest."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    op.add_column("member", sa.Column("row_digest", sa.String(length=32), nullable=True), if_not_exists=True)
