"""Jobs know whom they are for; heavy work has kinds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RUNNING = "state = 'running' AND owner IS NOT NULL"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("owner", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "idx_job_one_running",
        "jobs",
        ["lane", "owner"],
        unique=True,
        sqlite_where=sa.text(RUNNING),
        postgresql_where=sa.text(RUNNING),
    )
    op.add_column(
        "backtest_results",
        sa.Column("kind", sa.String(length=12), server_default="backtest", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("backtest_results", "kind")
    op.drop_index("idx_job_one_running", table_name="jobs")
    op.drop_column("jobs", "turn")
    op.drop_column("jobs", "owner")
