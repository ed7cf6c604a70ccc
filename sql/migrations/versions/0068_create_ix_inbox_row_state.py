"""Index inbox_row: ix_inbox_row_state."""

from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    op.create_index("ix_inbox_row_state", "inbox_row", ["state"], unique=False, if_not_exists=True)
