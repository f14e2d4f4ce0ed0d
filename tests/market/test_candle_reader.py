"""Candle files as people have them: what is read, what is reported, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bot.workers.candle_reader import read_candles, read_funding
from domain.clock import from_ms
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.hashing import data_hash
from domain.market.timeframes import MINUTE_MS
from domain.market.validation import BadRow
from tests.support.bars import HEADER, NEW_YEAR_MS, bars_at, csv_rows, write_csv

MINUTES = [NEW_YEAR_MS + step * MINUTE_MS for step in range(5)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "BTCUSD-1m.csv"


def columns_of(bars: Candles) -> dict[str, Any]:
    columns: dict[str, Any] = {"timestamp": bars.time}
    for name in ("open", "high", "low", "close", "volume"):
        columns[name] = getattr(bars, name)
    return columns


def write_parquet(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def refusal(path: Path, read: Callable[[Path], object] = read_candles) -> DomainError:
    with pytest.raises(DomainError) as caught:
        read(path)
    assert caught.value.params["file"] == path.name
    return caught.value


def test_parquet_and_csv_of_the_same_bars_are_the_same(tmp_path: Path, file: Path) -> None:
    bars = bars_at(MINUTES)
    parquet = write_parquet(tmp_path / "x.parquet", columns_of(bars))
    from_csv, _ = read_candles(write_csv(file, csv_rows(bars)))
    from_parquet, report = read_candles(parquet)
    assert data_hash(from_csv) == data_hash(from_parquet) == data_hash(bars)
    assert (report.rows, report.timeframe, report.bad_count) == (5, "1m", 0)


@pytest.mark.parametrize(
    "write",
    [
        lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S"),
        lambda moment: moment.strftime("%Y-%m-%dT%H:%MZ"),
        lambda moment: moment.astimezone(timezone(from_ms(9 * 3_600_000) - from_ms(0))).isoformat(),
        lambda moment: str(int(moment.timestamp() * 1000)),
    ],
    ids=["fraction", "naive", "Z", "Seoul", "ms"],
)
def test_timestamps_may_be_ms_or_iso(file: Path, write: Callable[[datetime], str]) -> None:
    rows = [f"{write(from_ms(time))},1,2,1,2,3" for time in MINUTES]
    assert read_candles(write_csv(file, rows))[0].time.tolist() == MINUTES


def test_mixed_timestamps_are_read_one_by_one(file: Path) -> None:
    rows = [f"{MINUTES[0]},1,2,1,2,3", "2026-01-01T00:01:00Z,1,2,1,2,3", "soon,1,2,1,2,3"]
    bars, report = read_candles(write_csv(file, rows))
    assert bars.time.tolist() == MINUTES[:2]
    assert report.bad_rows == (BadRow(4, "timestamp"),)


def test_bad_rows_are_told_by_the_line_an_editor_shows(file: Path) -> None:
    good = csv_rows(bars_at(MINUTES))
    rows = [good[0], "", f"{MINUTES[1]},1,2,1", f"{MINUTES[2]},1,2,1,x,3", good[3], "", good[4]]
    bars, report = read_candles(write_csv(file, rows))
    assert bars.time.tolist() == [MINUTES[0], MINUTES[3], MINUTES[4]]
    assert report.bad_rows == (BadRow(4, "columns"), BadRow(5, "not_a_number"))
    assert report.gaps.longest[0].line == 6


def test_column_names_may_vary_in_case_and_order_and_others_are_ignored(file: Path) -> None:
    header = "symbol, Close ,OPEN,High,low,volume,Timestamp"
    write_csv(file, [f"BTC,2,1,3,1,4,{MINUTES[0]}"], header)
    bars, _ = read_candles(file)
    assert (bars.open[0], bars.close[0], bars.high[0]) == (1, 2, 3)


def test_a_mark_of_byte_order_is_no_part_of_a_name(file: Path) -> None:
    file.write_text(f"\ufeff{HEADER}\n{MINUTES[0]},1,2,1,2,3\n", "utf-8")
    assert len(read_candles(file)[0]) == 1


def test_missing_columns_are_named_with_those_found(file: Path) -> None:
    error = refusal(write_csv(file, ["1,2"], "time,close"))
    assert error.code == "candles_columns"
    assert error.params["missing"] == "timestamp, open, high, low, volume"
    assert error.params["found"] == "time, close"


def test_duplicates_and_disorder_are_refused_with_their_line(file: Path) -> None:
    rows = csv_rows(bars_at(MINUTES))
    assert refusal(write_csv(file, [*rows, rows[-1]])).code == "candles_duplicate"
    error = refusal(write_csv(file, [rows[0], rows[2], rows[1]]))
    assert (error.code, error.params["line"]) == ("candles_disorder", 4)


def test_seconds_are_not_taken_for_milliseconds(file: Path) -> None:
    error = refusal(write_csv(file, [f"{MINUTES[0] // 1000},1,2,1,2,3"]))
    assert (error.code, error.params["reason"]) == ("candles_all_bad", "timestamp")


def test_what_is_no_candle_file_is_refused_plainly(tmp_path: Path, file: Path) -> None:
    assert refusal(tmp_path / "none.csv").code == "candles_missing"
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    assert refusal(broken).code == "candles_unreadable"
    file.write_bytes(b"\xff\xfe\x00")
    assert refusal(file).code == "candles_unreadable"
    file.write_bytes(b"")
    assert refusal(file).code == "candles_columns"
    assert refusal(write_csv(file, [])).code == "candles_empty"


@pytest.mark.parametrize("kind", [pa.timestamp("ms"), pa.timestamp("ns", "UTC"), pa.float64()])
def test_parquet_may_hold_typed_times(tmp_path: Path, kind: Any) -> None:
    columns = columns_of(bars_at(MINUTES))
    columns["timestamp"] = (
        pa.array(MINUTES, pa.timestamp("ms")).cast(kind)
        if (pa.types.is_timestamp(kind))
        else pa.array([float(time) for time in MINUTES], kind)
    )
    path = write_parquet(tmp_path / "x.parquet", columns)
    assert read_candles(path)[0].time.tolist() == MINUTES


def test_parquet_may_hold_decimals_and_missing_values(tmp_path: Path) -> None:
    columns = columns_of(bars_at(MINUTES))
    columns["close"] = pa.array([None, *(Decimal("101.5") for _ in MINUTES[1:])])
    columns["high"], columns["low"] = np.full(5, 200.0), np.full(5, 50.0)
    columns["timestamp"] = pa.array([*MINUTES[:4], None], pa.int64())
    bars, report = read_candles(write_parquet(tmp_path / "x.parquet", columns))
    assert bars.close.tolist() == [101.5] * 3
    assert report.bad_rows == (BadRow(1, "not_a_number"), BadRow(5, "timestamp"))


@pytest.mark.parametrize("column", ["timestamp", "open"])
def test_a_column_of_another_kind_is_named(tmp_path: Path, column: str) -> None:
    columns = columns_of(bars_at(MINUTES))
    columns[column] = pa.array([True] * 5)
    error = refusal(write_parquet(tmp_path / "x.parquet", columns))
    assert (error.code, error.params["column"]) == ("candles_column_type", column)


def test_funding_stamps_are_cut_to_their_minute(file: Path) -> None:
    eight = 8 * 60 * MINUTE_MS
    rows = [f"{NEW_YEAR_MS + 17},0.0001", f"{NEW_YEAR_MS + eight + 4},-0.0002"]
    funding = read_funding(write_csv(file, rows, "timestamp,funding_rate"))
    assert funding.times.tolist() == [NEW_YEAR_MS, NEW_YEAR_MS + eight]
    assert funding.rates.tolist() == [0.0001, -0.0002]


def test_bad_funding_is_refused_with_its_line(file: Path) -> None:
    header = "timestamp,funding_rate"
    bad = refusal(write_csv(file, [f"{NEW_YEAR_MS},x"], header), read_funding)
    assert (bad.code, bad.params["line"]) == ("candles_all_bad", 2)
    twice = refusal(write_csv(file, [f"{NEW_YEAR_MS},1", f"{NEW_YEAR_MS},1"], header), read_funding)
    assert (twice.code, twice.params["line"]) == ("candles_disorder", 3)
