"""Index review_decision: ix_review_decision_case_id."""

from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    op.create_index(
        op.f("ix_review_decision_case_id"), "review_decision", ["case_id"], unique=False, if_not_exists=True
    )
