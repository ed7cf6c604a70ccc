"""Index review_case: ix_review_case_customer_id."""

from alembic import op

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.create_index(
        op.f("ix_review_case_customer_id"), "review_case", ["customer_id"], unique=False, if_not_exists=True
    )
