"""Index staged_member: ix_staged_member_run_id_member_id."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index(
        "ix_staged_member_run_id_member_id",
        "staged_member",
        ["run_id", "member_id"],
        unique=False,
        if_not_exists=True,
    )
