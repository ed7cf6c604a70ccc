"""Add notice.link_code_id."""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"


def upgrade() -> None:
    op.add_column(
        "notice",
        sa.Column("link_code_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        if_not_exists=True,
    )
