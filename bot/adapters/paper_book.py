"""One user's book at the paper exchange, in memory while it is stepped: doubles, no rows."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field

from domain.market.ports import Contract
from domain.trading.costs import Costs, added_up, padded
from domain.trading.fills import Position
from domain.trading.sizing import Terms

BASIS_POINTS = 10_000.0


@dataclass(frozen=True, slots=True)
class PaperRules:
    """The conventions of paper trading; those of the backtest by default.

    `start_balance` USDT of a new account. `slippage_bps` basis points. `maker_take_profit`: a take
    profit at its price pays the maker's fee. `entry_bar_levels`, `levels_from_close`: as in the
    backtest's rules.
    """

    start_balance: float = 10_000.0
    slippage_bps: float = 2.0
    maker_take_profit: bool = False
    entry_bar_levels: bool = True
    levels_from_close: bool = False

    def costs(self, contract: Contract) -> Costs:
        """What a trade on this market costs."""
        taker = float(contract.taker_fee)
        return Costs(
            taker=taker,
            take_profit=float(contract.maker_fee) if self.maker_take_profit else taker,
            slippage=self.slippage_bps / BASIS_POINTS,
            maintenance=float(contract.mmr),
            tiers=padded(contract.tiers),
        )


@dataclass(frozen=True, slots=True)
class Bars:
    """What is known of one symbol for this step: its bars since the oldest need, as lists.

    `stamps`, `rates`: funding due in that span.
    """

    contract: Contract
    costs: Costs
    time: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    stamps: list[int]
    rates: list[float]

    def after(self, moment_ms: int) -> list[int]:
        """Opens later than `moment_ms`."""
        return self.time[bisect_right(self.time, moment_ms) :]

    def row(self, open_ms: int) -> int | None:
        """Where the bar that opens then is; None = it is missing."""
        place = bisect_right(self.time, open_ms) - 1
        return place if place >= 0 and self.time[place] == open_ms else None

    def rate(self, after_ms: int, until_ms: int) -> float:
        """Sum of the rates whose stamps lie in (after_ms, until_ms]."""
        first, last = bisect_right(self.stamps, after_ms), bisect_right(self.stamps, until_ms)
        return added_up(self.rates[first:last])

    def terms(self, order: Pending) -> Terms:
        """What sizes this order's entry."""
        contract = self.contract
        most = [float(each) for each in (contract.max_market_qty, order.max_qty) if each]
        return Terms(
            risk_percent=order.risk_percent or 0.0,
            leverage=float(order.leverage),
            qty_step=float(contract.qty_step),
            min_qty=float(contract.min_qty),
            max_qty=min(most, default=0.0),
            min_cost=float(contract.min_cost_usdt),
            price_tick=float(contract.price_tick),
            fixed_qty=order.qty if order.risk_percent is not None else 0.0,
        )


@dataclass(slots=True)
class Held:
    """An open position. `mark`: the last price stepped, of the bar that opened at `stepped_ms`."""

    position: Position
    leverage: int
    mark: float
    stepped_ms: int


@dataclass(slots=True)
class Pending:
    """A placed order, as the row `paper_orders`; NaN percents = none."""

    id: int
    client_order_id: str
    symbol: str
    side: int
    reduce_only: bool
    close: int
    detail: str | None
    qty: float
    leverage: int
    price: float
    stop_percent: float
    take_percent: float
    risk_percent: float | None
    max_qty: float | None
    from_ms: int
    expires_ms: int | None
    state: str = "pending"
    error_code: str | None = None
    filled_qty: float = 0.0
    fill_price: float | None = None

    def end(self, state: str, error_code: str | None = None) -> None:
        """It will not fill."""
        self.state, self.error_code = state, error_code

    def fill(self, qty: float, price: float) -> None:
        """It did."""
        self.state, self.filled_qty, self.fill_price = "filled", qty, price


@dataclass(frozen=True, slots=True)
class Execution:
    """A fill to be, as the row `paper_fills`; NaN levels = none."""

    client_order_id: str | None
    symbol: str
    side: int
    qty: float
    price: float
    fee: float
    funding: float
    slippage: float
    pnl: float | None
    reason: str
    detail: str | None
    at_ms: int
    stop: float = math.nan
    take: float = math.nan
    liquidation: float = math.nan


@dataclass(slots=True)
class Book:
    """A user's wallet, positions by symbol, orders as placed, and what was executed in this step.

    `fills`: how many executions there were before it.
    """

    user_id: int
    wallet: float
    fills: int = 0
    positions: dict[str, Held] = field(default_factory=dict)
    orders: list[Pending] = field(default_factory=list)
    executed: list[Execution] = field(default_factory=list)
    wallet_before: float = field(init=False)

    def __post_init__(self) -> None:
        self.wallet_before = self.wallet

    @property
    def margin(self) -> float:
        """Isolated margins of all positions, as put in."""
        return added_up(held.position.margin for held in self.positions.values())

    def pending(self, symbol: str, open_ms: int, reduce_only: bool) -> list[Pending]:
        """Orders of one kind that may fill on a bar that opens then."""
        return [
            order
            for order in self.orders
            if order.state == "pending"
            and order.symbol == symbol
            and order.reduce_only == reduce_only
            and order.from_ms <= open_ms
        ]
