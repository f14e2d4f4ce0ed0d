"""A position that the exchange does not show any more: since when, and whether its owner knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gone_since", sa.DateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("gone_told", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.drop_column("gone_told")
        batch_op.drop_column("gone_since")
