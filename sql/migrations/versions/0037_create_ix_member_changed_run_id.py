"""Index member: ix_member_changed_run_id."""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_index(
        op.f("ix_member_changed_run_id"), "member", ["changed_run_id"], unique=False, if_not_exists=True
    )
