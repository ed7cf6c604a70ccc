"""Index member_version: ix_member_version_import_id."""

from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.create_index(
        op.f("ix_member_version_import_id"), "member_version", ["import_id"], unique=False, if_not_exists=True
    )
