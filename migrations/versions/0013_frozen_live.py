"""Until when nobody goes live: set by a reset of the second factor, not by a first enrolment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("two_factor", sa.Column("live_frozen_until", sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("two_factor") as batch_op:
        batch_op.drop_column("live_frozen_until")
