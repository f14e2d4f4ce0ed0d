"""The risk gate: may this entry be, and how large? The answer is a value, never an exception.

Decided under the lock of the user's limits, inside the transaction that writes the order: two
entries of one user can not both count on the same free margin or on the last free place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import from_ms
from domain.market.ports import Contract, Price
from domain.money import exact, floor_step
from domain.risk import kills
from domain.risk.days import DayCheck, check_day
from domain.risk.exposure import Taken, taken
from domain.risk.market import PRICE_UNSEEN, market_denial
from domain.risk.models import NO_LIMIT_USDT, RiskSettings
from domain.risk.people import person
from domain.risk.service import locked_limits
from domain.risk.symbols import permits
from domain.trading.costs import Costs, padded
from domain.trading.intents import SIMULATED
from domain.trading.ports import Balance
from domain.trading.sizing import (
    ALLOWED,
    BELOW_MINIMUM,
    DENIALS,
    Terms,
    levels_denial,
    size_denial,
    size_qty,
)

BASIS_POINTS = 10_000.0
BLOCKING_STATES = {
    "paused": "bot_paused",
    "halted": "bot_halted",
    "panicked": "bot_panicked",
    "closing": "bot_closing",
    "stopped": "bot_stopped",
}
"""A bot in one of these states enters nothing; its exits and stops go on."""


@dataclass(frozen=True, slots=True)
class Appetite:
    """What a user asks of their bot. `leverage` may exceed the limits, which then hold.

    `slippage_bps`: expected, counted into the loss at the stop. `maker_take_profit`: a take profit
    pays the maker's fee. `fixed_qty` > 0 replaces the size formula.
    """

    risk_percent: float
    leverage: float
    slippage_bps: float = 2.0
    maker_take_profit: bool = False
    fixed_qty: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry wanted at a close.

    `side` +1 or -1; `price`: that close; `stop_percent`, `take_percent` of the entry price, NaN =
    none. `reverses`: the position held on this symbol is closed in the same breath, and the size is
    made at the fill from what is then there. `client_order_id`: the order that this is about, when
    there is one already: it is not counted against itself. `now`: the market as it is at the
    decision, without which nothing is entered at a real account.
    """

    user_id: int
    mode: str
    symbol: str
    side: int
    price: float
    stop_percent: float
    take_percent: float
    at_ms: int
    reverses: bool = False
    client_order_id: str | None = None
    now: Price | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is empty when allowed; `params` are its values. `qty` in coins, 0 when denied.

    A reversal's entry has qty 0 (or the fixed one): the exchange sizes it after the close, which
    is when its equity is known, and refuses it there when it is below the minimum; `max_qty` is
    then the most it may become, None = whatever the formula says.
    `terms`, `costs`: what sized it. `day`: the daily loss as seen.
    """

    reason: str
    qty: Decimal
    leverage: int
    terms: Terms
    costs: Costs
    day: DayCheck
    params: Mapping[str, float | int | str] = field(default_factory=dict)
    max_qty: Decimal | None = None

    @property
    def allowed(self) -> bool:
        """Whether an order may be written."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the checks look at, read under the lock."""

    entry: Entry
    limits: RiskSettings
    suspended: bool
    killed: str | None
    bot_state: str
    taken: Taken
    balance: Balance
    day: DayCheck
    terms: Terms
    costs: Costs
    contract: Contract

    @property
    def room(self) -> tuple[Decimal, str]:
        """What this entry may be worth, USDT, and the limit that says so."""
        order, exposure = self.limits.max_order_usdt, self.limits.max_exposure_usdt
        left = exact(exposure) - self.taken.notional_apart_from(self.entry.symbol)
        return min((exact(order), "order_limit"), (left, "exposure_limit"))

    @property
    def binds(self) -> bool:
        """Whether the user has set a limit of what may be open."""
        return min(self.limits.max_order_usdt, self.limits.max_exposure_usdt) < NO_LIMIT_USDT

    @property
    def most(self) -> Decimal:
        """Coins that fit into the room, in whole steps."""
        fits = max(self.room[0], Decimal(0)) / Decimal(repr(self.entry.price))
        return floor_step(fits, _step(self.contract))


Denial = tuple[str, Mapping[str, float | int | str]]


async def decide_entry(
    session: AsyncSession,
    entry: Entry,
    appetite: Appetite,
    bot_state: str,
    balance: Balance,
    contract: Contract,
) -> Decision:
    """Decide on one entry. `balance` was read before the transaction, marked at `entry.at_ms`.

    Call it before anything of this decision is written: the orders it counts are those of others.
    """
    limits = await locked_limits(session, entry.user_id)
    suspended, zone = await person(session, entry.user_id)
    day = await check_day(
        session,
        entry.user_id,
        entry.mode,
        balance.equity,
        zone=zone,
        limit=limits.daily_loss_limit,
        at=from_ms(entry.at_ms),
    )
    terms, costs = terms_of(contract, appetite, limits), costs_of(contract, appetite)
    killed = await kills.denial(session, entry.user_id, entry.symbol)
    at_risk = await taken(session, entry.user_id, entry.mode, apart_from=entry.client_order_id)
    return _judge(
        Standing(
            entry, limits, suspended, killed, bot_state, at_risk, balance, day, terms, costs,
            contract,
        )
    )  # fmt: skip


def terms_of(contract: Contract, appetite: Appetite, limits: RiskSettings) -> Terms:
    """What sizes an entry: the leverage is the least of what is asked, allowed and possible."""
    return Terms(
        risk_percent=float(appetite.risk_percent),
        leverage=float(min(appetite.leverage, limits.max_leverage, contract.max_leverage)),
        qty_step=float(contract.qty_step),
        min_qty=float(contract.min_qty),
        max_qty=float(contract.max_market_qty or 0),
        min_cost=float(contract.min_cost_usdt),
        price_tick=float(contract.price_tick),
        fixed_qty=appetite.fixed_qty,
    )


