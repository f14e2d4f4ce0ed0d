"""The platform's database before Leverframe: written by hand, not made from our models."""

from __future__ import annotations

from sqlalchemy import create_engine, text

DDL = """
CREATE TYPE exitreason AS ENUM
    ('take_profit', 'stop_loss', 'signal_reverse', 'manual', 'liquidation');
CREATE TABLE users (
    id SERIAL PRIMARY KEY,
    email VARCHAR NOT NULL,
    password_hash VARCHAR,
    name VARCHAR(100),
    phone VARCHAR(20),
    role VARCHAR DEFAULT 'user',
    exchange VARCHAR DEFAULT 'bitget',
    is_active BOOLEAN DEFAULT true,
    suspended_at TIMESTAMP,
    oauth_provider VARCHAR(20),
    oauth_id VARCHAR(255),
    profile_image VARCHAR(500),
    totp_secret VARCHAR,
    is_2fa_enabled BOOLEAN DEFAULT false,
    created_at TIMESTAMP DEFAULT now()
);
CREATE UNIQUE INDEX ix_users_email ON users (email);
CREATE INDEX ix_users_oauth_id ON users (oauth_id);
CREATE TABLE api_keys (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users (id),
    encrypted_api_key TEXT NOT NULL,
    encrypted_secret_key TEXT NOT NULL,
    encrypted_passphrase TEXT
);
CREATE TABLE strategies (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users (id),
    name VARCHAR NOT NULL,
    description TEXT,
    code TEXT,
    params TEXT,
    is_active BOOLEAN DEFAULT false
);
CREATE TABLE trades (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users (id),
    symbol VARCHAR NOT NULL,
    side VARCHAR NOT NULL,
    qty DOUBLE PRECISION NOT NULL,
    entry_price NUMERIC(18, 8) NOT NULL,
    exit_price NUMERIC(18, 8),
    pnl NUMERIC(18, 8) DEFAULT 0,
    pnl_percent DOUBLE PRECISION DEFAULT 0,
    strategy_id INTEGER REFERENCES strategies (id),
    leverage INTEGER DEFAULT 1,
    exit_reason exitreason DEFAULT 'manual',
    created_at TIMESTAMP DEFAULT now()
);
CREATE INDEX idx_trade_user_created ON trades (user_id, created_at);
CREATE INDEX idx_trade_symbol ON trades (symbol);
CREATE INDEX idx_trade_strategy ON trades (strategy_id);
CREATE TABLE positions (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users (id),
    symbol VARCHAR NOT NULL,
    entry_price NUMERIC(18, 8) NOT NULL,
    size DOUBLE PRECISION NOT NULL,
    side VARCHAR NOT NULL,
    pnl NUMERIC(18, 8) DEFAULT 0,
    updated_at TIMESTAMP DEFAULT now()
);
CREATE TABLE bot_status (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    strategy_id INTEGER REFERENCES strategies (id),
    is_running BOOLEAN DEFAULT false,
    updated_at TIMESTAMP DEFAULT now()
);
CREATE TABLE bot_config (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    max_risk_percent DOUBLE PRECISION DEFAULT 1.0,
    leverage INTEGER DEFAULT 5,
    auto_tp DOUBLE PRECISION DEFAULT 3.0,
    auto_sl DOUBLE PRECISION DEFAULT 1.5
);
CREATE TABLE risk_settings (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL UNIQUE REFERENCES users (id),
    daily_loss_limit DOUBLE PRECISION NOT NULL DEFAULT 500.0,
    max_leverage INTEGER NOT NULL DEFAULT 10,
    max_positions INTEGER NOT NULL DEFAULT 5,
    CONSTRAINT check_positive_loss_limit CHECK (daily_loss_limit > 0),
    CONSTRAINT check_leverage_range CHECK (max_leverage >= 1 AND max_leverage <= 100),
    CONSTRAINT check_positions_range CHECK (max_positions >= 1 AND max_positions <= 50)
);
CREATE TABLE backtest_results (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    pair VARCHAR,
    timeframe VARCHAR,
    initial_balance DOUBLE PRECISION NOT NULL,
    final_balance DOUBLE PRECISION NOT NULL,
    metrics TEXT,
    equity_curve TEXT,
    params TEXT,
    status VARCHAR DEFAULT 'queued',
    error_message TEXT,
    created_at TIMESTAMP DEFAULT now()
);
CREATE INDEX idx_backtest_user_created ON backtest_results (user_id, created_at);
CREATE INDEX idx_backtest_status ON backtest_results (status);
CREATE TABLE trading_signals (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    strategy_id INTEGER REFERENCES strategies (id),
    symbol VARCHAR(20) NOT NULL,
    signal_type VARCHAR(10) NOT NULL,
    timeframe VARCHAR(10) NOT NULL,
    price DOUBLE PRECISION,
    indicators JSON,
    confidence DOUBLE PRECISION,
    timestamp TIMESTAMP DEFAULT now()
);
CREATE INDEX ix_trading_signals_timestamp ON trading_signals (timestamp);
CREATE INDEX idx_signal_user_timestamp ON trading_signals (user_id, timestamp);
CREATE INDEX idx_signal_symbol ON trading_signals (symbol);
CREATE INDEX idx_signal_strategy ON trading_signals (strategy_id);
"""

