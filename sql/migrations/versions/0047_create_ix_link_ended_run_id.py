"""Index link: ix_link_ended_run_id."""

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.create_index(op.f("ix_link_ended_run_id"), "link", ["ended_run_id"], unique=False, if_not_exists=True)
