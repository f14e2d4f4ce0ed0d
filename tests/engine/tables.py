"""Little markets written as tables of bars, for tests that read as the conventions do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from domain.backtests.engine import simulate
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.market.candles import Candles, Signals
from domain.market.scripts import PositionScripts

HOUR = 3_600_000
START = 1_704_067_200_000  # 2024-01-01 00:00 UTC
Bar = tuple[float, float, float, float]

# One coin, no costs, stop 2%, take profit 4%: an entry at 100 has its levels at 98 and 104.
FREE = Rules(
    initial_balance=1_000.0,
    fixed_qty=1.0,
    auto_sl=2.0,
    auto_tp=4.0,
    taker_fee=0.0,
    maker_fee=0.0,
    slippage_bps=0.0,
    min_cost=0.0,
    timeframe="1h",
)
QUIET: Bar = (100.0, 100.5, 99.5, 100.0)


def candles(bars: Sequence[Bar], times: Sequence[int] | None = None) -> Candles:
    """Hourly bars from midnight on, or bars opening `times` hours after it."""
    hours = np.arange(len(bars)) if times is None else np.array(times)
    open_, high, low, close = (np.array(column, np.float64) for column in zip(*bars, strict=True))
    time = (START + hours * HOUR).astype(np.int64)
    return Candles(time, open_, high, low, close, np.ones(len(bars)))


def signals(length: int, **at: Any) -> Signals:
    """`buy=[0]`: bars on which it is true; `stop_loss={0: 1.5}`: values at bars, NaN elsewhere;
    `scripts`: PositionScripts.
    """
    flags: dict[str, Any] = {
        name: np.isin(np.arange(length), list(at.get(name, ())))
        for name in ("buy", "sell", "exit_long", "exit_short")
    }
    levels: dict[str, Any] = {}
    for name in ("stop_loss", "take_profit"):
        levels[name] = np.full(length, np.nan)
        for bar, value in at.get(name, {}).items():
            levels[name][bar] = value
    return Signals(**flags, **levels, scripts=at.get("scripts"))


def mirrored(bars: Iterable[Bar]) -> list[Bar]:
    """The same market upside down about 100, so that a long's story becomes a short's."""
    return [(200.0 - o, 200.0 - low, 200.0 - high, 200.0 - c) for o, high, low, c in bars]


MIRROR = {"buy": "sell", "sell": "buy", "exit_long": "exit_short", "exit_short": "exit_long"}


def run(
    bars: Sequence[Bar],
    side: str = "buy",
    rules: Rules = FREE,
    times: Sequence[int] | None = None,
    **at: Any,
) -> Result:
    """The table as written for a long; with side 'sell' upside down, signals swapped."""
    if side == "sell":
        bars = mirrored(bars)
        at = {MIRROR.get(name, name): value for name, value in at.items()}
        if "scripts" in at:
            said: PositionScripts = at["scripts"]
            at["scripts"] = replace(said, exit_long=said.exit_short, exit_short=said.exit_long)
    return simulate(candles(bars, times), signals(len(bars), **at), rules)


def price(side: str, of_a_long: float) -> float:
    """A long's price, or its mirror image for a short."""
    return of_a_long if side == "buy" else 200.0 - of_a_long


def with_rules(**changes: Any) -> Rules:
    """FREE with changes."""
    return replace(FREE, **changes)
