"""A bot's candle close that arrives by websocket: ticked at once, without asking for candles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from bot.adapters.fernet_cipher import FernetCipher
from bot.trading import Trading
from domain.bots import service as bots
from domain.bots.models import BotSymbol
from domain.database import Database
from domain.jobs.service import TableQueue
from domain.market.timeframes import MINUTE_MS
from domain.outbox.service import Outbox
from domain.strategies.models import Strategy
from domain.trading.models import Order, Position
from tests.support.feeds import BTC, FeedStand
from tests.support.trading import add_user, passing_database
from tests.support.waiting import until

CODE = "buy = close > 61000\nsell = close < 50000"
CANDLES = "candles"


@dataclass
class Bench:
    """Trading as the bot wires it on a real exchange's market, moved by hand."""

    stand: FeedStand
    database: Database
    trading: Trading

    async def starts(self, name: str = "alice", *, timeframe: str = "1m", code: str = CODE) -> int:
        """Somebody's bot on bitcoin."""
        user_id = await add_user(self.database, name)
        stand = self.stand
        await stand.rest.load()
        async with self.database.write() as session:
            strategy = Strategy(user_id=None, name=f"{name}'s", code=code)
            session.add(strategy)
            await session.flush()
            await bots.start(
                session,
                stand.people,
                stand.clock,
                user_id,
                exchange="bitget",
                strategy_id=strategy.id,
                symbols=[BTC],
                timeframe=timeframe,
            )
        return user_id

    async def closes(self, move: str = "0%", *, after_s: float = 2.0) -> int:
        """A minute ends; how many closes were ticked."""
        await self.stand.closes(move, after_s=after_s)
        ticked = await self.trading.run_due()
        await self.stand.connects()
        return ticked

    async def is_believed(self) -> None:
        """Until the feed has stood its trial."""
        for _ in range(5):
            assert await self.closes() == 1

    async def seen(self, user_id: int) -> int | None:
        """The last close of the bot."""
        async with self.database.read() as session:
            return await session.scalar(
                select(BotSymbol.last_close).where(BotSymbol.user_id == user_id)
            )


@pytest.fixture
async def bench(stand: FeedStand) -> AsyncIterator[Bench]:
    async with passing_database() as database:
        trading = Trading.wired(
            database=database,
            market=stand.rest,
            clock=stand.clock,
            wall=stand.clock,
            queue=TableQueue(stand.clock),
            outbox=Outbox(FernetCipher(Fernet.generate_key().decode()), stand.clock),
            live_prices=True,
            feed=stand.feed,
        )
        yield Bench(stand, database, trading)


async def test_a_close_is_ticked_as_soon_as_it_was_heard(bench: Bench) -> None:
    alice = await bench.starts()
    await bench.is_believed()
    asked = bench.stand.asked(CANDLES)
    for _ in range(3):
        assert await bench.closes(after_s=0.3) == 0, "the bar may still change"
        bench.stand.clock.advance(0.2)
        assert await bench.trading.run_due() == 1
    assert bench.stand.asked(CANDLES) == asked
    now = bench.stand.clock.now_ms()
    assert await bench.seen(alice) == now - now % MINUTE_MS


async def test_a_signal_of_a_heard_close_trades_on_paper_minute_by_minute(bench: Bench) -> None:
    await bench.starts()
    await bench.is_believed()
    await bench.closes("2%", after_s=0.5)
    async with bench.database.read() as session:
        (order,) = await session.scalars(select(Order))
    assert (order.side, order.mode) == ("buy", "paper")
    asked = bench.stand.asked(CANDLES)
    assert await bench.closes(after_s=0.5) == 1
    async with bench.database.read() as session:
        (position,) = await session.scalars(select(Position))
    assert position.side == "long"
    assert bench.stand.asked(CANDLES) == asked


async def test_the_socket_dies_and_closes_are_ticked_as_before(bench: Bench) -> None:
    await bench.starts()
    await bench.is_believed()
    bench.stand.emulator.cuts()
    await until(lambda: not bench.stand.stream.is_open)
    await bench.stand.closes(after_s=0.6)
    assert await bench.trading.run_due() == 0, "REST is given time to have the bar"
    bench.stand.clock.advance(1.4)
    asked = bench.stand.asked(CANDLES)
    assert await bench.trading.run_due() == 1
    assert bench.stand.asked(CANDLES) == asked + 1
    await bench.stand.connects()
    asked = bench.stand.asked(CANDLES)
    assert await bench.closes(after_s=0.5) == 1
    assert bench.stand.asked(CANDLES) == asked


async def test_a_bot_that_the_feed_does_not_know_yet_is_not_hurried(bench: Bench) -> None:
    await bench.starts()
    await bench.is_believed()
    await bench.stand.feed.turn()
    bob = await bench.starts("bob", timeframe="5m")
    while bench.stand.clock.now_ms() // MINUTE_MS % 5 != 4:
        await bench.closes()
    await bench.stand.closes(after_s=0.6)
    assert await bench.trading.run_due() == 1, "of alice's minutes"
    bench.stand.clock.advance(1.4)
    assert await bench.trading.run_due() == 1
    now = bench.stand.clock.now_ms()
    assert await bench.seen(bob) == now - now % (5 * MINUTE_MS)


async def test_another_series_that_is_read_is_waited_for(bench: Bench) -> None:
    """Of the five minutes nothing was ever asked: REST must not be asked before it has them."""
    await bench.starts()
    await bench.is_believed()
    while bench.stand.clock.now_ms() // MINUTE_MS % 5 != 4:
        await bench.closes()
    bob = await bench.starts("bob", code='buy = close > timeframe("5m", sma(close, 2))')
    await bench.stand.closes(after_s=0.6)
    await bench.trading.run_due()
    seen = await bench.seen(bob)
    bench.stand.clock.advance(1.4)
    await bench.trading.run_due()
    now = bench.stand.clock.now_ms()
    assert (seen, await bench.seen(bob)) == (
        now - now % MINUTE_MS - MINUTE_MS,
        now - now % MINUTE_MS,
    )
