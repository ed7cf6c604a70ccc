"""Index member_code: ix_member_code_member_id."""

from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.create_index(
        op.f("ix_member_code_member_id"), "member_code", ["member_id"], unique=False, if_not_exists=True
    )
