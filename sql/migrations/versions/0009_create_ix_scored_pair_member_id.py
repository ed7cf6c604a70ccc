"""Index scored_pair: ix_scored_pair_member_id."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index(
        op.f("ix_scored_pair_member_id"), "scored_pair", ["member_id"], unique=False, if_not_exists=True
    )
