"""The conventions of a backtest as one frozen value: every field has its default and its unit."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.backtests.markets import (
    Market,
    Tiers,
    ascend,
    bad_tiers,
    market_from,
    tiers_from,
    tiers_of,
)
from domain.errors import DomainError
from domain.market.ports import Contract, Funding
from domain.market.timeframes import to_ms
from domain.trading.costs import Costs, padded
from domain.trading.sizing import Terms

BASIS_POINTS = 10_000.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What a backtest assumes.

    Size and levels: `max_risk_percent` of equity per trade, `leverage` (used: the least of it and
    `max_leverage`), `auto_tp`, `auto_sl` in percent of the entry price where the strategy gives
    none (None: no take profit; no stop means no entry). `fixed_qty` replaces the size formula.
    Costs: `taker_fee`, `maker_fee`, `mmr` (maintenance margin rate) as fractions, `slippage_bps` in
    basis points; `tp_maker`: a take profit at its price pays the maker fee. `tiers`: (notional of
    the entry in USDT, `mmr` from there on), ascending.
    The market: `qty_step`, `min_qty`, `max_qty`, `price_tick` (0 or None = none), `min_cost` USDT.
    `daily_loss_limit` in USDT (None = off), days in the time zone `tz`.
    `timeframe`: the bars' length, None = the least distance between two bars.
    Flags that imitate other backtesters: `entry_bar_levels` False leaves levels untested on the bar
    of the entry; `levels_from_close` measures them from the signal's close.
    `funding`: the symbol's stamps and rates, None = not charged (and said so in the result).
    Of several symbols on one balance: `max_positions` at once, `markets` what is a symbol's own.
    """

    initial_balance: float = 10_000.0
    max_risk_percent: float = 1.0
    leverage: float = 5.0
    max_leverage: float = 10.0
    auto_tp: float | None = 3.0
    auto_sl: float | None = 1.5
    taker_fee: float = 0.0006
    maker_fee: float = 0.0002
    tp_maker: bool = False
    slippage_bps: float = 2.0
    mmr: float = 0.004
    tiers: Tiers = ()
    qty_step: float = 0.0
    min_qty: float = 0.0
    max_qty: float | None = None
    min_cost: float = 5.0
    price_tick: float = 0.0
    fixed_qty: float | None = None
    daily_loss_limit: float | None = None
    tz: str = "UTC"
    symbol: str = "BTCUSDT"
    timeframe: str | None = None
    entry_bar_levels: bool = True
    levels_from_close: bool = False
    max_positions: int = 5
    markets: Mapping[str, Market] = field(default_factory=dict, hash=False, repr=False)
    funding: Funding | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Raises DomainError("bad_rule", field, value, allowed)."""
        for name in _POSITIVE:
            self._require(name, 0.0 < getattr(self, name) < math.inf, "> 0")
        for name in _NOT_NEGATIVE:
            self._require(name, 0.0 <= getattr(self, name) < math.inf, ">= 0")
        for name in _OPTIONAL:
            value = getattr(self, name)
            self._require(name, value is None or 0.0 < value < math.inf, "> 0 or left out")
        self._require("leverage", min(self.leverage, self.max_leverage) >= 1.0, ">= 1")
        self._require("max_positions", self.max_positions >= 1, ">= 1")
        self._require("max_risk_percent", self.max_risk_percent <= 100.0, "<= 100")
        self._require("mmr", self.mmr + self.taker_fee < 1.0, "< 1 with the fee")
        if not ascend(self.mmr, self.tiers, self.taker_fee):
            raise bad_tiers(self.tiers)
        if self.timeframe is not None:
            to_ms(self.timeframe)
        try:
            ZoneInfo(self.tz)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._require("tz", False, "a time zone such as UTC or Asia/Seoul")

    def _require(self, name: str, sound: bool, allowed: str) -> None:
        if not sound:
            raise DomainError("bad_rule", field=name, value=getattr(self, name), allowed=allowed)

    @classmethod
    def from_toml(cls, path: Path) -> Rules:
        """Rules from a TOML file of fields (top level or a [rules] table).

        Raises DomainError("rules_unreadable", path, reason), ("unknown_rule", field, known),
        ("bad_rule", field, value, allowed).
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DomainError("rules_unreadable", path=path.name, reason=str(error)) from error
        return cls.from_values(document.get("rules", document))

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Rules:
        """Rules from named values, each checked for its type. Raises as `from_toml`.

        `markets`: a table of tables, symbol -> fields of `Market`.
        """
        own = values.get("markets", {})
        if not isinstance(own, dict):
            raise DomainError("bad_rule", field="markets", value=str(own)[:60], allowed="a table")
        markets = {symbol: market_from(table, symbol) for symbol, table in own.items()}
        values = {name: value for name, value in values.items() if name != "markets"}
        if "tiers" in values:
            values["tiers"] = tiers_from(values["tiers"])
        kinds = {each.name: str(each.type) for each in fields(cls)}
        kinds = {name: kind for name, kind in kinds.items() if name not in ("funding", "markets")}
        for name, value in values.items():
            if name not in kinds:
                raise DomainError("unknown_rule", field=name, known=", ".join(kinds))
            if not _fits(value, kinds[name]):
                raise DomainError("bad_rule", field=name, value=value, allowed=kinds[name])
        return cls(**values, markets=markets)

    def for_symbol(self, symbol: str) -> Rules:
        """The rules of one of several symbols: what is its own over what is said for all."""
        market = self.markets.get(symbol)
        if market is None:
            return replace(self, symbol=symbol, markets={})
        own = market.values()
        if "max_leverage" in own:
            own["max_leverage"] = min(self.max_leverage, own["max_leverage"])
        return replace(self, symbol=symbol, markets={}, **own)

    def for_contract(self, contract: Contract) -> Rules:
        """The same rules with a market's own steps, minimums and rates."""
        return replace(
            self,
            symbol=contract.symbol,
            qty_step=float(contract.qty_step),
            min_qty=float(contract.min_qty),
            max_qty=None if contract.max_market_qty is None else float(contract.max_market_qty),
            min_cost=float(contract.min_cost_usdt),
            price_tick=float(contract.price_tick),
            max_leverage=min(self.max_leverage, float(contract.max_leverage)),
            taker_fee=float(contract.taker_fee),
            maker_fee=float(contract.maker_fee),
            mmr=float(contract.mmr),
            tiers=tiers_of(contract),
        )

    def terms(self) -> Terms:
        """What sizes an entry."""
        return Terms(
            risk_percent=float(self.max_risk_percent),
            leverage=float(min(self.leverage, self.max_leverage)),
            qty_step=float(self.qty_step),
            min_qty=float(self.min_qty),
            max_qty=float(self.max_qty or 0.0),
            min_cost=float(self.min_cost),
            price_tick=float(self.price_tick),
            fixed_qty=float(self.fixed_qty or 0.0),
        )

    def costs(self) -> Costs:
        """What a trade costs."""
        return Costs(
            taker=float(self.taker_fee),
            take_profit=float(self.maker_fee if self.tp_maker else self.taker_fee),
            slippage=self.slippage_bps / BASIS_POINTS,
            maintenance=float(self.mmr),
            tiers=padded(self.tiers),
        )


_POSITIVE = ("initial_balance", "max_risk_percent", "leverage", "max_leverage")
_NOT_NEGATIVE = (
    "taker_fee",
    "maker_fee",
    "slippage_bps",
    "mmr",
    "qty_step",
    "min_qty",
    "min_cost",
    "price_tick",
)
_KINDS = {"bool": bool, "Tiers": tuple}
_OPTIONAL = ("auto_tp", "auto_sl", "max_qty", "fixed_qty", "daily_loss_limit")


def _fits(value: Any, kind: str) -> bool:
    """Whether a TOML value suits a field declared as `kind`: an int may stand for a float."""
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind.startswith("float"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, _KINDS.get(kind, str))