def costs_of(contract: Contract, appetite: Appetite) -> Costs:
    """A market's rates and the slippage that is counted on."""
    taker = float(contract.taker_fee)
    return Costs(
        taker=taker,
        take_profit=float(contract.maker_fee) if appetite.maker_take_profit else taker,
        slippage=appetite.slippage_bps / BASIS_POINTS,
        maintenance=float(contract.mmr),
        tiers=padded(contract.tiers),
    )


def _judge(seen: Standing) -> Decision:
    for check in _CHECKS:
        denial = check(seen)
        if denial is not None:
            return _denied(seen, *denial)
    if seen.entry.reverses:
        return _allowed(seen, exact(seen.terms.fixed_qty), seen.most if seen.binds else None)
    qty = min(_quantity(seen), seen.most) if seen.binds else _quantity(seen)
    denial = _size(seen, float(qty))
    return _allowed(seen, qty) if denial is None else _denied(seen, *denial)


def _size(seen: Standing, qty: float) -> Denial | None:
    entry, terms = seen.entry, seen.terms
    code = size_denial(entry.side, qty, entry.price, entry.stop_percent, terms, seen.costs)
    if code == BELOW_MINIMUM:
        minimum = max(terms.min_qty, terms.qty_step, terms.min_cost / entry.price)
        return DENIALS[code], {"qty": qty, "minimum": minimum}
    return _denial_of_levels(seen, code)


def _allowed(seen: Standing, qty: Decimal, most: Decimal | None = None) -> Decision:
    leverage = int(seen.terms.leverage)
    return Decision("", qty, leverage, seen.terms, seen.costs, seen.day, max_qty=most)


def _quantity(seen: Standing) -> Decimal:
    """Whole steps, also after the way from double to decimal."""
    entry = seen.entry
    qty = size_qty(
        float(seen.balance.equity),
        float(seen.taken.free(seen.balance)),
        entry.price,
        entry.stop_percent,
        seen.terms,
        seen.costs,
    )
    return floor_step(exact(qty), _step(seen.contract))


def _step(contract: Contract) -> Decimal:
    return max(contract.qty_step, exact("0.00000001"))


def _denied(seen: Standing, reason: str, params: Mapping[str, float | int | str]) -> Decision:
    return Decision(
        reason, Decimal(0), int(seen.terms.leverage), seen.terms, seen.costs, seen.day, params
    )


def _person(seen: Standing) -> Denial | None:
    if seen.suspended:
        return "suspended", {}
    if seen.killed is not None:
        return seen.killed, {"symbol": seen.entry.symbol}
    if seen.bot_state in BLOCKING_STATES:
        return BLOCKING_STATES[seen.bot_state], {}
    return None


def _market(seen: Standing) -> Denial | None:
    entry, limits = seen.entry, seen.limits
    if entry.mode in SIMULATED:
        return None
    if entry.now is None:
        return PRICE_UNSEEN, {}
    code = market_denial(entry.price, entry.now, limits)
    if code is None:
        return None
    return code, {
        "symbol": entry.symbol,
        "price": entry.now.last,
        "percent": limits.price_collar,
        "floor": limits.min_turnover_usdt,
    }


def _daily_loss(seen: Standing) -> Denial | None:
    if not seen.day.halted:
        return None
    return "daily_loss", {
        "loss": float(seen.day.loss),
        "limit": seen.limits.daily_loss_limit,
        "until_ms": int(seen.day.ends_at.timestamp() * 1000),
    }


def _symbol_free(seen: Standing) -> Denial | None:
    symbol, source = seen.entry.symbol, seen.taken.held.get(seen.entry.symbol)
    if not permits(seen.limits, symbol):
        return "symbol_not_allowed", {"symbol": symbol}
    if source == "external":
        return "external_position", {"symbol": symbol}
    if source is not None and not seen.entry.reverses:
        return "position_open", {"symbol": symbol}
    if symbol in seen.taken.pending:
        return "entry_pending", {"symbol": symbol}
    return None


def _places(seen: Standing) -> Denial | None:
    used = seen.taken.places_used(seen.entry.symbol)
    if used < seen.limits.max_positions:
        return None
    return "max_positions", {"used": used, "limit": seen.limits.max_positions}


def _room(seen: Standing) -> Denial | None:
    """What does not fit whole is made smaller; here it is refused where nothing fits at all."""
    if not seen.binds:
        return None
    minimum = max(seen.terms.min_qty, seen.terms.min_cost / seen.entry.price)
    least = max(minimum, seen.terms.fixed_qty)
    if seen.most > 0 and float(seen.most) >= least:
        return None
    room, limit = seen.room
    return limit, {"room": float(max(room, Decimal(0))), "minimum": least * seen.entry.price}


def _levels(seen: Standing) -> Denial | None:
    entry = seen.entry
    code = levels_denial(
        entry.side, entry.stop_percent, entry.take_percent, seen.terms.leverage, seen.costs
    )
    return _denial_of_levels(seen, code)


def _denial_of_levels(seen: Standing, code: int) -> Denial | None:
    if code == ALLOWED:
        return None
    stop = seen.entry.stop_percent
    shown = {} if math.isnan(stop) else {"stop_percent": stop}
    return DENIALS[code], {**shown, "leverage": int(seen.terms.leverage)}


_CHECKS: tuple[Callable[[Standing], Denial | None], ...] = (
    _person,
    _symbol_free,
    _market,
    _daily_loss,
    _places,
    _room,
    _levels,
)
