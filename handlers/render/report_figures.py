"""The figures of a report by subject, with their names and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.render import numbers
from handlers.texts import Translator, plain

GROUPS: Mapping[str, Sequence[str]] = {
    "money": (
        "initial_balance", "final_balance", "total_return_percent", "cagr_percent",
        "buy_and_hold_percent", "alpha_percent", "beta", "exposure_percent", "turnover",
    ),
    "risk": (
        "max_drawdown_percent", "max_drawdown_days", "average_drawdown_percent", "ulcer_index",
        "volatility_percent", "sharpe", "sortino", "calmar", "leverage", "liquidations",
    ),
    "trades": (
        "trades", "wins", "losses", "win_rate_percent", "profit_factor", "payoff",
        "expectancy_usdt", "expectancy_r", "sqn", "best_trade_usdt", "worst_trade_usdt",
        "average_bars_held", "average_mae_percent", "average_mfe_percent", "longest_win_streak",
        "longest_loss_streak",
    ),
    "costs": ("gross_usdt", "slippage_usdt", "fees_usdt", "funding_usdt", "net_usdt"),
}  # fmt: skip
_ELSEWHERE = {
    "start_ms", "end_ms", "days", "bars", "data_hash", "average_holding_minutes",
    "denied_levels", "denied_liquidation", "denied_minimum", "denied_halted",
    "denied_positions", "denied_margin", "expired", "halts", "both_touched",
}  # fmt: skip
"""Said by the heading or by a note."""


def shown(
    t: Translator, metrics: Mapping[str, Any], wanted: Sequence[str]
) -> list[tuple[str, str]]:
    """(name, value) of each figure that there is."""
    flat = {**metrics, **(metrics.get("costs") or {})}
    return [
        (plain(t(f"report.{name}")), _value(t, name, flat[name])) for name in wanted if name in flat
    ]


def unnamed(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Numbers that this table has no name for yet: shown by their own."""
    known = _ELSEWHERE.union(*GROUPS.values())
    return [
        (name, f"{value:,}")
        for name, value in metrics.items()
        if name not in known and isinstance(value, int | float) and not isinstance(value, bool)
    ]


def _value(t: Translator, name: str, value: object) -> str:
    if not isinstance(value, int | float):
        return t("metric.na")
    if name.endswith("_percent"):
        return numbers.percent(t, value)
    if name.endswith(("_usdt", "_balance")):
        return numbers.money(t, value)
    return numbers.fixed(t, value, 0 if isinstance(value, int) else 2)
