"""Index member_version: ix_member_version_member_id."""

from alembic import op

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    op.create_index(
        op.f("ix_member_version_member_id"), "member_version", ["member_id"], unique=False, if_not_exists=True
    )
