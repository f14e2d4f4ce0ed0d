"""What many bots share is fetched once and evaluated once."""

from __future__ import annotations

import numpy as np
from sqlalchemy import insert

from domain.bots import ticks
from domain.bots.models import BotStatus, BotSymbol, Tick
from domain.clock import from_ms
from domain.database import Database
from domain.users.models import User
from tests.support.bots import EXCHANGE, Floor
from tests.support.market import FakeMarket

SYMBOLS = tuple(f"COIN{n}USDT" for n in range(10))
PROGRAMS = tuple(f"buy = close > {50 + n}" for n in range(10))


async def crowd(floor: Floor, users: int) -> None:
    """Bots that share ten programs on ten symbols, each on one."""
    strategies = [await floor.strategy(code) for code in PROGRAMS]
    now_ms = floor.market.clock.now_ms()
    async with floor.database.write() as session:
        await session.execute(
            insert(User), [{"id": n, "email": f"{n}@users.invalid"} for n in range(1, users + 1)]
        )
        await session.execute(
            insert(BotStatus),
            [
                {
                    "user_id": n,
                    "strategy_id": strategies[n % 10],
                    "is_running": True,
                    "state": "running",
                    "mode": "paper",
                    "timeframe": "1m",
                    "exchange": EXCHANGE,
                }
                for n in range(1, users + 1)
            ],
        )
        await session.execute(
            insert(BotSymbol),
            [
                {"user_id": n, "symbol": SYMBOLS[n % 10], "last_close": now_ms}
                for n in range(1, users + 1)
            ],
        )


def market_of(price: float) -> FakeMarket:
    return FakeMarket(prices=dict.fromkeys(SYMBOLS, price))


async def one_minute(floor: Floor) -> None:
    """A flat minute on all symbols, ticked."""
    for symbol in SYMBOLS:
        floor.market.rests(symbol=symbol)
    await floor.ticks()


async def test_a_thousand_bots_cost_ten_fetches_and_ten_evaluations(database: Database) -> None:
    floor = Floor.opened(database, market_of(40.0))
    await crowd(floor, 1_000)
    await one_minute(floor)

    assert (floor.worker.book.fetches, floor.worker.book.evaluations) == (10, 10)
    assert floor.ticker.metrics()["ticks"] == 1
    async with database.read() as session:
        (tick,) = await ticks.unfinished(session) or [await session.get_one(Tick, 1)]
        assert (tick.chunks, tick.done_at) == (4, from_ms(floor.market.clock.now_ms()))

    await one_minute(floor)
    assert (floor.worker.book.fetches, floor.worker.book.evaluations) == (20, 20)


async def test_each_bot_with_a_signal_is_served_and_the_others_pass(database: Database) -> None:
    floor = Floor.opened(database, market_of(54.5))
    await crowd(floor, 300)
    await one_minute(floor)

    # Programs 0..4 buy above 50..54; the others wait for more.
    assert floor.worker.signals == floor.worker.orders == 150
    assert floor.ticker.metrics()["orders_decided"] == 150
    async with database.read() as session:
        assert await ticks.unfinished(session) == []


async def test_the_window_is_the_longest_that_any_program_of_the_timeframe_needs(
    floor: Floor,
) -> None:
    await floor.starts("alice", "buy = crossover(close, sma(close, 5))")
    await floor.starts("bob", "buy = close > sma(close, 300)")
    asked: list[int] = []
    candles = floor.market.candles

    async def counted(symbol: str, timeframe: str, *, end_ms: int, limit: int) -> object:
        asked.append(limit)
        return await candles(symbol, timeframe, end_ms=end_ms, limit=limit)

    floor.market.candles = counted  # type: ignore[method-assign, assignment]
    floor.market.rests()
    await floor.ticks()
    assert asked == [2 * 299 + 1]


async def test_bots_with_other_inputs_are_other_signals(floor: Floor) -> None:
    code = "level = param(70000, min=1, max=100000)\nbuy = close > level"
    for name, level in (("alice", 60_500), ("bob", 60_500), ("carol", 62_000)):
        await floor.starts(name, code, inputs={"level": level})
    await floor.closes_at(61_000)

    assert (floor.worker.book.fetches, floor.worker.book.evaluations) == (1, 2)
    assert [len(await floor.orders(name)) for name in ("alice", "bob", "carol")] == [1, 1, 0]


async def test_a_signal_carries_the_values_behind_it(floor: Floor) -> None:
    await floor.starts(
        code="slow = sma(close, 2)\nbuy = close > slow\nconfidence = 0.5\nstop_loss = 2.5"
    )
    await floor.closes_at(60_000, 61_000)

    (signal,) = await floor.signals()
    assert signal.indicators == {"slow": float(np.mean([60_000, 61_000]))}
    assert signal.confidence == 0.5
    (order,) = await floor.orders()
    assert (order.stop_percent, order.take_profit_percent) == (2.5, 3.0)
