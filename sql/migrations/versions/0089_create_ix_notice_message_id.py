"""Index notice: ix_notice_message_id."""

from alembic import op

revision = "0089"
down_revision = "0088"


def upgrade() -> None:
    op.create_index("ix_notice_message_id", "notice", ["message_id"], unique=False, if_not_exists=True)
