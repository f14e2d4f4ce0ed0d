"""A market replayed from files shows the past up to the clock, and nothing after it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bot.adapters.candle_cache import entry_of, load_entry, save_entry
from bot.adapters.candle_files import CandleFile, FileMarket, open_files, replay_span, symbol_of
from bot.workers import candle_reader
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.timeframes import MINUTE_MS
from tests.support.bars import NEW_YEAR_MS, bars_at, csv_rows, write_csv

HOUR = 60 * MINUTE_MS


class Workers:
    """Runs the named worker function here and remembers what was asked."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def __call__(self, target: str, path: str, cache_dir: str) -> object:
        self.ran.append(f"{target} {Path(path).name}")
        module, name = target.split(":")
        assert module == candle_reader.__name__
        return getattr(candle_reader, name)(path, cache_dir)


@pytest.fixture
def workers() -> Workers:
    return Workers()


def minutes_file(folder: Path, name: str, count: int = 240, step: int = 1) -> Path:
    times = [NEW_YEAR_MS + index * step * MINUTE_MS for index in range(count)]
    return write_csv(folder / name, csv_rows(bars_at(times)))


async def opened(folder: Path, workers: Workers, *paths: Path) -> list[CandleFile]:
    return await open_files(list(paths), folder / "cache", workers)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSD-1m-2017.parquet", "BTCUSDT"),
        ("BTCPERP-1m-2022-01.csv", "BTCUSDT"),
        ("XRPUSDT-5m-2021-11.parquet", "XRPUSDT"),
        ("XRPUSDT-funding-8h.parquet", "XRPUSDT"),
        ("ethusdt_1h.csv", "ETHUSDT"),
        ("SOLUSDTPERP.csv", "SOLUSDT"),
    ],
)
def test_the_symbol_is_in_the_files_name(name: str, symbol: str) -> None:
    assert symbol_of(Path(name)) == symbol


@pytest.mark.parametrize("name", ["candles.csv", "USDT-1m.csv", "-1m.csv"])
def test_a_name_without_a_symbol_is_refused(name: str) -> None:
    with pytest.raises(DomainError, match="candles_symbol"):
        symbol_of(Path(name))


async def test_a_file_is_converted_once_until_it_changes(tmp_path: Path, workers: Workers) -> None:
    path = minutes_file(tmp_path, "BTCUSD-1m.csv")
    first = await opened(tmp_path, workers, path)
    again = await opened(tmp_path, workers, path)
    assert len(workers.ran) == 1
    assert first[0].report == again[0].report
    assert isinstance(again[0].candles.close, np.memmap)
    before = entry_of(path, tmp_path / "cache")
    minutes_file(tmp_path, "BTCUSD-1m.csv", count=300)
    assert len((await opened(tmp_path, workers, path))[0].candles) == 300
    assert len(workers.ran) == 2
    assert not before.exists()


async def test_a_file_touched_but_kept_is_converted_again(tmp_path: Path, workers: Workers) -> None:
    path = minutes_file(tmp_path, "BTCUSD-1m.csv")
    await opened(tmp_path, workers, path)
    os.utime(path, ns=(1, 1))
    await opened(tmp_path, workers, path)
    assert len(workers.ran) == 2


def test_two_workers_converting_the_same_file_leave_one_whole_entry(tmp_path: Path) -> None:
    path = minutes_file(tmp_path, "BTCUSD-1m.csv")
    candles, report = candle_reader.read_candles(path)
    entry = entry_of(path, tmp_path / "cache")
    for _ in range(2):
        save_entry(entry, candles, report)
    assert [child.name for child in entry.parent.iterdir()] == [entry.name]
    loaded = load_entry(entry)
    assert loaded is not None
    assert (
        loaded.report == report == candle_reader.cache_candles(str(path), str(tmp_path / "cache"))
    )


async def test_bad_rows_and_gaps_survive_the_cache(tmp_path: Path, workers: Workers) -> None:
    rows = csv_rows(bars_at([NEW_YEAR_MS, NEW_YEAR_MS + 3 * MINUTE_MS]))
    rows.append(f"{NEW_YEAR_MS + 4 * MINUTE_MS},1,2,1,x,3")
    path = write_csv(tmp_path / "BTCUSD-1m.csv", rows)
    (file,) = await opened(tmp_path, workers, path)
    assert file.report == candle_reader.read_candles(path)[1]
    assert (file.report.bad_count, file.report.gaps.count) == (1, 1)


