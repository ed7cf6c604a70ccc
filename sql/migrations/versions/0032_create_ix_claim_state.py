"""Index claim: ix_claim_state."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_index("ix_claim_state", "claim", ["state"], unique=False, if_not_exists=True)
