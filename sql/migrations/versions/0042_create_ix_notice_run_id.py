"""Index notice: ix_notice_run_id."""

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.create_index(op.f("ix_notice_run_id"), "notice", ["run_id"], unique=False, if_not_exists=True)
