"""Limits of what may be open, of the price an entry goes out at, of how thin a market may be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_EXACT = sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite")

_LIMITS = {
    "max_order_usdt": "1000000000",
    "max_exposure_usdt": "1000000000",
    "price_collar": "2.0",
    "min_turnover_usdt": "0",
}
_CHECKS = {
    "check_positive_order_limit": "max_order_usdt > 0",
    "check_positive_exposure_limit": "max_exposure_usdt > 0",
    "check_collar_range": "price_collar > 0 AND price_collar <= 100",
    "check_turnover_not_negative": "min_turnover_usdt >= 0",
}


def upgrade() -> None:
    with op.batch_alter_table("risk_settings", schema=None) as batch_op:
        for name, default in _LIMITS.items():
            batch_op.add_column(sa.Column(name, sa.Float(), server_default=default, nullable=False))
        for name, rule in _CHECKS.items():
            batch_op.create_check_constraint(op.f(name), rule)
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("max_qty", _EXACT, nullable=True))
    with op.batch_alter_table("paper_orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("max_qty", sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("paper_orders", schema=None) as batch_op:
        batch_op.drop_column("max_qty")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_column("max_qty")
    with op.batch_alter_table("risk_settings", schema=None) as batch_op:
        for name in _CHECKS:
            batch_op.drop_constraint(op.f(name), type_="check")
        for name in _LIMITS:
            batch_op.drop_column(name)
