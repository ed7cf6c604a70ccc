"""Index link_code: ix_link_code_source_id_member_code."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_index(
        "ix_link_code_source_id_member_code",
        "link_code",
        ["source_id", "member_code"],
        unique=False,
        if_not_exists=True,
    )
