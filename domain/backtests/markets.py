"""What differs from symbol to symbol in a backtest of several on one balance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from domain.errors import DomainError
from domain.market.ports import Contract, Funding


@dataclass(frozen=True, slots=True)
class Market:
    """One symbol's own steps, minimums and rates; None = what the rules say for all.

    Units as in `Rules`. `max_leverage` can only lower the rules' own.
    """

    qty_step: float | None = None
    min_qty: float | None = None
    max_qty: float | None = None
    price_tick: float | None = None
    min_cost: float | None = None
    max_leverage: float | None = None
    taker_fee: float | None = None
    maker_fee: float | None = None
    mmr: float | None = None
    funding: Funding | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Raises DomainError("bad_rule", field, value, allowed)."""
        for name, value in self.values().items():
            if name != "funding" and not 0.0 <= value < math.inf:
                raise DomainError("bad_rule", field=name, value=value, allowed=">= 0")

    def values(self) -> dict[str, Any]:
        """What this market says of its own."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in named.items() if value is not None}


def market_of(contract: Contract, funding: Funding | None = None) -> Market:
    """A contract's limits and rates."""
    greatest = contract.max_market_qty
    return Market(
        qty_step=float(contract.qty_step),
        min_qty=float(contract.min_qty),
        max_qty=None if greatest is None else float(greatest),
        price_tick=float(contract.price_tick),
        min_cost=float(contract.min_cost_usdt),
        max_leverage=float(contract.max_leverage),
        taker_fee=float(contract.taker_fee),
        maker_fee=float(contract.maker_fee),
        mmr=float(contract.mmr),
        funding=funding,
    )


def market_from(values: Any, symbol: str) -> Market:
    """A market out of a TOML table of its fields. Raises "unknown_rule", "bad_rule"."""
    known = [each.name for each in fields(Market) if each.name != "funding"]
    if not isinstance(values, dict):
        raise DomainError("bad_rule", field=symbol, value=str(values)[:60], allowed="a table")
    for name, value in values.items():
        if name not in known:
            raise DomainError("unknown_rule", field=name[:60], known=", ".join(known))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DomainError("bad_rule", field=name, value=value, allowed="float")
    return Market(**values)
