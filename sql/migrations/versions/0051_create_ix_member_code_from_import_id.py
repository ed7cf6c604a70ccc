"""Index member_code: ix_member_code_from_import_id."""

from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.create_index(
        op.f("ix_member_code_from_import_id"),
        "member_code",
        ["from_import_id"],
        unique=False,
        if_not_exists=True,
    )
