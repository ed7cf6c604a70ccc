"""Index customer_class: ix_customer_class_valid_through."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_index(
        op.f("ix_customer_class_valid_through"),
        "customer_class",
        ["valid_through"],
        unique=False,
        if_not_exists=True,
    )
