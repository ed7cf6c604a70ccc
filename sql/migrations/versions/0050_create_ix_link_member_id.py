"""Index link: ix_link_member_id."""

from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.create_index(op.f("ix_link_member_id"), "link", ["member_id"], unique=False, if_not_exists=True)
