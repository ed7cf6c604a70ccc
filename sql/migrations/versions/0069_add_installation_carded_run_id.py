"""Add installation.carded_run_id."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    op.add_column(
        "installation",
        sa.Column(
            "carded_run_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        if_not_exists=True,
    )
