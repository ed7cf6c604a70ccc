"""Index customer_class: ix_customer_class_due_on."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index(
        op.f("ix_customer_class_due_on"), "customer_class", ["due_on"], unique=False, if_not_exists=True
    )
