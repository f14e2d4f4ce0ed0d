"""What trading needs from an exchange. One `Exchange` object speaks for one user in one mode."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class Balance:
    """USDT. `equity`: balance marked with open positions; `free`: balance less their margin."""

    balance: Decimal
    equity: Decimal
    free: Decimal


@dataclass(frozen=True, slots=True)
class Moved:
    """USDT that somebody paid into the account (positive) or took out of it; `at_ms`: when."""

    transfer_id: str
    amount: Decimal
    at_ms: int


AskMoved = Callable[[int], Awaitable[Sequence[Moved]]]
"""(ms) -> what was moved from then on. Raises DomainError when it can not be told."""


@dataclass(frozen=True, slots=True)
class ExchangePosition:
    """An open position as the exchange sees it. `side`: long, short.

    `qty` in coins; prices, margin in USDT. `funding`: paid since it opened, negative = received.
    `stops`, `takes`: where several stand, all of them.
    """

    symbol: str
    side: str
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal
    unrealized_pnl: Decimal
    margin: Decimal
    leverage: int
    liquidation_price: Decimal | None
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    opened_ms: int
    funding: Decimal = Decimal(0)
    stops: tuple[Decimal, ...] = ()
    takes: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A market order. Levels are percents of the fill price (entries only); `*_ms` are market time.

    `qty` 0 of a reduce-only order: everything. An entry with a `risk_percent` is sized at the fill,
    which only an exchange with `sizes_at_fill` can: that share of the equity after what closed at
    that open, at `signal_price` (the signal bar's close); `qty` > 0 with a `risk_percent` is then
    the size, or nothing when the free margin does not carry it, and `max_qty` the most that comes
    of the share. `fill_within_ms` (simulated fills):
    an entry expires when no bar opens within it after the order arrived (None: waits).
    """

    client_order_id: str
    symbol: str
    side: str
    qty: Decimal
    reduce_only: bool
    leverage: int
    stop_percent: float | None
    take_profit_percent: float | None
    decided_ms: int
    valid_until_ms: int | None
    exit_reason: str | None = None
    exit_detail: str | None = None
    signal_price: float | None = None
    risk_percent: float | None = None
    fill_within_ms: int | None = None
    max_qty: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderReport:
    """`state`: accepted, filled, rejected, expired, cancelled; `error_code` (ours) says why it was
    refused, or that it is not told (`notices.UNTOLD`).
    """

    client_order_id: str
    exchange_order_id: str
    state: str
    filled_qty: Decimal = Decimal(0)
    fill_price: Decimal | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class ExchangeFill:
    """An execution. `fill_id` is unique per account and ascending, a real exchange's begins with
    its time (ms, 13 digits); `reason`: entry or an exit reason (`ExitReason` value), "" = the
    exchange does not say, see `classify`.

    `price` as executed (slippage inside); `fee`, `funding` (of the part closed, since its entry),
    `slippage` in USDT, positive = paid; None = to be computed from what we know of the position.
    `pnl` (of an exit): net of all fees and funding of the part closed, where the exchange says so;
    None = to be computed. Levels (of an entry): as they were set at the fill, where known. Ours is
    who placed `client_order_id`, or whose order the exchange calls `exchange_order_id`.
    """

    fill_id: str
    client_order_id: str | None
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    funding: Decimal | None
    slippage: Decimal | None
    reason: str
    detail: str | None
    at_ms: int
    exchange_order_id: str | None = None
    pnl: Decimal | None = None
    stop_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    liquidation_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LevelRequest:
    """Where the protective levels of an open position shall stand; None = none. Prices in USDT,
    `qty`: what is held, in coins.
    """

    symbol: str
    side: str
    qty: Decimal
    stop_price: Decimal | None
    take_profit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class AccountQuestion:
    """What reconcile wants of an account: fills after `after`; the state of orders (client id,
    symbol). `symbols`: where we hold or may soon hold something. `insists`: somebody waits for the
    answer: what fails and changes nothing is asked again at once.
    """

    after: str | None = None
    orders: tuple[tuple[str, str], ...] = ()
    symbols: tuple[str, ...] = ()
    insists: bool = False


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """An account at one moment. `fills` oldest first; `orders`: those asked for that it knows.

    Fills are read after positions: they may be ahead of them, never behind. `overlaps`: some of the
    fills may have been booked before.
    """

    balance: Balance
    positions: tuple[ExchangePosition, ...] = ()
    fills: tuple[ExchangeFill, ...] = ()
    orders: tuple[OrderReport, ...] = ()
    overlaps: bool = False


class OrderRejectedError(DomainError):
    """The exchange said no, for certain. `code` is ours: insufficient_balance, ..."""


class OrderUnknownError(DomainError):
    """The answer was lost: the order may or may not exist. Look it up by client order id."""


class Exchange(Protocol):
    """All may raise DomainError("exchange_unreachable"); only `place`, `cancel`, `set_levels`
    change anything.
    """

    @property
    def name(self) -> str: ...

    @property
    def dedupes_client_id(self) -> bool:
        """An order sent again with the same client id is the same order, also after it ended."""
        ...

    @property
    def sizes_at_fill(self) -> bool:
        """An entry may leave its quantity to the fill (simulated exchanges only)."""
        ...

    async def balance(self) -> Balance: ...

    async def positions(self) -> tuple[ExchangePosition, ...]: ...

    async def holdings(self) -> tuple[ExchangePosition, ...]:
        """As `positions`, but with as few calls as can be: without their levels."""
        ...

    async def place(self, request: OrderRequest) -> OrderReport:
        """Send once. Raises OrderRejectedError or OrderUnknownError."""
        ...

    async def cancel(self, client_order_id: str, symbol: str) -> None: ...

    async def set_levels(self, request: LevelRequest) -> None:
        """Move the levels of an open position: a new one stands before an old one goes, and what
        stands where it should is left alone.

        Raises OrderRejectedError: "level_passed" (the price is beyond it), "position_gone"; any
        other DomainError: ask the account again.
        """
        ...

    async def find(self, client_order_id: str, symbol: str) -> OrderReport | None:
        """None = the exchange never heard of it."""
        ...

    async def fills(self, after: str | None, limit: int = 500) -> tuple[ExchangeFill, ...]:
        """Executions after that fill id, oldest first."""
        ...


class Exchanges(Protocol):
    """Where a user's exchange comes from."""

    def of(self, user_id: int, mode: str) -> Exchange:
        """A user's account in a mode (paper, demo, live). Raises DomainError("no_key")."""
        ...

    async def balances(self, mode: str, user_ids: Sequence[int]) -> Mapping[int, Balance]:
        """Many balances at once; users whose account can not be read are left out."""
        ...

    async def snapshots(
        self, mode: str, questions: Mapping[int, AccountQuestion]
    ) -> Mapping[int, AccountSnapshot]:
        """Many accounts at once; users whose account can not be read are left out."""
        ...
