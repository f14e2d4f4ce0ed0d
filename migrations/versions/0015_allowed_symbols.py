"""The symbols that somebody lets be entered; null = all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("risk_settings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("allowed_symbols", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("risk_settings", schema=None) as batch_op:
        batch_op.drop_column("allowed_symbols")
