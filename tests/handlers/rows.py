"""Rows that a test wants to be there: positions, trades, signals, results; and numbers of rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.backtests.models import BacktestResult
from domain.clock import from_ms
from domain.signals.models import TradingSignal
from domain.strategies.builtins import BUILTINS
from domain.trading.models import ExitReason, Position, Trade
from domain.users import service as users
from tests.support.world import Person, World


def builtin_id(slug: str) -> int:
    """The number a shipped strategy has in a fresh database."""
    return 1 + [builtin.slug for builtin in BUILTINS].index(slug)


async def user_id(w: World, person: Person) -> int:
    """Whose rows they are."""
    async with w.database.read() as session:
        found = await users.by_telegram(session, person.id)
    assert found is not None
    return found[0].id


def now(w: World) -> datetime:
    """Market time."""
    return from_ms(w.market.clock.now_ms())


async def holds(w: World, person: Person, symbol: str = "BTCUSDT", **changes: Any) -> None:
    """An open position: half a bitcoin long at 60,000, five times, opened two hours ago."""
    values: dict[str, Any] = {
        "user_id": await user_id(w, person),
        "symbol": symbol,
        "entry_price": Decimal(60_000),
        "size": 0.5,
        "side": "long",
        "mode": "paper",
        "leverage": 5,
        "margin": Decimal(6_000),
        "stop_price": Decimal("59100"),
        "take_profit_price": Decimal("61800"),
        "liquidation_price": Decimal("48276.1"),
        "opened_at": now(w) - timedelta(hours=2),
        "source": "bot",
    }
    async with w.database.write() as session:
        session.add(Position(**values | changes))


async def closed(w: World, person: Person, count: int = 1, **changes: Any) -> None:
    """Trades, the last the newest: each long, +50 USDT."""
    owner = await user_id(w, person)
    async with w.database.write() as session:
        for number in range(count):
            at = now(w) - timedelta(minutes=count - number)
            values: dict[str, Any] = {
                "user_id": owner,
                "symbol": "BTCUSDT",
                "side": "buy",
                "qty": 0.1,
                "entry_price": Decimal(60_000) + number,
                "exit_price": Decimal(60_500),
                "pnl": Decimal(50),
                "pnl_percent": 0.83,
                "leverage": 5,
                "exit_reason": ExitReason.TAKE_PROFIT,
                "exit_detail": "level",
                "mode": "paper",
                "fees": Decimal("7.2"),
                "funding": Decimal(0),
                "opened_at": at - timedelta(minutes=30),
                "closed_at": at,
                "created_at": at,
            }
            session.add(Trade(**values | changes))


async def signalled(w: World, person: Person, count: int = 1, **changes: Any) -> None:
    """Signals, the last the newest."""
    owner = await user_id(w, person)
    async with w.database.write() as session:
        for number in range(count):
            values: dict[str, Any] = {
                "user_id": owner,
                "symbol": "BTCUSDT",
                "signal_type": "BUY",
                "timeframe": "15m",
                "price": 60_000.5 + number,
                "indicators": {"fast": 60_100.25, "rsi(14)": 41.5},
                "timestamp": now(w) - timedelta(minutes=count - number),
                "mode": "paper",
            }
            session.add(TradingSignal(**values | changes))


async def has_result(w: World, person: Person, **changes: Any) -> None:
    """A completed backtest of the Donchian breakout."""
    values: dict[str, Any] = {
        "user_id": await user_id(w, person),
        "pair": "BTCUSDT",
        "timeframe": "15m",
        "initial_balance": 10_000.0,
        "final_balance": 10_420.0,
        "strategy_id": builtin_id("donchian_breakout"),
        "status": "completed",
        "created_at": now(w),
        "params": {"strategy": "Donchian breakout", "start_ms": 0, "end_ms": 86_400_000},
        "metrics": {
            "days": 61.0,
            "total_return_percent": 4.2,
            "buy_and_hold_percent": -1.5,
            "max_drawdown_percent": 3.25,
            "sharpe": 1.234,
            "win_rate_percent": 44.0,
            "trades": 41,
            "profit_factor": 1.4,
            "costs": {"fees_usdt": 88.126},
        },
    }
    async with w.database.write() as session:
        session.add(BacktestResult(**values | changes))
