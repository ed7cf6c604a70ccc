"""Index staged_member: ix_staged_member_run_id_store_key."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index(
        "ix_staged_member_run_id_store_key",
        "staged_member",
        ["run_id", "store_key"],
        unique=False,
        if_not_exists=True,
    )