ROWS = """
INSERT INTO users (email, name, role, oauth_provider, oauth_id, is_2fa_enabled, totp_secret,
                   created_at)
    VALUES ('ann@example.com', 'Ann', 'admin', 'google', 'g-1', true, 'gAAAA',
            '2026-01-02 03:04:05'),
           ('telegram-77@users.invalid', NULL, 'user', 'telegram', '77', false, NULL,
            '2026-01-03 00:00:00');
INSERT INTO api_keys (user_id, encrypted_api_key, encrypted_secret_key)
    VALUES (1, 'gAAAAkey', 'gAAAAsecret');
INSERT INTO strategies (user_id, name, code, params, is_active)
    VALUES (NULL, 'shared', NULL, NULL, true), (1, 'mine', 'enter long when close > 1',
            '{"length": 14, "on": true}', false);
INSERT INTO trades (user_id, symbol, side, qty, entry_price, exit_price, pnl, pnl_percent,
                    strategy_id, leverage, exit_reason, created_at)
    VALUES (1, 'BTCUSDT', 'buy', 0.125, 60123.12345678, 60124.00000001, 0.10956790, 0.00145, 2, 5,
            'take_profit', '2026-02-01 00:00:00.000001'),
           (1, 'ETHUSDT', 'sell', 2, 0.00000001, NULL, -9999999999.99999999, -1, NULL, 1,
            'liquidation', '2026-02-02 00:00:00');
INSERT INTO positions (user_id, symbol, entry_price, size, side, pnl, updated_at)
    VALUES (1, 'BTCUSDT', 60000.5, 0.5, 'long', -1.5, '2026-02-03 00:00:00'),
           (1, 'BTCUSDT', 61000.5, 0.25, 'short', 2.5, '2026-02-03 00:00:00');
INSERT INTO bot_status (user_id, strategy_id, is_running) VALUES (1, 2, true);
INSERT INTO bot_config (user_id, leverage) VALUES (1, 7);
INSERT INTO risk_settings (user_id, daily_loss_limit) VALUES (1, 250.5);
INSERT INTO backtest_results (user_id, pair, timeframe, initial_balance, final_balance, metrics,
                              equity_curve, params, status)
    VALUES (1, 'BTCUSDT', '15m', 10000, 10500.25, '{"sharpe": 1.5}', '[10000, 10500.25]',
            '{"length": 14}', 'completed');
INSERT INTO trading_signals (user_id, strategy_id, symbol, signal_type, timeframe, price,
                             indicators, confidence, timestamp)
    VALUES (1, 2, 'BTCUSDT', 'BUY', '15m', 60123.5, '{"rsi": 28.5}', 0.7, '2026-02-01 00:00:00');
"""


def make(url: str, *, rows: bool = True) -> None:
    """Make the platform's tables in an empty database."""
    run(url, DDL)
    if rows:
        run(url, ROWS)


def run(url: str, statements: str) -> None:
    """Several statements at once, committed."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statements)
    engine.dispose()


def snapshot(url: str, columns: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """Every row of each table, in these columns, as PostgreSQL writes them."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table: [
                tuple(row)
                for row in connection.execute(
                    text(f"SELECT {', '.join(f'{n}::text' for n in names)} FROM {table} ORDER BY 1")  # noqa: S608 - names of this file
                )
            ]
            for table, names in columns.items()
        }
    engine.dispose()
    return found
