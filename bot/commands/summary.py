"""A result for the eyes: a heading, figures in two columns, notes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from domain.clock import from_ms

_WIDTH = 100
_NOT_DEFINED = "n/a"
Row = tuple[str, str]


def summary(name: str, symbol: str, timeframe: str, document: dict[str, Any]) -> str:
    """Text for a terminal. `document`: as in the JSON interface."""
    metrics = document["metrics"]
    left, right = result_rows(metrics), trade_rows(metrics)
    lines = [
        f"{name} · {symbol} · {timeframe}",
        f"{_moment(metrics['start_ms'])} .. {_moment(metrics['end_ms'])} UTC"
        f" · {metrics['days']:,.1f} days · {metrics['bars']:,} bars",
        "",
        *side_by_side(left, right),
    ]
    lines += ["", "Notes"]
    for note in document["notes"]:
        lines += textwrap.wrap(note, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def result_rows(metrics: dict[str, Any]) -> list[Row]:
    """What became of the money."""
    return [
        ("Final balance", f"{metrics['final_balance']:,.2f} USDT"),
        ("Total return", _percent(metrics["total_return_percent"])),
        ("Buy and hold", _percent(metrics["buy_and_hold_percent"])),
        ("CAGR", _percent(metrics["cagr_percent"])),
        ("Max drawdown", _percent(metrics["max_drawdown_percent"])),
        ("Volatility", _percent(metrics["volatility_percent"])),
        ("Sharpe", _number(metrics["sharpe"])),
        ("Sortino", _number(metrics["sortino"])),
        ("Calmar", _number(metrics["calmar"])),
        ("Exposure", _percent(metrics["exposure_percent"])),
    ]


def trade_rows(metrics: dict[str, Any]) -> list[Row]:
    """What the trades were like."""
    reasons = ", ".join(f"{name} {n}" for name, n in metrics["exit_reasons"].items() if n)
    costs = metrics["costs"]
    return [
        ("Trades", f"{metrics['trades']:,}"),
        ("Win rate", _percent(metrics["win_rate_percent"])),
        ("Profit factor", _number(metrics["profit_factor"])),
        ("Expectancy", _number(metrics["expectancy_usdt"], " USDT")),
        ("Best trade", _number(metrics["best_trade_usdt"], " USDT")),
        ("Worst trade", _number(metrics["worst_trade_usdt"], " USDT")),
        ("Fees", f"{costs['fees_usdt']:,.2f} USDT"),
        ("Slippage", f"{costs['slippage_usdt']:,.2f} USDT"),
        ("Funding", f"{costs['funding_usdt']:,.2f} USDT"),
        ("Exits", reasons or "–"),
    ]


def side_by_side(left: Sequence[Row], right: Sequence[Row]) -> list[str]:
    """Two tables of the same length beside each other."""
    names = [max(len(name) for name, _ in rows) for rows in (left, right)]
    values = max(len(value) for _, value in left)
    return [
        f"{name:<{names[0]}}  {value:>{values}}    {other:<{names[1]}}  {said}"
        for (name, value), (other, said) in zip(left, right, strict=True)
    ]


def _percent(value: float | None) -> str:
    return _NOT_DEFINED if value is None else f"{value:,.2f}%"


def _number(value: float | None, unit: str = "") -> str:
    return _NOT_DEFINED if value is None else f"{value:,.2f}{unit}"


def _moment(at_ms: int) -> str:
    return f"{from_ms(at_ms):%Y-%m-%d %H:%M}"