async def test_funding_files_join_their_symbol(tmp_path: Path, workers: Workers) -> None:
    bars = minutes_file(tmp_path, "XRPUSDT-1m.csv")
    rates = write_csv(
        tmp_path / "XRPUSDT-funding-8h.csv",
        [f"{NEW_YEAR_MS + index * HOUR},0.000{index}" for index in range(1, 4)],
        "timestamp,funding_rate",
    )
    clock = ManualClock(NEW_YEAR_MS + 2 * HOUR)
    market = FileMarket(await opened(tmp_path, workers, rates, bars), clock)
    known = await market.funding("XRPUSDT", NEW_YEAR_MS, NEW_YEAR_MS + 10 * HOUR)
    assert known.rates.tolist() == [0.0001, 0.0002]
    assert len((await market.funding("XRPUSDT", NEW_YEAR_MS + HOUR, NEW_YEAR_MS)).times) == 0


async def test_what_cannot_be_opened_is_told(tmp_path: Path, workers: Workers) -> None:
    with pytest.raises(DomainError, match="candles_missing"):
        await opened(tmp_path, workers, tmp_path / "BTCUSD-none.csv")
    twice = [minutes_file(tmp_path, "BTCUSD-a.csv"), minutes_file(tmp_path, "BTCPERP-b.csv")]
    with pytest.raises(DomainError, match="candles_symbol_twice"):
        await opened(tmp_path, workers, *twice)


async def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = minutes_file(tmp_path, "BTCUSD-a.csv")

    async def restless(target: str, source: str, cache_dir: str) -> None:
        candle_reader.cache_candles(source, cache_dir)
        os.utime(source, ns=(5, 5))

    with pytest.raises(DomainError, match="candles_unreadable"):
        await open_files([path], tmp_path / "cache", restless)


async def test_the_replay_starts_a_quarter_into_the_data(tmp_path: Path, workers: Workers) -> None:
    files = await opened(tmp_path, workers, minutes_file(tmp_path, "BTCUSD.csv", count=400))
    assert replay_span(files) == (NEW_YEAR_MS + 100 * MINUTE_MS, NEW_YEAR_MS + 400 * MINUTE_MS)


async def test_bars_are_shown_when_they_are_closed(tmp_path: Path, workers: Workers) -> None:
    clock = ManualClock(NEW_YEAR_MS + HOUR - 1)
    files = await opened(tmp_path, workers, minutes_file(tmp_path, "BTCUSD.csv"))
    market = FileMarket(files, clock)
    later = NEW_YEAR_MS + 99 * HOUR
    assert len(await market.candles("BTCUSDT", "1h", end_ms=later, limit=5)) == 0
    assert len(await market.candles("BTCUSDT", "1m", end_ms=later, limit=500)) == 59
    clock.advance(0.001)
    assert len(await market.candles("BTCUSDT", "1h", end_ms=later, limit=5)) == 1
    price = await market.price("BTCUSDT")
    assert (price.last, price.at_ms) == (files[0].candles.close[59], clock.now_ms())
    assert await market.history_range("BTCUSDT") == (NEW_YEAR_MS, NEW_YEAR_MS + HOUR)
    steps = await market.minute_bars("BTCUSDT", clock.now_ms() - 2 * MINUTE_MS, later)
    assert len(steps) == 2


async def test_before_the_first_bar_there_is_no_price(tmp_path: Path, workers: Workers) -> None:
    files = await opened(tmp_path, workers, minutes_file(tmp_path, "BTCUSD.csv"))
    market = FileMarket(files, ManualClock(NEW_YEAR_MS - HOUR))
    with pytest.raises(DomainError, match="no_price"):
        await market.price("BTCUSDT")
    assert await market.history_range("BTCUSDT") == (NEW_YEAR_MS, NEW_YEAR_MS)


async def test_a_coarse_file_refuses_finer_timeframes(tmp_path: Path, workers: Workers) -> None:
    path = minutes_file(tmp_path, "XRPUSDT-5m.csv", step=5)
    market = FileMarket(await opened(tmp_path, workers, path), ManualClock(NEW_YEAR_MS + HOUR))
    assert market.finest_timeframe("XRPUSDT") == "5m"
    assert len(await market.candles("XRPUSDT", "15m", end_ms=NEW_YEAR_MS + HOUR, limit=9)) == 4
    assert len(await market.minute_bars("XRPUSDT", NEW_YEAR_MS, NEW_YEAR_MS + HOUR)) == 12
    with pytest.raises(DomainError, match="timeframe_too_fine"):
        await market.candles("XRPUSDT", "1m", end_ms=NEW_YEAR_MS, limit=9)


async def test_symbols_and_limits_come_from_the_files(tmp_path: Path, workers: Workers) -> None:
    files = await opened(tmp_path, workers, minutes_file(tmp_path, "BTCUSD.csv"))
    market = FileMarket(files, ManualClock(NEW_YEAR_MS))
    assert market.symbols() == ("BTCUSDT",)
    limits = await market.contract("BTCUSDT")
    assert limits.price_decimals == 2
    assert await market.contract("BTCUSDT") is limits
    with pytest.raises(DomainError, match="unknown_symbol") as caught:
        market.finest_timeframe("BTCUSD")
    assert caught.value.params == {"symbol": "BTCUSD", "known": "BTCUSDT"}
