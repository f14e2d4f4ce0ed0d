"""One candle close for 1,000 running bots that share 10 programs on 10 symbols; and the same where
each of them holds a position whose stop trails.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, insert, select

from benchmarks import postgres
from bot.migrations import bring_up_to_date
from bot.trading import Trading
from domain.bots.models import BotConfig, BotStatus, BotSymbol
from domain.database import Database
from domain.jobs.service import TableQueue
from domain.outbox.service import Outbox
from domain.risk.models import RiskSettings
from domain.settings.models import UserSettings
from domain.strategies.models import Strategy
from domain.trading.models import Order, Position
from domain.users.models import User
from tests.support.cipher import fresh_cipher
from tests.support.market import FakeMarket

USERS, PROGRAMS, HISTORY, TICKS = 1_000, 10, 400, 12
SYMBOLS = [f"COIN{number}USDT" for number in range(PROGRAMS)]
_CODE = """
buy = crossover(ema(close, {n}), ema(close, {m}))
sell = crossunder(ema(close, {n}), ema(close, {m}))
"""
_TRAILS = """
buy = volume > 50
stop_loss = 10
trail = 5
exit_long = ema(close, {n}) < ema(close, {m}) and bars_held > 1000
"""
_LOUD = 99.0  # the volume at which these buy


def market() -> FakeMarket:
    """Ten symbols with a past, each walking its own way."""
    made = FakeMarket(prices=dict.fromkeys(SYMBOLS, 100.0))
    walk(made, HISTORY)
    return made


def walk(made: FakeMarket, minutes: int, volume: float = 10.0) -> None:
    """Some minutes of a random walk."""
    steps = np.random.default_rng(to_seed(made)).normal(0, 0.002, (len(SYMBOLS), minutes))
    prices = {symbol: made._last_close(symbol) for symbol in SYMBOLS}
    for minute in range(minutes):
        for row, symbol in enumerate(SYMBOLS):
            before = prices[symbol]
            prices[symbol] = after = before * float(np.exp(steps[row, minute]))
            made.bar(before, max(before, after), min(before, after), after, volume, symbol=symbol)


def to_seed(made: FakeMarket) -> int:
    """The same walk in every run."""
    return made.clock.now_ms() // 60_000


async def populate(database: Database, made: FakeMarket, code: str) -> None:
    """Everybody runs a bot: user n has program n % 10 on symbol n % 10."""
    numbers = range(1, USERS + 1)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    last_close = made.clock.now_ms() - made.clock.now_ms() % 60_000
    async with database.write() as session:
        await session.execute(
            insert(User), [{"id": n, "email": f"{n}@x", "created_at": now} for n in numbers]
        )
        codes = [code.format(n=5 + k, m=20 + k) for k in range(PROGRAMS)]
        await session.execute(
            insert(Strategy),
            [{"id": k + 1, "name": f"s{k}", "code": code} for k, code in enumerate(codes)],
        )
        rows: dict[Any, list[dict[str, Any]]] = {
            UserSettings: [
                {"user_id": n, "telegram_user_id": n, "telegram_chat_id": n} for n in numbers
            ],
            RiskSettings: [{"user_id": n} for n in numbers],
            BotConfig: [{"user_id": n} for n in numbers],
            BotStatus: [
                {
                    "user_id": n,
                    "strategy_id": n % PROGRAMS + 1,
                    "is_running": True,
                    "state": "running",
                    "mode": "paper",
                    "timeframe": "1m",
                    "exchange": "bitget",
                    "inputs": {},
                    "started_at": now,
                }
                for n in numbers
            ],
            BotSymbol: [
                {"user_id": n, "symbol": SYMBOLS[n % PROGRAMS], "last_close": last_close}
                for n in numbers
            ],
        }
        for table, values in rows.items():
            await session.execute(insert(table), values)


async def measure(url: str, name: str, code: str = _CODE) -> None:
    """Ticks, one after the other; a quiet one and one with signals cost differently."""
    made = market()
    database = Database(url)
    await populate(database, made, code)
    queue = TableQueue(made.clock)
    trading = Trading.wired(
        database=database,
        market=made,
        clock=made.clock,
        wall=made.clock,
        queue=queue,
        outbox=Outbox(fresh_cipher(), made.clock),
        live_prices=False,
    )
    for volume in (_LOUD, 10.0) if code == _TRAILS else ():
        walk(made, 1, volume)
        await trading.run_due()
    quiet: list[float] = []
    busy: list[tuple[float, int]] = []
    for _ in range(TICKS):
        walk(made, 1)
        made.asked.clear()
        before = trading.metrics()
        began = time.perf_counter()
        await trading.run_due()
        took = time.perf_counter() - began
        after = trading.metrics()
        signals = int(after["signals"] - before["signals"])
        fetched = int(after["candle_fetches"] - before["candle_fetches"])
        evaluated = int(after["signal_evaluations"] - before["signal_evaluations"])
        assert (fetched, evaluated) == (PROGRAMS, PROGRAMS), (fetched, evaluated)
        if signals:
            busy.append((took, signals))
        else:
            quiet.append(took)
    async with database.read() as session:
        orders = await session.scalar(select(func.count()).select_from(Order))
        held = await session.scalar(select(func.count()).select_from(Position))
    await database.close()
    print(f"{name}: 10 fetches, 10 evaluations for {USERS} bots with {held} positions, each tick")
    if quiet:
        print(f"  quiet ticks {len(quiet)}: median {statistics.median(quiet) * 1e3:8.1f} ms")
    if busy:
        per = statistics.median(took / count for took, count in busy)
        print(
            f"  ticks with signals {len(busy)}: "
            f"median {statistics.median(took for took, _ in busy) * 1e3:8.1f} ms, "
            f"{statistics.median(count for _, count in busy):.0f} bots act, "
            f"{per * 1e3:.2f} ms each, {orders} orders"
        )


def run() -> None:
    """Both databases."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for number, code in enumerate((_CODE, _TRAILS)):
            url = f"sqlite+aiosqlite:///{folder / f'tick{number}.db'}"
            bring_up_to_date(url)
            asyncio.run(measure(url, "SQLite", code))
            asyncio.run(measure(stack.enter_context(postgres.running()), "PostgreSQL", code))


if __name__ == "__main__":
    run()
