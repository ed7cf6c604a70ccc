"""Add staged_member.row_newest."""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"


def upgrade() -> None:
    op.add_column("staged_member", sa.Column("row_newest", sa.DateTime(), nullable=True), if_not_exists=True)
