"""Index run: ix_run_state_command."""

from alembic import op

revision = "0088"
down_revision = "0087"


def upgrade() -> None:
    op.create_index("ix_run_state_command", "run", ["state", "command"], unique=False, if_not_exists=True)
