"""Add staged_member.row_digest."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    op.add_column(
        "staged_member", sa.Column("row_digest", sa.String(length=32), nullable=True), if_not_exists=True
    )
