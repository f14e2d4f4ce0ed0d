"""Nothing depends on where history starts, so when a bot's did is not kept any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bot_status") as batch_op:
        batch_op.drop_column("anchor_at")


def downgrade() -> None:
    op.add_column("bot_status", sa.Column("anchor_at", sa.DateTime(), nullable=True))
