"""Index claim: ix_claim_origin_hash."""

from alembic import op

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    op.create_index("ix_claim_origin_hash", "claim", ["origin_hash"], unique=False, if_not_exists=True)
