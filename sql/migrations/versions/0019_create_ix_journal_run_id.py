"""Index journal: ix_journal_run_id."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index(op.f("ix_journal_run_id"), "journal", ["run_id"], unique=False, if_not_exists=True)
