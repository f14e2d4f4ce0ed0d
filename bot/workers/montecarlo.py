"""A result's trades drawn anew: bands, risk of ruin, drawdowns to expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bot.workers.handover import Draw, Folder
from domain.market.timeframes import DAY_MS
from domain.research.resampling import PATHS, PERCENTILES, RUIN, Resampled, resample, returns_of
from handlers.render import names


def run(folder: Path, draw: Draw) -> dict[str, Any]:
    """Percent throughout. Raises DomainError("too_few_trades", trades, least)."""
    work = Folder(folder)
    pnl = np.array(draw.pnl, np.float64)
    drawn = resample(returns_of(draw.balance, pnl), draw.seed)
    work.tell(0.7)
    found = {
        "paths": PATHS,
        "trades": len(pnl),
        "return_percentiles": _percentiles((drawn.finals - 1.0) * 100.0),
        "drawdown_percentiles": _percentiles(drawn.drawdowns * 100.0),
        "loss_percent": float(np.mean(drawn.finals < 1.0)) * 100.0,
        "ruin_percent": drawn.ruined * 100.0,
        "ruin_at_percent": RUIN * 100.0,
        "total_return_percent": float(pnl.sum()) / draw.balance * 100.0,
    }
    _draw(found, drawn, pnl, draw)
    return found


def _percentiles(values: Any) -> dict[str, float]:
    found = np.percentile(values, PERCENTILES).tolist()
    return {str(name): value for name, value in zip(PERCENTILES, found, strict=True)}


def _draw(found: dict[str, Any], drawn: Resampled, pnl: Any, draw: Draw) -> None:
    from bot.workers.chart_bands import draw_bands  # noqa: PLC0415 - 60 MB: drawn last
    from bot.workers.chart_header import range_line  # noqa: PLC0415 - the same

    own = 1.0 + np.concatenate(([0.0], np.cumsum(pnl))) / draw.balance
    t = draw.look.reader(draw.timeframe)
    days = (draw.end_ms - draw.start_ms) / DAY_MS
    line = range_line(t, draw.symbol, draw.timeframe, draw.start_ms, draw.end_ms, days)
    draw_bands(
        (names.strategy(t, draw.strategy), line), drawn, own, found, t, draw.chart, draw.look.theme
    )
