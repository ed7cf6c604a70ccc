"""Index review_case: ix_review_case_member_id."""

from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.create_index(
        op.f("ix_review_case_member_id"), "review_case", ["member_id"], unique=False, if_not_exists=True
    )
