"""Columns of a Parquet or CSV file as numpy arrays, each row with its line.

What cannot be parsed becomes NaN (a time: 0) and is judged later, with its line. Arrow's casts of
whole columns are tried first; only a column with a bad value in it is walked in Python.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from domain.clock import to_ms
from domain.errors import DomainError
from domain.market.candles import Floats, Times
from domain.market.validation import BadRow


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Arrow columns by their lower-case names; `lines` int64, the line (Parquet: row) of each."""

    columns: dict[str, Any]
    lines: Times
    bad: tuple[BadRow, ...] = ()


def open_table(path: Path, wanted: tuple[str, ...]) -> Table:
    """Read the wanted columns; others are ignored, case and blanks around names too.

    Raises "candles_missing", "candles_unreadable", "candles_columns".
    """
    if not path.is_file():
        raise DomainError("candles_missing")
    read = _read_parquet if path.suffix.lower() in {".parquet", ".pq"} else _read_csv
    try:
        return read(path, wanted)
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise DomainError("candles_unreadable", why=str(error).splitlines()[0][:200]) from None


def times(table: Table) -> Times:
    """`timestamp` as ms UTC: whole numbers are ms, text is a number or ISO 8601, naive = UTC."""
    column = table.columns["timestamp"]
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = pc.cast(column, pa.timestamp("us", tz=kind.tz))
        return _integers(pc.cast(column, pa.int64())) // 1000
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _integers(pc.cast(column, pa.int64(), safe=False))
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise DomainError("candles_column_type", column="timestamp", found=str(kind))
    for cast in (_whole_numbers, _naive, _zoned):
        try:
            return cast(column)
        except pa.ArrowInvalid:
            continue
    return np.array([_moment(text) for text in column.to_pylist()], dtype=np.int64)


def numbers(table: Table, name: str) -> Floats:
    """A column as float64, NaN where there is no number. Raises "candles_column_type"."""
    column = table.columns[name]
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            column = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            return np.array([_number(text) for text in column.to_pylist()], dtype=np.float64)
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise DomainError("candles_column_type", column=name, found=str(kind))
    return np.array(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)


def _read_parquet(path: Path, wanted: tuple[str, ...]) -> Table:
    names = _match(pq.read_schema(path).names, wanted)
    table = pq.read_table(path, columns=list(names.values()))
    columns = {name: table.column(there) for name, there in names.items()}
    return Table(columns, np.arange(1, table.num_rows + 1, dtype=np.int64))


def _read_csv(path: Path, wanted: tuple[str, ...]) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = _match(next(csv.reader(file), []), wanted)
    bad: list[BadRow] = []

    def skip(row: Any) -> str:
        bad.append(BadRow(row.number, "columns"))
        return "skip"

    table = pyarrow.csv.read_csv(
        path,
        # Only one thread counts lines.
        read_options=pyarrow.csv.ReadOptions(use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=skip),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(names.values()),
            column_types=dict.fromkeys(names.values(), pa.string()),
        ),
    )
    total = table.num_rows + len(bad)
    skipped = np.array([row.line for row in bad], dtype=np.int64)
    lines = np.setdiff1d(np.arange(2, total + 2, dtype=np.int64), skipped)
    written = np.zeros(table.num_rows, dtype=np.bool_)
    for there in names.values():  # an empty line is read as a row of empty texts
        written |= pc.not_equal(table.column(there), "").to_numpy()
    table = table.filter(pa.array(written))
    return Table(
        {name: table.column(there) for name, there in names.items()}, lines[written], tuple(bad)
    )


def _match(found: list[str], wanted: tuple[str, ...]) -> dict[str, str]:
    there = {name.strip().lower(): name for name in reversed(found)}
    missing = [name for name in wanted if name not in there]
    if missing:
        shown = ", ".join(found)[:200]
        raise DomainError("candles_columns", line=1, missing=", ".join(missing), found=shown)
    return {name: there[name] for name in wanted}


def _integers(column: Any) -> Times:
    return np.array(pc.fill_null(column, 0).to_numpy(), dtype=np.int64)


def _whole_numbers(column: Any) -> Times:
    return _integers(pc.cast(column, pa.int64()))


def _naive(column: Any) -> Times:
    return _integers(pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64())) // 1000


def _zoned(column: Any) -> Times:
    return _integers(pc.cast(pc.cast(column, pa.timestamp("us", tz="UTC")), pa.int64())) // 1000


def _parsed(text: str | None, parse: Callable[[str], float]) -> float | None:
    try:
        return parse((text or "").strip())
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float:
    number = _parsed(text, float)
    return np.nan if number is None else number


def _moment(text: str | None) -> int:
    for parse in (int, _iso):
        moment = _parsed(text, parse)
        if moment is not None and abs(moment) < 2**62:
            return int(moment)
    return 0


def _iso(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
