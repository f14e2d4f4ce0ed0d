"""The figures of a report. Fractions are shown in percent; None means "n/a"."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from domain.backtests.daily import (
    YEAR_DAYS,
    alpha_beta,
    daily_values,
    monthly,
    returns,
    sharpe,
    sortino,
    volatility,
)
from domain.backtests.drawdown import drawdowns
from domain.backtests.result import Result, TradeColumns
from domain.backtests.rules import Rules
from domain.backtests.trade_metrics import trade_metrics, traded_notional
from domain.market.candles import Candles
from domain.market.timeframes import DAY_MS

RATIO_DAYS = 30  # below it Sharpe, Sortino, alpha and beta say nothing
CAGR_DAYS = 90


def compute(result: Result, candles: Candles, rules: Rules) -> dict[str, Any]:
    """Every figure of the report, ready for JSON.

    total_return = final / initial - 1. cagr = (final / initial)^(365 / days) - 1, None below 90
    days. volatility, sharpe, sortino, alpha, beta: `daily`; None below 30 days. max_drawdown...:
    `drawdown`. calmar = cagr / max drawdown. exposure: share of the closes at which a position was
    open. turnover: notional of entries and exits / mean equity. buy_and_hold: first open to last
    close, no costs. The rest: `trade_metrics`.
    """
    end_ms = int(result.equity_time[-1])
    days = (end_ms - result.start_time) / DAY_MS
    deep = drawdowns(result.start_time, result.initial_balance, result.equity_time, result.equity)
    growth = result.final_balance / result.initial_balance
    cagr = (max(growth, 0.0) ** (YEAR_DAYS / days) - 1.0) * 100.0 if days >= CAGR_DAYS else None
    trades = result.columns
    return {
        "initial_balance": result.initial_balance,
        "final_balance": result.final_balance,
        "start_ms": result.start_time,
        "end_ms": end_ms,
        "days": days,
        "bars": len(candles),
        "total_return_percent": (growth - 1.0) * 100.0,
        "cagr_percent": cagr,
        **_ratios(result, candles, days),
        "max_drawdown_percent": deep.deepest,
        "max_drawdown_days": deep.days,
        "average_drawdown_percent": deep.average,
        "ulcer_index": deep.ulcer,
        "calmar": cagr / deep.deepest if cagr is not None and deep.deepest > 0.0 else None,
        "exposure_percent": _exposure(trades, len(candles)),
        "turnover": traded_notional(trades) / float(np.mean(result.equity)),
        "buy_and_hold_percent": (float(candles.close[-1] / candles.open[0]) - 1.0) * 100.0,
        **trade_metrics(trades),
        **asdict(result.counters),
        "leverage": rules.terms().leverage,
        "data_hash": result.data_hash,
    }


def _ratios(result: Result, candles: Candles, days: float) -> dict[str, Any]:
    """The figures made of daily returns."""
    numbers, equity = result.daily_equity()
    _, price = daily_values(candles.time, candles.close, result.bar_ms)
    daily = returns(result.initial_balance, equity)
    market = returns(float(candles.open[0]), price)
    enough = days >= RATIO_DAYS
    alpha, beta = alpha_beta(daily, market) if enough else (None, None)
    return {
        "volatility_percent": _percent(volatility(daily)) if enough else None,
        "sharpe": sharpe(daily) if enough else None,
        "sortino": sortino(daily) if enough else None,
        "alpha_percent": _percent(alpha),
        "beta": beta,
        "monthly": monthly(result.initial_balance, numbers, equity),
    }


def _exposure(trades: TradeColumns, bars: int) -> float:
    """Percent of the closes at which anything was held."""
    changes = np.bincount(trades.entry_bar, minlength=bars + 1)
    changes -= np.bincount(trades.exit_bar, minlength=bars + 1)
    return float(np.count_nonzero(np.cumsum(changes[:bars]))) / bars * 100.0


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * 100.0
