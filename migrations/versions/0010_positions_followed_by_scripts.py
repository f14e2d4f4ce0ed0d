"""What scripts remember of orders and positions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DUE = sa.text("levels_due_ms IS NOT NULL")


def upgrade() -> None:
    op.add_column("orders", sa.Column("signal_bar", sa.Text(), nullable=True))
    op.add_column("positions", sa.Column("track", sa.Text(), nullable=True))
    op.add_column("positions", sa.Column("tracked_ms", sa.BigInteger(), nullable=True))
    op.add_column("positions", sa.Column("levels_due_ms", sa.BigInteger(), nullable=True))
    op.create_index(
        "idx_position_levels_due",
        "positions",
        ["mode"],
        unique=False,
        sqlite_where=DUE,
        postgresql_where=DUE,
    )


def downgrade() -> None:
    op.drop_index("idx_position_levels_due", table_name="positions")
    op.drop_column("positions", "levels_due_ms")
    op.drop_column("positions", "tracked_ms")
    op.drop_column("positions", "track")
    op.drop_column("orders", "signal_bar")
