"""The given tables, as the platform's schema reference has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("role", sa.String(), server_default="user", nullable=False),
        sa.Column("exchange", sa.String(), server_default="bitget", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("suspended_at", sa.DateTime(), nullable=True),
        sa.Column("oauth_provider", sa.String(length=20), nullable=True),
        sa.Column("oauth_id", sa.String(length=255), nullable=True),
        sa.Column("profile_image", sa.String(length=500), nullable=True),
        sa.Column("totp_secret", sa.String(), nullable=True),
        sa.Column("is_2fa_enabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_users_email"), ["email"], unique=True)
        batch_op.create_index(batch_op.f("ix_users_oauth_id"), ["oauth_id"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("encrypted_api_key", sa.Text(), nullable=False),
        sa.Column("encrypted_secret_key", sa.Text(), nullable=False),
        sa.Column("encrypted_passphrase", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "backtest_results",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("pair", sa.String(), nullable=True),
        sa.Column("timeframe", sa.String(), nullable=True),
        sa.Column("initial_balance", sa.Float(), nullable=False),
        sa.Column("final_balance", sa.Float(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=True),
        sa.Column("equity_curve", sa.Text(), nullable=True),
        sa.Column("params", sa.Text(), nullable=True),
        sa.Column("status", sa.String(), server_default="queued", nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_backtest_results_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtest_results")),
    )
    with op.batch_alter_table("backtest_results", schema=None) as batch_op:
        batch_op.create_index("idx_backtest_status", ["status"], unique=False)
        batch_op.create_index("idx_backtest_user_created", ["user_id", "created_at"], unique=False)

    op.create_table(
        "bot_config",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("max_risk_percent", sa.Float(), server_default="1.0", nullable=False),
        sa.Column("leverage", sa.Integer(), server_default="5", nullable=False),
        sa.Column("auto_tp", sa.Float(), server_default="3.0", nullable=False),
        sa.Column("auto_sl", sa.Float(), server_default="1.5", nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bot_config_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_bot_config")),
    )
    op.create_table(
        "positions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column(
            "entry_price", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("size", sa.Float(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column(
            "pnl",
            sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_positions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_positions")),
    )
    op.create_table(
        "risk_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("daily_loss_limit", sa.Float(), server_default="500.0", nullable=False),
        sa.Column("max_leverage", sa.Integer(), server_default="10", nullable=False),
        sa.Column("max_positions", sa.Integer(), server_default="5", nullable=False),
        sa.CheckConstraint("daily_loss_limit > 0", name=op.f("check_positive_loss_limit")),
        sa.CheckConstraint(
            "max_leverage >= 1 AND max_leverage <= 100", name=op.f("check_leverage_range")
        ),
        sa.CheckConstraint(
            "max_positions >= 1 AND max_positions <= 50", name=op.f("check_positions_range")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_risk_settings_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_settings")),
        sa.UniqueConstraint("user_id", name=op.f("uq_risk_settings_user_id")),
    )
    op.create_table(
        "strategies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("params", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_strategies_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategies")),
    )
    op.create_table(
        "bot_status",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=True),
        sa.Column("is_running", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_bot_status_strategy_id_strategies")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_bot_status_user_id_users")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_bot_status")),
    )
    op.create_table(
        "trades",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("qty", sa.Float(), nullable=False),
        sa.Column(
            "entry_price", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column(
            "exit_price", sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column(
            "pnl",
            sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column("pnl_percent", sa.Float(), server_default="0", nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=True),
        sa.Column("leverage", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "exit_reason",
            sa.Enum(
                "take_profit",
                "stop_loss",
                "signal_reverse",
                "manual",
                "liquidation",
                name="exitreason",
                create_constraint=True,
            ),
            server_default="manual",
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_trades_strategy_id_strategies")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_trades_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trades")),
    )
    with op.batch_alter_table("trades", schema=None) as batch_op:
        batch_op.create_index("idx_trade_strategy", ["strategy_id"], unique=False)
        batch_op.create_index("idx_trade_symbol", ["symbol"], unique=False)
        batch_op.create_index("idx_trade_user_created", ["user_id", "created_at"], unique=False)

    op.create_table(
        "trading_signals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("strategy_id", sa.Integer(), nullable=True),
        sa.Column("symbol", sa.String(length=20), nullable=False),
        sa.Column("signal_type", sa.String(length=10), nullable=False),
        sa.Column("timeframe", sa.String(length=10), nullable=False),
        sa.Column("price", sa.Float(), nullable=True),
        sa.Column("indicators", sa.JSON(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("timestamp", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"],
            ["strategies.id"],
            name=op.f("fk_trading_signals_strategy_id_strategies"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_trading_signals_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trading_signals")),
    )
    with op.batch_alter_table("trading_signals", schema=None) as batch_op:
        batch_op.create_index("idx_signal_strategy", ["strategy_id"], unique=False)
        batch_op.create_index("idx_signal_symbol", ["symbol"], unique=False)
        batch_op.create_index("idx_signal_user_timestamp", ["user_id", "timestamp"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_trading_signals_timestamp"), ["timestamp"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("trading_signals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trading_signals_timestamp"))
        batch_op.drop_index("idx_signal_user_timestamp")
        batch_op.drop_index("idx_signal_symbol")
        batch_op.drop_index("idx_signal_strategy")

    op.drop_table("trading_signals")
    with op.batch_alter_table("trades", schema=None) as batch_op:
        batch_op.drop_index("idx_trade_user_created")
        batch_op.drop_index("idx_trade_symbol")
        batch_op.drop_index("idx_trade_strategy")

    op.drop_table("trades")
    op.drop_table("bot_status")
    op.drop_table("strategies")
    op.drop_table("risk_settings")
    op.drop_table("positions")
    op.drop_table("bot_config")
    with op.batch_alter_table("backtest_results", schema=None) as batch_op:
        batch_op.drop_index("idx_backtest_user_created")
        batch_op.drop_index("idx_backtest_status")

    op.drop_table("backtest_results")
    op.drop_table("api_keys")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_oauth_id"))
        batch_op.drop_index(batch_op.f("ix_users_email"))

    op.drop_table("users")
    sa.Enum(name="exitreason").drop(op.get_bind(), checkfirst=True)
