"""Entries by hand: the same risk gate as a bot, with the user's own size and levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.config import config
from domain.bots.models import BotConfig
from domain.bots.roster import state_now
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.market.ports import Contract, Price
from domain.market.timeframes import MINUTE_MS
from domain.risk.gate import Appetite, Decision, Entry, decide_entry
from domain.risk.service import locked_limits
from domain.trading.intents import BUY, ENTRY, SELL, Intent, write_intent
from domain.trading.models import Order
from domain.trading.ports import Balance

VALID_MS = 30_000
"""How long after the tap an entry may be sent, of the wall's time."""
_FILLS_WITHIN_MS = 5 * MINUTE_MS
LOCKS = frozenset({"panicked", "halted", "closing"})
"""States of a bot that keep its owner from entering by hand as well."""
MOST_MOVED = 0.005
"""Share of the price by which it may have moved since it was looked at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`side` +1 or -1. `risk_percent` None = the user's own; `price`, USDT: as looked at; `now`:
    the market as it is, to be given for a preview.
    """

    mode: str
    symbol: str
    side: int
    risk_percent: float | None
    price: float
    now: Price | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the gate says. `loss`: USDT at the stop, costs included; `cost`: both fees."""

    decision: Decision
    entry: Entry
    risk_percent: float

    @property
    def cost(self) -> Decimal:
        """Fees of going in and out, USDT."""
        rate = Decimal(repr(self.decision.costs.taker))
        return 2 * self.notional * rate

    @property
    def notional(self) -> Decimal:
        """USDT."""
        return self.decision.qty * Decimal(repr(self.entry.price))

    @property
    def loss(self) -> Decimal:
        """At the stop, USDT, costs and expected slippage included."""
        slippage = 2 * self.notional * Decimal(repr(self.decision.costs.slippage))
        at_stop = self.notional * Decimal(repr(self.entry.stop_percent)) / 100
        return at_stop + self.cost + slippage


async def preview(
    session: AsyncSession,
    clock: MarketClock,
    user_id: int,
    asked: Asked,
    balance: Balance,
    contract: Contract,
) -> Preview:
    """Decide on an entry at `asked.price`, under the lock of the user's limits; writes no order.

    `balance` was read before. Raises DomainError("risk_above_setting", limit): more than the user's
    own risk per trade is a loosening, which is done there.
    """
    await locked_limits(session, user_id)
    sizing = await config(session, user_id)
    risk = sizing.max_risk_percent if asked.risk_percent is None else asked.risk_percent
    if not 0 < risk <= sizing.max_risk_percent:
        raise DomainError("risk_above_setting", limit=sizing.max_risk_percent)
    entry = _entry(user_id, asked, sizing, clock.now_ms())
    decision = await decide_entry(
        session,
        entry,
        Appetite(risk, sizing.leverage),
        await _latched(session, user_id, asked),
        balance,
        contract,
    )
    return Preview(decision, entry, risk)


async def enter(
    session: AsyncSession,
    clock: MarketClock,
    exchange: str,
    user_id: int,
    asked: Asked,
    price: Price,
    balance: Balance,
    contract: Contract,
) -> tuple[Preview, Order | None]:
    """The confirmed entry, decided anew at the price of now; None when the gate says no.

    Raises DomainError("price_moved", before, now) when that is too far from what was looked at.
    """
    if abs(price.last / asked.price - 1) > MOST_MOVED:
        raise DomainError("price_moved", before=asked.price, now=price.last)
    now = replace(asked, price=price.last, now=price)
    seen = await preview(session, clock, user_id, now, balance, contract)
    if not seen.decision.allowed:
        return seen, None
    now_ms = clock.now_ms()
    order = await write_intent(
        session,
        Intent(
            user_id=user_id,
            mode=asked.mode,
            exchange=exchange,
            symbol=asked.symbol,
            side=BUY if asked.side > 0 else SELL,
            purpose=ENTRY,
            decided_ms=now_ms,
            qty=seen.decision.qty,
            leverage=seen.decision.leverage,
            stop_percent=seen.entry.stop_percent,
            take_profit_percent=seen.entry.take_percent,
            signal_price=price.last,
            valid_until_ms=now_ms + int(VALID_MS * max(1.0, clock.speed)),
            fill_within_ms=_FILLS_WITHIN_MS,
        ),
    )
    return seen, order


def _entry(user_id: int, asked: Asked, sizing: BotConfig, now_ms: int) -> Entry:
    return Entry(
        user_id=user_id,
        mode=asked.mode,
        symbol=asked.symbol,
        side=asked.side,
        price=asked.price,
        stop_percent=sizing.auto_sl,
        take_percent=sizing.auto_tp,
        at_ms=now_ms,
        now=asked.now,
    )


async def _latched(session: AsyncSession, user_id: int, asked: Asked) -> str:
    """A bot that is stopped or paused does not keep its owner from acting; a lock does."""
    state = await state_now(session, user_id, asked.mode, asked.symbol)
    return state if state in LOCKS else "running"
