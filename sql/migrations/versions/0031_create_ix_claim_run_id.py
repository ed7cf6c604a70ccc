"""Index claim: ix_claim_run_id."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_index(op.f("ix_claim_run_id"), "claim", ["run_id"], unique=False, if_not_exists=True)
