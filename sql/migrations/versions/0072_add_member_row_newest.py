"""Add member.row_newest."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    op.add_column("member", sa.Column("row_newest", sa.DateTime(), nullable=True), if_not_exists=True)
