"""Kills: what an operator has stopped; and panics of one symbol, or behind a kill."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_GOING = sa.text("state = 'closing'")
_STANDS = sa.text("lifted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "kills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reached", sa.Integer(), server_default="0", nullable=False),
        sa.Column("placed_by", sa.Integer(), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("lifted_by", sa.Integer(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["placed_by"], ["users.id"], name=op.f("fk_kills_placed_by_users")),
        sa.ForeignKeyConstraint(["lifted_by"], ["users.id"], name=op.f("fk_kills_lifted_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kills")),
    )
    with op.batch_alter_table("kills", schema=None) as batch_op:
        batch_op.create_index(
            "idx_kill_stands",
            ["target"],
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        )
    with op.batch_alter_table("panics", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("symbol", sa.String(length=20), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("kill_id", sa.Integer(), server_default="0", nullable=False))
        batch_op.drop_index("idx_panic_going")
        batch_op.create_index("idx_panic_kill", ["kill_id", "user_id"])
    _index_of_going(["user_id", "mode", "symbol", "kill_id"])


def downgrade() -> None:
    """A panic of one symbol can not be said without its symbol: those that go on are ended."""
    op.execute("DELETE FROM panics WHERE symbol <> '' OR kill_id <> 0")
    with op.batch_alter_table("panics", schema=None) as batch_op:
        batch_op.drop_index("idx_panic_kill")
        batch_op.drop_index("idx_panic_going")
        batch_op.drop_column("kill_id")
        batch_op.drop_column("symbol")
    _index_of_going(["user_id", "mode"])
    op.drop_table("kills")


def _index_of_going(columns: list[str]) -> None:
    with op.batch_alter_table("panics", schema=None) as batch_op:
        batch_op.create_index(
            "idx_panic_going",
            columns,
            unique=True,
            sqlite_where=_GOING,
            postgresql_where=_GOING,
        )
