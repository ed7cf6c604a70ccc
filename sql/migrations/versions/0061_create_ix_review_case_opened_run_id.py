"""Index review_case: ix_review_case_opened_run_id."""

from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.create_index(
        op.f("ix_review_case_opened_run_id"),
        "review_case",
        ["opened_run_id"],
        unique=False,
        if_not_exists=True,
    )
