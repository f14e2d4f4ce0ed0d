"""What waits, is on its way or in doubt is found among the open orders, whoever's they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('held', 'intent', 'sent', 'accepted', 'unknown')")


def upgrade() -> None:
    op.create_index(
        "idx_order_state", "orders", ["state"], sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    op.drop_index("idx_order_state", table_name="orders")
