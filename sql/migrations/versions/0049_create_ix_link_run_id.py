"""Index link: ix_link_run_id."""

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.create_index(op.f("ix_link_run_id"), "link", ["run_id"], unique=False, if_not_exists=True)
