"""Tables for spreadsheets: CSV in which every cell stays what it is. Columns: docs/documents.md."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

Cell = str | int | float | Decimal | datetime | None

BACKTEST_TRADES = (
    "number", "symbol", "side", "qty", "entry_time", "entry_price", "exit_time", "exit_price",
    "pnl_usdt", "pnl_percent", "fees_usdt", "funding_usdt", "exit_reason", "exit_detail",
    "bars_held", "mae_percent", "mfe_percent",
)  # fmt: skip
TRADES = (
    "id", "mode", "symbol", "side", "qty", "entry_price", "exit_price", "opened_at", "closed_at",
    "pnl_usdt", "pnl_percent", "fees_usdt", "funding_usdt", "slippage_usdt", "leverage",
    "exit_reason", "exit_detail", "strategy",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file (RFC 4180, UTF-8) with a line of names."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return file.getvalue().encode()


def _written(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return _text(cell) if isinstance(cell, str) else cell


def _text(words: str) -> str:
    """A text that a spreadsheet would run as a formula is marked as a text."""
    return f"'{words}" if words.startswith(_FORMULA) else words
