"""Index notice: ix_notice_sent_at."""

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_index("ix_notice_sent_at", "notice", ["sent_at"], unique=False, if_not_exists=True)
