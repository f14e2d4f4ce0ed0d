"""Strategies can be deleted and shared by link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("strategies", sa.Column("deleted_at", sa.DateTime(), nullable=True))
    op.create_table(
        "strategy_shares",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_strategy_shares_strategy_id_strategies"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_strategy_shares_user_id_users")
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_strategy_shares")),
    )
    op.create_index(
        op.f("ix_strategy_shares_strategy_id"), "strategy_shares", ["strategy_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_strategy_shares_strategy_id"), table_name="strategy_shares")
    op.drop_table("strategy_shares")
    op.drop_column("strategies", "deleted_at")
