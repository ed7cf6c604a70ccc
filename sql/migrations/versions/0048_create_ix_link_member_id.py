"""Index link: ix_link_member_id."""

from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_index(op.f("ix_link_member_id"), "link", ["member_id"], unique=False, if_not_exists=True)
