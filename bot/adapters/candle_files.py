"""A market that replays candle files.

The files were converted before by a worker (`bot.workers.candle_reader`, named by string so that
this process never imports pyarrow) and are mapped here as arrays.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.adapters.candle_cache import entry_of, load_entry, load_funding
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.history import History
from domain.market.ports import Contract, Funding, HistoryRange, Price, unknown_symbol
from domain.market.specification import derived_contract
from domain.market.validation import DataReport

# (target "module:function", path, cache_dir) -> its result, run in a worker process.
RunInWorker = Callable[[str, str, str], Awaitable[Any]]

NO_FUNDING = Funding(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class CandleFile:
    """One symbol's bars. `report` tells what was found wrong with them."""

    symbol: str
    candles: Candles
    report: DataReport
    funding: Funding = NO_FUNDING


async def open_files(
    paths: Sequence[Path], cache_dir: Path, run_in_worker: RunInWorker
) -> list[CandleFile]:
    """Map candle files, converting those that are new or changed; funding files join their symbol.

    A file is a funding file when "-funding" is in its name. Raises what `read_candles` raises, and
    "candles_symbol", "candles_symbol_twice".
    """
    rates = {
        symbol_of(path): await _funding(path, cache_dir, run_in_worker)
        for path in paths
        if _is_funding(path)
    }
    files: dict[str, CandleFile] = {}
    for path in paths:
        if _is_funding(path):
            continue
        symbol = symbol_of(path)
        if symbol in files:
            raise DomainError("candles_symbol_twice", file=path.name, symbol=symbol)
        cached = await _cached(path, cache_dir, run_in_worker, "cache_candles", load_entry)
        files[symbol] = CandleFile(
            symbol, cached.candles, cached.report, rates.get(symbol, NO_FUNDING)
        )
    return list(files.values())


def symbol_of(path: Path) -> str:
    """'BTCUSD-1m-2017.parquet', 'BTCPERP-...' -> 'BTCUSDT'. Raises "candles_symbol"."""
    head = re.split(r"[-_. ]", path.name.upper())[0]
    base = re.sub(r"(USDT|USD|PERP|USDTPERP|USDPERP)$", "", head)
    if not re.fullmatch(r"[A-Z0-9]{1,15}", base) or base == head:
        raise DomainError("candles_symbol", file=path.name)
    return f"{base}USDT"


def replay_span(files: Iterable[CandleFile]) -> tuple[int, int]:
    """The market clock's start and end in ms: a quarter into the data, so that there is a past."""
    reports = [file.report for file in files]
    first = min(report.start_ms for report in reports)
    end = max(report.end_ms for report in reports)
    start = first + (end - first) // 4
    return start - start % 60_000, end


class FileMarket:
    """MarketData over candle files, as far as the market clock has come."""

    def __init__(self, files: Iterable[CandleFile], clock: MarketClock) -> None:
        self._clock = clock
        self._files = {file.symbol: file for file in files}
        self._histories = {
            symbol: History(symbol, file.report.timeframe, file.candles)
            for symbol, file in self._files.items()
        }
        self._contracts: dict[str, Contract] = {}

    def symbols(self) -> tuple[str, ...]:
        return tuple(self._files)

    def finest_timeframe(self, symbol: str) -> str:
        return self._history(symbol).finest

    async def contract(self, symbol: str) -> Contract:
        bars = self._history(symbol).bars
        if symbol not in self._contracts:
            self._contracts[symbol] = derived_contract(symbol, bars.close)
        return self._contracts[symbol]

    async def candles(self, symbol: str, timeframe: str, *, end_ms: int, limit: int) -> Candles:
        return self._history(symbol).last(timeframe, min(end_ms, self._clock.now_ms()), limit)

    async def minute_bars(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        return self._history(symbol).opened(start_ms, end_ms, self._clock.now_ms())

    async def price(self, symbol: str) -> Price:
        return self._history(symbol).price(self._clock.now_ms())

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        self._history(symbol)
        times, rates = self._files[symbol].funding
        until = min(end_ms, self._clock.now_ms() + 1)
        first, last = np.searchsorted(times, [start_ms, until], "left").tolist()
        return Funding(times[first : max(first, last)], rates[first : max(first, last)])

    async def history_range(self, symbol: str) -> HistoryRange:
        return self._history(symbol).range(self._clock.now_ms())

    def _history(self, symbol: str) -> History:
        try:
            return self._histories[symbol]
        except KeyError:
            raise unknown_symbol(symbol, self._histories) from None


def _is_funding(path: Path) -> bool:
    return "-funding" in path.name.lower()


def _entry(path: Path, cache_dir: Path) -> Path:
    if not path.is_file():
        raise DomainError("candles_missing", file=path.name)
    return entry_of(path, cache_dir)


async def _funding(path: Path, cache_dir: Path, run_in_worker: RunInWorker) -> Funding:
    found = await _cached(path, cache_dir, run_in_worker, "cache_funding", load_funding)
    return Funding(*found)


async def _cached(
    path: Path,
    cache_dir: Path,
    run_in_worker: RunInWorker,
    function: str,
    load: Callable[[Path], Any],
) -> Any:
    found = load(_entry(path, cache_dir))
    if found is None:
        await run_in_worker(f"bot.workers.candle_reader:{function}", str(path), str(cache_dir))
        found = load(_entry(path, cache_dir))
    if found is None:
        raise DomainError("candles_unreadable", file=path.name, why="it changed while being read")
    return found
