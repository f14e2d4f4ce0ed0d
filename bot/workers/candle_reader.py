"""Candle files -> arrays. Worker processes only: the bot's process never imports pyarrow.

The bot gets the result as a folder of .npy files (`bot.adapters.candle_cache`), which it maps.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bot.adapters.candle_cache import entry_of, load_entry, save_entry, save_funding
from bot.workers.candle_columns import Table, numbers, open_table, times
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import Funding
from domain.market.timeframes import MINUTE_MS, TIMEFRAMES
from domain.market.validation import DataReport, validate

CANDLE_COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
FUNDING_COLUMNS = ("timestamp", "funding_rate")


def read_candles(path: str | Path) -> tuple[Candles, DataReport]:
    """The bars of a Parquet or CSV file and what was found wrong with it.

    Raises DomainError: "candles_missing", "candles_unreadable", "candles_columns",
    "candles_column_type", "candles_duplicate", "candles_disorder", "candles_empty",
    "candles_all_bad"; `file` is among its parameters.
    """
    source = Path(path)
    try:
        table = open_table(source, CANDLE_COLUMNS)
        return validate(_candles(table), table.lines, table.bad, _stated(source))
    except DomainError as error:
        raise DomainError(error.code, **error.params, file=source.name) from None


def read_funding(path: str | Path) -> Funding:
    """The funding rates of a file with the columns timestamp and funding_rate.

    Exchanges write stamps some ms late; they are cut to their minute. Errors as `read_candles`.
    """
    source = Path(path)
    try:
        table = open_table(source, FUNDING_COLUMNS)
        stamps, rates = times(table), numbers(table, "funding_rate")
        if not np.isfinite(rates).all() or (stamps <= 0).any():
            row = int(np.flatnonzero(~np.isfinite(rates) | (stamps <= 0))[0])
            raise DomainError("candles_all_bad", count=1, line=int(table.lines[row]), reason="rate")
        stamps = stamps - stamps % MINUTE_MS
        wrong = np.flatnonzero(np.diff(stamps) <= 0)
        if len(wrong):
            line = int(table.lines[int(wrong[0]) + 1])
            raise DomainError("candles_disorder", line=line)
    except DomainError as error:
        raise DomainError(error.code, **error.params, file=source.name) from None
    return Funding(stamps, rates)


def cache_candles(path: str, cache_dir: str) -> DataReport:
    """Convert once; again only when the file's size or time changed. Errors as `read_candles`."""
    entry = entry_of(Path(path), Path(cache_dir))
    known = load_entry(entry)
    if known is not None:
        return known.report
    candles, report = read_candles(path)
    save_entry(entry, candles, report)
    return report


def cache_funding(path: str, cache_dir: str) -> int:
    """The same for funding rates; returns their number. Errors as `read_funding`."""
    funding = read_funding(path)
    save_funding(entry_of(Path(path), Path(cache_dir)), funding)
    return len(funding.times)


def _stated(source: Path) -> str | None:
    """'BTCUSD-1m-2017.parquet' -> '1m'."""
    words = re.split(r"[-_. ]", source.stem.lower())
    return next((word for word in words if word in TIMEFRAMES), None)


def _candles(table: Table) -> Candles:
    return Candles(times(table), *(numbers(table, name) for name in CANDLE_COLUMNS[1:]))
