"""Index run: ix_run_undoes_run_id."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index(op.f("ix_run_undoes_run_id"), "run", ["undoes_run_id"], unique=False, if_not_exists=True)
