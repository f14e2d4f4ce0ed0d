"""The emulator beside the demo: prices of the demo's market, a key that stays."""

from __future__ import annotations

from pathlib import Path

from bot.adapters.simulated_market import SimulatedMarket
from bot.commands.demo_exchange import KEYS, Follower, demo_exchange, emulator_of
from bot.markets import OpenMarket, open_market
from bot.pool import WorkerPool
from bot.settings import load
from domain.clock import ManualClock
from tests.support.bitget_client import NOON_MS, client_of


def opened(clock: ManualClock) -> OpenMarket:
    return OpenMarket(SimulatedMarket(7, clock), clock, "simulated:7", replayed=True)


async def test_prices_and_candles_are_the_markets_own() -> None:
    clock = ManualClock(NOON_MS)
    there = opened(clock)
    emulator = await emulator_of(there)
    follower = Follower(emulator, there.market)
    clock.advance(600)
    await follower.step()
    for symbol in there.market.symbols():
        price = (await there.market.price(symbol)).last
        assert float(emulator.price(symbol)) == price
        limits, listing = await there.market.contract(symbol), emulator.tapes[symbol].listing
        assert (listing.tick, listing.step) == (limits.price_tick, limits.qty_step)
    ours = emulator.tapes["BTCUSDT"].minutes().between(NOON_MS - 600_000, NOON_MS)
    theirs = await there.market.minute_bars("BTCUSDT", NOON_MS - 600_000, NOON_MS)
    assert ours.close.tolist() == theirs.close.tolist()


async def test_a_stop_between_two_looks_is_not_missed() -> None:
    clock = ManualClock(NOON_MS)
    there = opened(clock)
    emulator = await emulator_of(there)
    follower = Follower(emulator, there.market)
    clock.advance(3_600)
    await follower.step()
    bars = await there.market.minute_bars("BTCUSDT", NOON_MS, clock.now_ms())
    walked = emulator.tapes["BTCUSDT"].minutes().slice(-1)
    assert walked.low[0] <= bars.low.min()
    assert walked.high[0] >= bars.high.max()


async def test_a_bar_that_was_looked_into_is_not_walked_again() -> None:
    clock = ManualClock(NOON_MS)
    there = opened(clock)
    emulator = await emulator_of(there)
    follower = Follower(emulator, there.market)
    seen = []
    for _ in range(12):
        clock.advance(20)
        await follower.step()
        price = (await there.market.price("BTCUSDT")).last
        seen.append(price)
    day = emulator.tapes["BTCUSDT"].minutes().between(NOON_MS + 20_000, None)
    assert day.low.min() >= min(seen)
    assert day.high.max() <= max(seen)


async def test_the_key_outlives_a_restart(tmp_path: Path) -> None:
    clock = ManualClock(NOON_MS)
    async with demo_exchange(opened(clock), tmp_path) as (urls, first):
        assert urls.is_loopback
        client = client_of(urls.rest, first, clock)
        assert (await client.fetch_balance())["USDT"]["total"] == "10000"
        await client.close()
    async with demo_exchange(opened(clock), tmp_path) as (_, second):
        assert (second.key, second.secret) == (first.key, first.secret)
    assert (tmp_path / KEYS).stat().st_mode & 0o077 == 0


async def test_the_bots_own_market_can_be_the_emulator(tmp_path: Path) -> None:
    clock = ManualClock(NOON_MS)
    pool = WorkerPool()
    async with demo_exchange(opened(clock), tmp_path) as (urls, _):
        settings = load(data_dir=tmp_path, market="exchange", exchange_urls={"bitget": urls})
        there = await open_market(settings, clock, pool)
        assert "BTCUSDT" in there.market.symbols()
        assert (await there.market.price("BTCUSDT")).last > 0
        assert there.feed is not None
        assert there.feed.url == f"{urls.ws}/v2/ws/public"
        assert there.key.startswith("bitget-127-0-0-1")
        closing = getattr(there.market, "aclose")  # noqa: B009 - only some markets have it
        await closing()
    pool.close()
