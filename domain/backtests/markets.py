"""What differs from symbol to symbol in a backtest of several on one balance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

from domain.errors import DomainError
from domain.market.ports import Contract, Funding

Tiers = tuple[tuple[float, float], ...]
"""Margin tiers above the lowest: (notional in USDT from which it holds, maintenance rate)."""
TIERS_ALLOWED = "[[notional, rate], ...], both ascending from mmr on, rates < 1 with the fee"


@dataclass(frozen=True, slots=True)
class Market:
    """One symbol's own steps, minimums and rates; None = what the rules say for all.

    Units as in `Rules`. `max_leverage` can only lower the rules' own. The rules' `tiers` hold only
    where neither `mmr` nor `tiers` are the market's own.
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
    tiers: Tiers | None = None
    funding: Funding | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Raises DomainError("bad_rule", field, value, allowed)."""
        for name, value in self.values().items():
            if name not in ("funding", "tiers") and not 0.0 <= value < math.inf:
                raise DomainError("bad_rule", field=name, value=value, allowed=">= 0")

    def values(self) -> dict[str, Any]:
        """What this market says of its own."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.mmr is not None and self.tiers is None:
            named["tiers"] = ()
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
        tiers=tiers_of(contract),
        funding=funding,
    )


def tiers_of(contract: Contract) -> Tiers:
    """A contract's margin tiers above the lowest."""
    return tuple((float(floor), float(rate)) for floor, rate in contract.tiers)


def tiers_from(value: Any) -> Tiers:
    """Tiers out of a TOML array of pairs. Raises DomainError("bad_rule", field, value, allowed)."""
    rows = value if isinstance(value, list | tuple) else [value]
    if not all(_is_pair(row) for row in rows):
        raise bad_tiers(value)
    return tuple((float(floor), float(rate)) for floor, rate in rows)


def bad_tiers(value: object) -> DomainError:
    """The error to raise for tiers that make no sense."""
    return DomainError("bad_rule", field="tiers", value=str(value)[:60], allowed=TIERS_ALLOWED)


def ascend(mmr: float, tiers: Tiers, fee: float) -> bool:
    """Whether a larger position is never asked for less, and nothing is liquidated at any price."""
    steps = list(pairwise(((0.0, mmr), *tiers)))
    return all(
        below[0] < above[0] < math.inf and below[1] <= above[1] and above[1] + fee < 1.0
        for below, above in steps
    )


def _is_pair(row: Any) -> bool:
    return (
        isinstance(row, list | tuple)
        and len(row) == 2
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in row)
    )


def market_from(values: Any, symbol: str) -> Market:
    """A market out of a TOML table of its fields. Raises "unknown_rule", "bad_rule"."""
    known = [each.name for each in fields(Market) if each.name != "funding"]
    if not isinstance(values, dict):
        raise DomainError("bad_rule", field=symbol, value=str(values)[:60], allowed="a table")
    for name, value in values.items():
        if name not in known:
            raise DomainError("unknown_rule", field=name[:60], known=", ".join(known))
        if name != "tiers" and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise DomainError("bad_rule", field=name, value=value, allowed="float")
    own = {"tiers": tiers_from(values["tiers"])} if "tiers" in values else {}
    return Market(**{**values, **own})
