"""Index notice: ix_notice_state_urgency_id."""

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.create_index(
        "ix_notice_state_urgency_id", "notice", ["state", "urgency", "id"], unique=False, if_not_exists=True
    )
