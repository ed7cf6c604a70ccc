"""Index run: ix_run_state_command."""

from alembic import op

revision = "0086"
down_revision = "0085"


def upgrade() -> None:
    op.create_index("ix_run_state_command", "run", ["state", "command"], unique=False, if_not_exists=True)
