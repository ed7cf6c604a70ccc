"""Index member_code: ix_member_code_source_id_code."""

from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_index(
        "ix_member_code_source_id_code",
        "member_code",
        ["source_id", "code"],
        unique=False,
        if_not_exists=True,
    )
