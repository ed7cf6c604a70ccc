"""Index notice: ix_notice_run_id."""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_index(op.f("ix_notice_run_id"), "notice", ["run_id"], unique=False, if_not_exists=True)
