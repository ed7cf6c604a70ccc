"""Index notice: ix_notice_customer_id."""

from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.create_index(
        op.f("ix_notice_customer_id"), "notice", ["customer_id"], unique=False, if_not_exists=True
    )
