"""Index notice: ix_notice_sent_at."""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.create_index("ix_notice_sent_at", "notice", ["sent_at"], unique=False, if_not_exists=True)
