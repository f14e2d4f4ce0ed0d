"""What the closed trades say: hit rate, profit factor, expectancy, costs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from domain.backtests.result import TradeColumns
from domain.market.candles import Floats
from domain.trading.fills import EXIT_REASONS, LIQUIDATION

MINUTE_MS = 60_000


def trade_metrics(trades: TradeColumns) -> dict[str, Any]:
    """Figures over all trades; net of fees and funding, in USDT unless named. None: not defined.

    profit_factor: sum of wins / sum of losses. payoff: mean win / mean loss. expectancy: mean pnl;
    expectancy_r: mean of pnl / risk, the initial stop being the risk (Tharp); sqn: sqrt(n) *
    mean(R) / sd(R, ddof 1). A trade with pnl 0 is neither win nor loss, and ends both streaks.
    """
    wins, losses = trades.pnl[trades.pnl > 0.0], trades.pnl[trades.pnl < 0.0]
    multiples = trades.pnl[trades.risk > 0.0] / trades.risk[trades.risk > 0.0]
    count = len(trades)
    reasons = {
        name: int(np.count_nonzero(trades.reason == code))
        for code, name in enumerate(EXIT_REASONS)
        if name
    }
    return {
        "trades": count,
        "wins": len(wins),
        "losses": len(losses),
        "win_rate_percent": len(wins) / count * 100.0 if count else None,
        "profit_factor": _ratio(float(wins.sum()), float(-losses.sum())),
        "payoff": _ratio(_mean(wins) or 0.0, -(_mean(losses) or 0.0)),
        "expectancy_usdt": _mean(trades.pnl),
        "expectancy_r": _mean(multiples),
        "sqn": _sqn(multiples),
        "best_trade_usdt": float(trades.pnl.max()) if count else None,
        "worst_trade_usdt": float(trades.pnl.min()) if count else None,
        "average_holding_minutes": _mean((trades.exit_time - trades.entry_time) / MINUTE_MS),
        "average_bars_held": _mean(trades.bars_held.astype(np.float64)),
        "average_mae_percent": _mean(trades.mae),
        "average_mfe_percent": _mean(trades.mfe),
        "longest_win_streak": longest_run(trades.pnl > 0.0),
        "longest_loss_streak": longest_run(trades.pnl < 0.0),
        "exit_reasons": reasons,
        "liquidations": reasons[EXIT_REASONS[LIQUIDATION]],
        "costs": costs(trades),
    }


def costs(trades: TradeColumns) -> dict[str, float]:
    """net = gross - slippage - fees - funding; gross: had there been none of them."""
    return {
        "gross_usdt": float(trades.gross.sum()),
        "slippage_usdt": float(trades.slippage.sum()),
        "fees_usdt": float(trades.fees.sum()),
        "funding_usdt": float(trades.funding.sum()),
        "net_usdt": float(trades.pnl.sum()),
    }


def traded_notional(trades: TradeColumns) -> float:
    """Entries and exits at their prices, USDT."""
    return float((trades.qty * (trades.entry_price + trades.exit_price)).sum())


def longest_run(hits: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    """Length of the longest row of True."""
    breaks = np.flatnonzero(np.concatenate(([True], ~hits, [True])))
    return int(np.diff(breaks).max()) - 1


def _mean(values: Floats) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0.0 else None


def _sqn(multiples: Floats) -> float | None:
    spread = float(np.std(multiples, ddof=1)) if len(multiples) > 1 else 0.0
    if spread == 0.0:
        return None
    return math.sqrt(len(multiples)) * float(np.mean(multiples)) / spread
