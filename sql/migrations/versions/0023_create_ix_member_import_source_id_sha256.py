"""Index member_import: ix_member_import_source_id_sha256."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_index(
        "ix_member_import_source_id_sha256",
        "member_import",
        ["source_id", "sha256"],
        unique=False,
        if_not_exists=True,
    )
