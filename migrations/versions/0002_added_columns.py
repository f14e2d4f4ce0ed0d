"""Columns added to the given tables: nullable or with a server default, so that other programs
keep working.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("exchange", sa.String(length=32), server_default="bitget", nullable=False)
        )
        batch_op.add_column(sa.Column("label", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("account_type", sa.String(length=16), nullable=True))
        batch_op.add_column(
            sa.Column("demo", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("permissions", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("checked_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("disabled_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("binding", sa.String(length=64), nullable=True))

    with op.batch_alter_table("backtest_results", schema=None) as batch_op:
        batch_op.add_column(sa.Column("strategy_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("started_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("finished_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("progress", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("data_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("program_hash", sa.String(length=64), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_backtest_results_strategy_id_strategies"),
            "strategies",
            ["strategy_id"],
            ["id"],
        )

    with op.batch_alter_table("bot_status", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mode", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("timeframe", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("exchange", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("inputs", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("state", sa.String(length=10), server_default="stopped", nullable=False)
        )
        batch_op.add_column(sa.Column("latch_reason", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("started_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("anchor_at", sa.DateTime(), nullable=True))

    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("mode", sa.String(length=8), server_default="live", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "stop_price",
                sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "take_profit_price",
                sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "liquidation_price",
                sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("leverage", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "margin", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column(
                "mark_price",
                sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("strategy_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("opened_at", sa.DateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("source", sa.String(length=8), server_default="bot", nullable=False)
        )
        batch_op.add_column(sa.Column("signal_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("position_ref", sa.String(length=40), nullable=True))
        batch_op.add_column(
            sa.Column(
                "fees", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column(
                "funding", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column(
                "slippage", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
            )
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_positions_user_id_mode_symbol_side"),
            ["user_id", "mode", "symbol", "side"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_positions_strategy_id_strategies"), "strategies", ["strategy_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_positions_signal_id_trading_signals"),
            "trading_signals",
            ["signal_id"],
            ["id"],
        )

    with op.batch_alter_table("strategies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("content_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("updated_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("shared_from", sa.Integer(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_strategies_content_hash"), ["content_hash"], unique=False
        )

    with op.batch_alter_table("trades", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("mode", sa.String(length=8), server_default="live", nullable=False)
        )
        batch_op.add_column(sa.Column("opened_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("closed_at", sa.DateTime(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "fees", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column(
                "funding", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column(
                "slippage", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(sa.Column("exit_detail", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("position_ref", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("signal_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_trades_signal_id_trading_signals"),
            "trading_signals",
            ["signal_id"],
            ["id"],
        )

    with op.batch_alter_table("trading_signals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mode", sa.String(length=8), nullable=True))

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("totp_last_step", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("totp_last_step")

    with op.batch_alter_table("trading_signals", schema=None) as batch_op:
        batch_op.drop_column("mode")

    with op.batch_alter_table("trades", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_trades_signal_id_trading_signals"), type_="foreignkey"
        )
        batch_op.drop_column("signal_id")
        batch_op.drop_column("position_ref")
        batch_op.drop_column("exit_detail")
        batch_op.drop_column("slippage")
        batch_op.drop_column("funding")
        batch_op.drop_column("fees")
        batch_op.drop_column("closed_at")
        batch_op.drop_column("opened_at")
        batch_op.drop_column("mode")

    with op.batch_alter_table("strategies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_strategies_content_hash"))
        batch_op.drop_column("shared_from")
        batch_op.drop_column("updated_at")
        batch_op.drop_column("content_hash")

    with op.batch_alter_table("positions", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_positions_signal_id_trading_signals"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_positions_strategy_id_strategies"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("uq_positions_user_id_mode_symbol_side"), type_="unique"
        )
        batch_op.drop_column("slippage")
        batch_op.drop_column("funding")
        batch_op.drop_column("fees")
        batch_op.drop_column("position_ref")
        batch_op.drop_column("signal_id")
        batch_op.drop_column("source")
        batch_op.drop_column("opened_at")
        batch_op.drop_column("strategy_id")
        batch_op.drop_column("mark_price")
        batch_op.drop_column("margin")
        batch_op.drop_column("leverage")
        batch_op.drop_column("liquidation_price")
        batch_op.drop_column("take_profit_price")
        batch_op.drop_column("stop_price")
        batch_op.drop_column("mode")

    with op.batch_alter_table("bot_status", schema=None) as batch_op:
        batch_op.drop_column("anchor_at")
        batch_op.drop_column("started_at")
        batch_op.drop_column("latch_reason")
        batch_op.drop_column("state")
        batch_op.drop_column("inputs")
        batch_op.drop_column("exchange")
        batch_op.drop_column("timeframe")
        batch_op.drop_column("mode")

    with op.batch_alter_table("backtest_results", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_backtest_results_strategy_id_strategies"), type_="foreignkey"
        )
        batch_op.drop_column("program_hash")
        batch_op.drop_column("data_hash")
        batch_op.drop_column("progress")
        batch_op.drop_column("finished_at")
        batch_op.drop_column("started_at")
        batch_op.drop_column("strategy_id")

    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_column("binding")
        batch_op.drop_column("disabled_at")
        batch_op.drop_column("checked_at")
        batch_op.drop_column("permissions")
        batch_op.drop_column("demo")
        batch_op.drop_column("account_type")
        batch_op.drop_column("label")
        batch_op.drop_column("exchange")
