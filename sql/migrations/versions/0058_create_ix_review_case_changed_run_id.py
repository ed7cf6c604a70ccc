"""Index review_case: ix_review_case_changed_run_id."""

from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    op.create_index(
        op.f("ix_review_case_changed_run_id"),
        "review_case",
        ["changed_run_id"],
        unique=False,
        if_not_exists=True,
    )
