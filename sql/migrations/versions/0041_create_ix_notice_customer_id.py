"""Index notice: ix_notice_customer_id."""

from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.create_index(
        op.f("ix_notice_customer_id"), "notice", ["customer_id"], unique=False, if_not_exists=True
    )
