"""Index journal: ix_journal_subject_subject_id."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_index(
        "ix_journal_subject_subject_id",
        "journal",
        ["subject", "subject_id"],
        unique=False,
        if_not_exists=True,
    )
