"""The simulated market: the same seed, the same prices, in any order; never the future."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bot.adapters.simulated_days import LISTINGS, Simulation
from bot.adapters.simulated_market import SimulatedMarket
from bot.adapters.simulated_prices import ORIGIN_MS, REGIMES, DayLevels, day_of
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.hashing import data_hash
from domain.market.resample import join, resample
from domain.market.timeframes import DAY_MS, MINUTE_MS
from tests.support.bars import NEW_YEAR_MS

NOON = NEW_YEAR_MS + DAY_MS // 2
BTC = LISTINGS[0]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def market(clock: ManualClock) -> SimulatedMarket:
    return SimulatedMarket(7, clock)


def test_a_day_is_the_same_whatever_was_made_before() -> None:
    day = day_of(NEW_YEAR_MS)
    alone = Simulation(7).day(BTC, day)
    busy = Simulation(7)
    for other, listing in itertools.product((day + 3, day - 40, 0), LISTINGS):
        busy.day(listing, other)
    assert data_hash(busy.day(BTC, day)) == data_hash(alone)
    assert data_hash(Simulation(8).day(BTC, day)) != data_hash(alone)


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: str(listing.symbol))
def test_bars_are_whole_and_the_series_has_no_seam(listing: object) -> None:
    simulation, chosen = Simulation(3), next(one for one in LISTINGS if one is listing)
    bars = join([simulation.day(chosen, day) for day in range(4_000, 4_020)])
    assert (np.diff(bars.time) == MINUTE_MS).all()
    assert (bars.open[1:] == bars.close[:-1]).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    assert (bars.volume > 0).all()
    assert np.abs(np.diff(np.log(bars.close))).max() < 0.1


def test_prices_stay_near_their_level_for_decades_and_meet_every_regime() -> None:
    levels = DayLevels(1, "market", 1.0)
    reached = [levels.at(day)[0] for day in range(0, 20_000, 50)]
    assert max(map(abs, reached)) < 2.5
    assert {levels.at(day)[2] for day in range(0, 2_000, 8)} == set(REGIMES)


def test_symbols_move_together_but_not_alike() -> None:
    simulation = Simulation(7)
    moves = []
    for listing in LISTINGS[:2]:
        bars = join([simulation.day(listing, day) for day in range(4_000, 4_030)])
        moves.append(np.diff(np.log(resample(bars, "15m").close)))
    assert 0.6 < np.corrcoef(moves[0], moves[1])[0, 1] < 0.97


def test_quiet_and_wild_hours_come_in_clusters_with_fat_tails() -> None:
    simulation = Simulation(7)
    bars = join([simulation.day(BTC, day) for day in range(4_000, 4_030)])
    moves = np.diff(np.log(bars.close))
    size = np.abs(moves)
    assert np.corrcoef(size[:-10], size[10:])[0, 1] > 0.05
    assert ((moves / moves.std()) ** 4).mean() > 4
    assert abs(np.corrcoef(moves[:-1], moves[1:])[0, 1]) < 0.05


async def test_a_restart_later_sees_the_same_past(market: SimulatedMarket) -> None:
    asked = {"end_ms": NOON, "limit": 300}
    before = await market.candles("ETHUSDT", "15m", **asked)
    later = SimulatedMarket(7, ManualClock(NOON + 9 * DAY_MS))
    assert data_hash(await later.candles("ETHUSDT", "15m", **asked)) == data_hash(before)


async def test_there_are_120_days_before_the_start(market: SimulatedMarket) -> None:
    start, end = await market.history_range("SOLUSDT")
    assert end == NOON
    assert end - start >= 120 * DAY_MS
    year = await market.candles("SOLUSDT", "1m", end_ms=end, limit=120 * 1_440)
    assert len(year) == 120 * 1_440
    assert year.time[-1] == NOON - MINUTE_MS


async def test_nothing_is_shown_before_its_close(
    market: SimulatedMarket, clock: ManualClock
) -> None:
    clock.advance(59.999)
    bars = await market.candles("BTCUSDT", "1m", end_ms=NOON + DAY_MS, limit=2)
    assert bars.time[-1] == NOON - MINUTE_MS
    assert len(await market.minute_bars("BTCUSDT", NOON, NOON + DAY_MS)) == 0
    assert (await market.price("BTCUSDT")).at_ms == NOON
    clock.advance(0.001)
    stepped = await market.minute_bars("BTCUSDT", NOON, NOON + DAY_MS)
    assert stepped.time.tolist() == [NOON]
    assert (await market.price("BTCUSDT")).last == stepped.close[0]


@pytest.mark.parametrize("timeframe", ["5m", "4h", "1d"])
async def test_higher_timeframes_are_made_of_the_minutes(
    market: SimulatedMarket, timeframe: str
) -> None:
    minutes = await market.candles("BTCUSDT", "1m", end_ms=NEW_YEAR_MS, limit=3 * 1_440)
    whole = resample(minutes, timeframe)
    bars = await market.candles("BTCUSDT", timeframe, end_ms=NEW_YEAR_MS, limit=len(whole))
    assert data_hash(bars) == data_hash(whole)


async def test_more_days_than_are_kept_can_be_read(market: SimulatedMarket) -> None:
    bars = await market.candles("BTCUSDT", "1d", end_ms=NOON, limit=700)
    assert len(bars) == 700
    again = await market.candles("BTCUSDT", "1d", end_ms=NOON, limit=700)
    assert data_hash(again) == data_hash(bars)


async def test_funding_falls_every_eight_hours_and_is_not_known_early(
    market: SimulatedMarket, clock: ManualClock
) -> None:
    times, rates = await market.funding("BTCUSDT", NEW_YEAR_MS, NEW_YEAR_MS + DAY_MS)
    assert ((times - NEW_YEAR_MS) // 3_600_000).tolist() == [0, 8]
    assert (np.abs(rates) <= 0.003).all()
    clock.advance(4 * 3_600)
    assert len((await market.funding("BTCUSDT", NEW_YEAR_MS, NEW_YEAR_MS + DAY_MS)).times) == 3


async def test_before_the_first_day_there_is_nothing() -> None:
    market = SimulatedMarket(7, ManualClock(ORIGIN_MS - DAY_MS))
    with pytest.raises(DomainError, match="no_price"):
        await market.price("BTCUSDT")


async def test_limits_fit_the_prices(market: SimulatedMarket) -> None:
    for symbol in market.symbols():
        limits = await market.contract(symbol)
        price = (await market.price(symbol)).last
        assert round(price, limits.price_decimals) == price
        assert float(limits.min_qty) * price < 200
        assert market.finest_timeframe(symbol) == "1m"


async def test_unknown_symbols_are_answered_with_those_alike(market: SimulatedMarket) -> None:
    with pytest.raises(DomainError, match="unknown_symbol") as caught:
        await market.contract("BTCUSD")
    assert "BTCUSDT" in str(caught.value.params["known"])
