"""Panics: rows until the account was seen flat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_GOING = sa.text("state = 'closing'")


def upgrade() -> None:
    op.create_table(
        "panics",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_panics_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panics")),
    )
    with op.batch_alter_table("panics", schema=None) as batch_op:
        batch_op.create_index(
            "idx_panic_going",
            ["user_id", "mode"],
            unique=True,
            sqlite_where=_GOING,
            postgresql_where=_GOING,
        )


def downgrade() -> None:
    op.drop_table("panics")
