"""Index match_key: ix_match_key_side_subject_id."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index(
        "ix_match_key_side_subject_id", "match_key", ["side", "subject_id"], unique=False, if_not_exists=True
    )
