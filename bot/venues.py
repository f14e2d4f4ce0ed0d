"""The exchanges whose prices may be used, and at which of them accounts may trade.

A leaf: it is read where ccxt, which costs 100 MiB, may never be wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

VenueName = Literal["bitget", "binance", "bybit"]


@dataclass(frozen=True)
class Venue:
    """`types`: what ccxt calls the kind of market that holds USDT perpetuals. `said`: with each
    public call. `trades`: keys and orders are spoken there; elsewhere its prices serve paper
    trading, backtests and charts alone. `pages_funding`: past rates come by page number, newest
    first; else onwards from a time.
    """

    types: tuple[str, ...]
    said: Mapping[str, Any] = field(default_factory=dict)
    trades: bool = False
    pages_funding: bool = False


VENUES: dict[str, Venue] = {
    # Left open, ccxt probes which kind of account it is and takes any error for an answer.
    "bitget": Venue(("swap",), {"uta": False}, trades=True, pages_funding=True),
    "binance": Venue(("linear",)),
    "bybit": Venue(("linear",)),
}
"""By ccxt's id. Those that do not trade are experiments: never tried at the exchange itself."""
