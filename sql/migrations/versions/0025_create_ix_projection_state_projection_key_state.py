"""Index projection_state: ix_projection_state_projection_key_state."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_index(
        "ix_projection_state_projection_key_state",
        "projection_state",
        ["projection_key", "state"],
        unique=False,
        if_not_exists=True,
    )
