"""Make the table run."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "run",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("command", sa.String(length=32), nullable=False),
        sa.Column("today", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("actor", sa.String(length=190), nullable=False),
        sa.Column("program_version", sa.String(length=32), nullable=False),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("undoes_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_by_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["undoes_run_id"], ["run.id"], name=op.f("fk_run_undoes_run_id")),
        sa.ForeignKeyConstraint(["undone_by_run_id"], ["run.id"], name=op.f("fk_run_undone_by_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
        mysql_row_format="DYNAMIC",
        if_not_exists=True,
    )
