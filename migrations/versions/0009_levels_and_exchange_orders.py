"""Where the levels of a position shall stand; orders are found by the exchange's id."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PRICE = sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite")


_OPEN_BEFORE = sa.text("state IN ('intent', 'sent', 'accepted', 'unknown')")
_OPEN_NOW = sa.text("state IN ('held', 'intent', 'sent', 'accepted', 'unknown')")


def _replace_open(batch_op: Any, where: Any) -> None:
    batch_op.drop_index("idx_order_open")
    batch_op.create_index(
        "idx_order_open",
        ["mode", "user_id"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )


def upgrade() -> None:
    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stop_wanted", _PRICE, nullable=True))
        batch_op.add_column(sa.Column("take_wanted", _PRICE, nullable=True))
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("idx_order_exchange_id", ["exchange_order_id"], unique=False)
        _replace_open(batch_op, _OPEN_NOW)


def downgrade() -> None:
    with op.batch_alter_table("orders", schema=None) as batch_op:
        _replace_open(batch_op, _OPEN_BEFORE)
        batch_op.drop_index("idx_order_exchange_id")
    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.drop_column("take_wanted")
        batch_op.drop_column("stop_wanted")
