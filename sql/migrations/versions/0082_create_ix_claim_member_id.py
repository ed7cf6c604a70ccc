"""Index claim: ix_claim_member_id."""

from alembic import op

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    op.create_index("ix_claim_member_id", "claim", ["member_id"], unique=False, if_not_exists=True)
