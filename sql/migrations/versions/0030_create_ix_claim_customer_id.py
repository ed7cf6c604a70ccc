"""Index claim: ix_claim_customer_id."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_index(op.f("ix_claim_customer_id"), "claim", ["customer_id"], unique=False, if_not_exists=True)
