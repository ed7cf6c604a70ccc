"""Index inbox_row: ix_inbox_row_eccube_id."""

from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.create_index("ix_inbox_row_eccube_id", "inbox_row", ["eccube_id"], unique=False, if_not_exists=True)
