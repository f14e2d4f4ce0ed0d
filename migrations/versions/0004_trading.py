"""Orders, fills, ticks, equities, backtest trades and the paper exchange's own book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exchange", sa.String(length=32), nullable=False),
        sa.Column("timeframe", sa.String(length=10), nullable=False),
        sa.Column("close_ms", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticks")),
        sa.UniqueConstraint(
            "exchange", "timeframe", "close_ms", name=op.f("uq_ticks_exchange_timeframe_close_ms")
        ),
    )
    op.create_table(
        "account_states",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("last_fill_id", sa.String(length=64), nullable=True),
        sa.Column("balance", sa.Float(), nullable=True),
        sa.Column("equity", sa.Float(), nullable=True),
        sa.Column("free", sa.Float(), nullable=True),
        sa.Column("seen_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_account_states_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "mode", name=op.f("pk_account_states")),
    )
    op.create_table(
        "equities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("timestamp", sa.DateTime(), nullable=False),
        sa.Column(
            "equity", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column(
            "balance", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column(
            "unrealized_pnl",
            sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_equities_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equities")),
        sa.UniqueConstraint(
            "user_id", "mode", "timestamp", name=op.f("uq_equities_user_id_mode_timestamp")
        ),
    )
    op.create_table(
        "fills",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("exchange_fill_id", sa.String(length=64), nullable=False),
        sa.Column("client_order_id", sa.String(length=32), nullable=True),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("qty", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column(
            "price", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("fee", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column(
            "funding",
            sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "slippage",
            sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=32), nullable=True),
        sa.Column("filled_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_fills_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fills")),
        sa.UniqueConstraint(
            "user_id",
            "mode",
            "exchange_fill_id",
            name=op.f("uq_fills_user_id_mode_exchange_fill_id"),
        ),
    )
    op.create_table(
        "paper_accounts",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("wallet", sa.Float(), nullable=False),
        sa.Column("fills", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_paper_accounts_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_paper_accounts")),
    )
    op.create_table(
        "paper_fills",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_order_id", sa.String(length=32), nullable=True),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("qty", sa.Float(), nullable=False),
        sa.Column("price", sa.Float(), nullable=False),
        sa.Column("fee", sa.Float(), nullable=False),
        sa.Column("funding", sa.Float(), nullable=False),
        sa.Column("slippage", sa.Float(), nullable=False),
        sa.Column("pnl", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=32), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.Float(), nullable=True),
        sa.Column("take", sa.Float(), nullable=True),
        sa.Column("liquidation", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_paper_fills_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "number", name=op.f("pk_paper_fills")),
    )
    op.create_table(
        "paper_orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("client_order_id", sa.String(length=32), nullable=False),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        sa.Column("close", sa.SmallInteger(), nullable=False),
        sa.Column("detail", sa.String(length=32), nullable=True),
        sa.Column("qty", sa.Float(), nullable=False),
        sa.Column("leverage", sa.SmallInteger(), nullable=False),
        sa.Column("price", sa.Float(), nullable=True),
        sa.Column("stop_percent", sa.Float(), nullable=True),
        sa.Column("take_percent", sa.Float(), nullable=True),
        sa.Column("risk_percent", sa.Float(), nullable=True),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="pending", nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("filled_qty", sa.Float(), server_default="0", nullable=False),
        sa.Column("fill_price", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_paper_orders_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_orders")),
        sa.UniqueConstraint("client_order_id", name=op.f("uq_paper_orders_client_order_id")),
    )
    with op.batch_alter_table("paper_orders", schema=None) as batch_op:
        batch_op.create_index(
            "idx_paper_order_pending",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "paper_positions",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("qty", sa.Float(), nullable=False),
        sa.Column("entry_price", sa.Float(), nullable=False),
        sa.Column("entry_ms", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.Float(), nullable=False),
        sa.Column("take", sa.Float(), nullable=True),
        sa.Column("liquidation", sa.Float(), nullable=False),
        sa.Column("margin", sa.Float(), nullable=False),
        sa.Column("entry_fee", sa.Float(), nullable=False),
        sa.Column("funding", sa.Float(), nullable=False),
        sa.Column("slippage", sa.Float(), nullable=False),
        sa.Column("leverage", sa.SmallInteger(), nullable=False),
        sa.Column("mark", sa.Float(), nullable=False),
        sa.Column("stepped_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_paper_positions_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", "symbol", name=op.f("pk_paper_positions")),
    )
    op.create_table(
        "risk_days",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=False),
        sa.Column(
            "baseline", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column(
            "marked", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("checked_at", sa.DateTime(), nullable=False),
        sa.Column("halted_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_risk_days_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "mode", name=op.f("pk_risk_days")),
    )
    op.create_table(
        "backtest_trades",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("backtest_result_id", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("qty", sa.Float(), nullable=False),
        sa.Column("entry_time", sa.DateTime(), nullable=False),
        sa.Column(
            "entry_price", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("exit_time", sa.DateTime(), nullable=False),
        sa.Column(
            "exit_price", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("pnl", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("pnl_percent", sa.Float(), nullable=False),
        sa.Column(
            "fees", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column(
            "funding", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("exit_reason", sa.String(length=16), nullable=False),
        sa.Column("exit_detail", sa.String(length=32), nullable=True),
        sa.Column("bars_held", sa.Integer(), nullable=False),
        sa.Column("mae", sa.Float(), nullable=False),
        sa.Column("mfe", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["backtest_result_id"],
            ["backtest_results.id"],
            name=op.f("fk_backtest_trades_backtest_result_id_backtest_results"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtest_trades")),
    )
    with op.batch_alter_table("backtest_trades", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_backtest_trades_backtest_result_id"),
            ["backtest_result_id"],
            unique=False,
        )

    op.create_table(
        "bot_symbols",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("position_in_list", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_close", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["bot_status.user_id"], name=op.f("fk_bot_symbols_user_id_bot_status")
        ),
        sa.PrimaryKeyConstraint("user_id", "symbol", name=op.f("pk_bot_symbols")),
    )
    with op.batch_alter_table("bot_symbols", schema=None) as batch_op:
        batch_op.create_index("idx_bot_symbol_symbol", ["symbol"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("exchange", sa.String(length=32), nullable=False),
        sa.Column("client_order_id", sa.String(length=32), nullable=False),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("qty", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("leverage", sa.Integer(), nullable=True),
        sa.Column("stop_percent", sa.Float(), nullable=True),
        sa.Column("take_profit_percent", sa.Float(), nullable=True),
        sa.Column("signal_price", sa.Float(), nullable=True),
        sa.Column("risk_percent", sa.Float(), nullable=True),
        sa.Column("exit_reason", sa.String(length=16), nullable=True),
        sa.Column("exit_detail", sa.String(length=32), nullable=True),
        sa.Column("strategy_id", sa.Integer(), nullable=True),
        sa.Column("signal_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="intent", nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("valid_until", sa.DateTime(), nullable=True),
        sa.Column("fill_within_ms", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("exchange_order_id", sa.String(length=64), nullable=True),
        sa.Column(
            "filled_qty", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column(
            "fill_price", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["signal_id"], ["trading_signals.id"], name=op.f("fk_orders_signal_id_trading_signals")
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_orders_strategy_id_strategies")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_orders_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("client_order_id", name=op.f("uq_orders_client_order_id")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "idx_order_open",
            ["mode", "user_id"],
            unique=False,
            sqlite_where=sa.text("state IN ('intent', 'sent', 'accepted', 'unknown')"),
            postgresql_where=sa.text("state IN ('intent', 'sent', 'accepted', 'unknown')"),
        )
        batch_op.create_index("idx_order_user_state", ["user_id", "state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("idx_order_user_state")
        batch_op.drop_index(
            "idx_order_open",
            sqlite_where=sa.text("state IN ('intent', 'sent', 'accepted', 'unknown')"),
            postgresql_where=sa.text("state IN ('intent', 'sent', 'accepted', 'unknown')"),
        )

    op.drop_table("orders")
    with op.batch_alter_table("bot_symbols", schema=None) as batch_op:
        batch_op.drop_index("idx_bot_symbol_symbol")

    op.drop_table("bot_symbols")
    with op.batch_alter_table("backtest_trades", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_backtest_trades_backtest_result_id"))

    op.drop_table("backtest_trades")
    op.drop_table("risk_days")
    op.drop_table("paper_positions")
    with op.batch_alter_table("paper_orders", schema=None) as batch_op:
        batch_op.drop_index(
            "idx_paper_order_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.drop_table("paper_orders")
    op.drop_table("paper_fills")
    op.drop_table("paper_accounts")
    op.drop_table("fills")
    op.drop_table("equities")
    op.drop_table("account_states")
    op.drop_table("ticks")
