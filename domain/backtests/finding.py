"""What a run hands back to be kept: small enough to travel between processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.backtests.result import TradeColumns


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """`metrics`: of `domain.backtests.metrics`; `equity`: [ms, USDT] pairs, thinned; `notes`."""

    metrics: dict[str, Any]
    equity: list[list[float]]
    trades: TradeColumns
    notes: list[str]
