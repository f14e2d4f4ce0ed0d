"""What is paid into a real account or taken out of it is no profit and no loss of its day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_EXACT = sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("transfer_id", sa.String(length=64), nullable=False),
        sa.Column("amount", _EXACT, nullable=False),
        sa.Column("happened_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_transfers_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint(
            "user_id", "mode", "transfer_id", name=op.f("uq_transfers_user_id_mode_transfer_id")
        ),
    )
    op.create_table(
        "transfer_books",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("counted_from", sa.DateTime(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.Column("moved", _EXACT, nullable=False),
        sa.Column("explained", _EXACT, nullable=False),
        sa.Column("explained_at", sa.DateTime(), nullable=False),
        sa.Column("seen", _EXACT, nullable=False),
        sa.Column("doubt", _EXACT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_transfer_books_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "mode", name=op.f("pk_transfer_books")),
    )
    with op.batch_alter_table("risk_days", schema=None) as batch_op:
        batch_op.add_column(sa.Column("begun_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("doubted", _EXACT, server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("risk_days", schema=None) as batch_op:
        batch_op.drop_column("doubted")
        batch_op.drop_column("begun_at")
    op.drop_table("transfer_books")
    op.drop_table("transfers")
