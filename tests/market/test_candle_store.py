"""An exchange's history is downloaded once, whatever happens in the middle."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.adapters.candle_store import Series
from bot.workers import candle_parts
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.resample import join
from domain.market.stretches import Stretch
from domain.market.timeframes import DAY_MS, MINUTE_MS
from tests.market.store import MOST, Exchange
from tests.support.bars import NEW_YEAR_MS, bars_at
from tests.support.processes import environment

BARS = 3_000
HOUR_MS = 60 * MINUTE_MS
START = NEW_YEAR_MS - 1_500 * MINUTE_MS  # so that a month ends in the middle
NOW = START + BARS * MINUTE_MS
BTC = Series("bitget", "BTCUSDT", "1m")


@pytest.fixture
def exchange() -> Exchange:
    bars = bars_at([START + row * MINUTE_MS for row in range(BARS)])
    return Exchange(bars, ManualClock(NOW + 10 * MINUTE_MS))


def minutes(first: int, last: int) -> list[int]:
    return [START + row * MINUTE_MS for row in range(first, last)]


async def test_what_was_downloaded_is_not_asked_for_again(
    exchange: Exchange, tmp_path: Path
) -> None:
    first = await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, 2_000)
    assert first.time.tolist() == minutes(1_000, 3_000)
    assert len(exchange.asked) == 2_000 / MOST
    again = await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, 2_000)
    assert len(exchange.asked) == 2_000 / MOST
    for name in Candles.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert list((tmp_path / "work").iterdir()) == []


async def test_what_is_new_is_appended_and_what_is_older_put_before(
    exchange: Exchange, tmp_path: Path
) -> None:
    store = exchange.store(tmp_path)
    await store.candles("BTCUSDT", "1m", START + 2_000 * MINUTE_MS, 500)
    exchange.asked.clear()
    bars = await store.candles("BTCUSDT", "1m", NOW, 2_000)
    assert bars.time.tolist() == minutes(1_000, 3_000)
    assert sum(size for _, _, size in exchange.asked if size <= MOST) <= 1_500
    assert len(exchange.asked) == 8  # five for what came after, three for what was before


async def test_each_month_of_minutes_is_a_file_and_each_year_of_hours(
    exchange: Exchange, tmp_path: Path
) -> None:
    await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, BARS)
    files = (tmp_path / "history" / BTC.prefix).iterdir()
    assert sorted(path.name for path in files) == ["2025-12.parquet", "2026-01.parquet"]


async def test_a_bar_that_has_just_closed_is_shown_and_not_kept(
    exchange: Exchange, tmp_path: Path
) -> None:
    exchange.clock = ManualClock(NOW)
    store = exchange.store(tmp_path)
    assert (await store.candles("BTCUSDT", "1m", NOW, 1_100)).close[-1] == exchange.bars.close[-1]
    corrected = exchange.bars.close.copy()
    corrected[-1] = 106.5
    exchange.bars = replace(exchange.bars, close=corrected)
    exchange.clock.advance(600)
    assert (await store.candles("BTCUSDT", "1m", NOW, 1_100)).close[-1] == 106.5


async def test_an_interrupted_download_goes_on_where_it_stopped(
    exchange: Exchange, tmp_path: Path
) -> None:
    exchange.fails_after = 6
    with pytest.raises(DomainError, match="exchange_unreachable"):
        await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, 2_000)
    exchange.fails_after = None
    bars = await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, 2_000)
    assert bars.time.tolist() == minutes(1_000, 3_000)
    assert len(exchange.asked) == 2_000 / MOST


async def test_whoever_waits_is_told_and_can_call_it_off(
    exchange: Exchange, tmp_path: Path
) -> None:
    shares: list[float] = []

    def tell(share: float) -> None:
        shares.append(share)
        if share > 0.5:
            raise DomainError("backtest_cancelled")

    with pytest.raises(DomainError, match="backtest_cancelled"):
        await exchange.store(tmp_path).download("BTCUSDT", "1m", NOW, 2_000, tell)
    assert shares == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    await exchange.store(tmp_path).download("BTCUSDT", "1m", NOW, 2_000, shares.append)
    assert len(exchange.asked) == 2_000 / MOST
    assert shares[-1] == pytest.approx(1.0)


async def test_bars_that_an_answer_left_out_are_asked_for_once_more(
    exchange: Exchange, tmp_path: Path
) -> None:
    whole = exchange.bars
    exchange.bars = join([whole.slice(0, 2_500), whole.slice(2_510)])

    async def second_time_lucky(symbol: str, timeframe: str, until: int, size: int) -> Candles:
        if size == 10:
            exchange.bars = whole
        return await Exchange.page(exchange, symbol, timeframe, until, size)

    store = replace(exchange.store(tmp_path), page=second_time_lucky)
    bars = await store.candles("BTCUSDT", "1m", NOW, 1_200)
    assert bars.time.tolist() == minutes(1_800, 3_000)


async def test_a_history_with_holes_reaches_further_back(
    exchange: Exchange, tmp_path: Path
) -> None:
    exchange.bars = join([exchange.bars.slice(0, 2_400), exchange.bars.slice(2_700)])
    bars = await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, 1_200)
    assert bars.time.tolist() == minutes(1_500, 2_400) + minutes(2_700, 3_000)
    asked = len(exchange.asked)
    await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, 1_200)
    assert len(exchange.asked) == asked  # it is known that nothing was traded there


async def test_history_that_ends_gives_fewer_bars(exchange: Exchange, tmp_path: Path) -> None:
    bars = await exchange.store(tmp_path).candles("BTCUSDT", "1m", NOW, 5_000)
    assert bars.time.tolist() == minutes(0, 3_000)
    early = await exchange.store(tmp_path).candles("BTCUSDT", "1m", START - DAY_MS, 1_500)
    assert len(early) == 0


async def test_a_file_that_the_disk_has_spoilt_is_downloaded_anew(
    exchange: Exchange, tmp_path: Path
) -> None:
    store = exchange.store(tmp_path)
    await store.candles("BTCUSDT", "1m", NOW, 1_100)
    part = tmp_path / "history" / BTC.prefix / "2026-01.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    assert len(await store.candles("BTCUSDT", "1m", NOW, 1_100)) == 1_100


def test_a_killed_writer_leaves_a_store_that_knows_what_it_has(tmp_path: Path) -> None:
    done = 0
    for hours in (2, 5, 9):
        done = max(done, _hours_written_until_killed(tmp_path, hours))
        known = Stretch(NEW_YEAR_MS, NEW_YEAR_MS + done * HOUR_MS)
        assert candle_parts.missing(str(tmp_path), BTC, known) == []
        assert candle_parts.export(str(tmp_path), BTC, known, tmp_path / "work") == done * 60


def _hours_written_until_killed(folder: Path, hours: int) -> int:
    """Killed while it writes the next one."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.market.endless_writer", str(folder)],
        env=environment({}, measured=False),
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(hours)]
        writer.kill()
    return said[-1]
