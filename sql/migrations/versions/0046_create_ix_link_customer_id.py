"""Index link: ix_link_customer_id."""

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_index(op.f("ix_link_customer_id"), "link", ["customer_id"], unique=False, if_not_exists=True)
