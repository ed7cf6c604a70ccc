"""Index review_decision: ix_review_decision_run_id."""

from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.create_index(
        op.f("ix_review_decision_run_id"), "review_decision", ["run_id"], unique=False, if_not_exists=True
    )
