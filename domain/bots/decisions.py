"""What a bot does about a signal, in one transaction: row, risk gate, order intents, alert."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.closes import claim_close
from domain.bots.roster import Bot, state_now
from domain.bots.ticks import entry_valid_until_ms
from domain.bots.wishes import Wish, sides_held, wish_of
from domain.clock import from_ms
from domain.errors import DomainError
from domain.market.ports import Contract, Price
from domain.market.timeframes import to_ms
from domain.outbox.service import Outbox
from domain.risk.day_watch import tell_halt, watch_day
from domain.risk.gate import Appetite, Decision, Entry, decide_entry
from domain.signals import service as signals
from domain.signals.evaluate import Reading
from domain.signals.models import TradingSignal
from domain.trading.intents import (
    BUY,
    ENTRY,
    EXIT,
    LONG,
    REVERSE,
    SELL,
    SHORT,
    SIMULATED,
    Intent,
    pending_exposure,
    write_intents,
)
from domain.trading.notices import plain
from domain.trading.ports import Balance
from domain.trading.tracked import remember
from domain.trading.tracking import Followed, signal_bar

LATE = "late"
UNREADABLE = "account_unreadable"
HELD = "already_held"


@dataclass(frozen=True, slots=True)
class Conventions:
    """What is the same for all bots of a process.

    `slippage_bps`, `maker_take_profit`, `fixed_qty`: see `risk.gate.Appetite`. `speed`: market
    seconds per wall second.
    """

    slippage_bps: float = 2.0
    maker_take_profit: bool = False
    fixed_qty: float = 0.0
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What was read before the transaction: nothing here waits for a network.

    `readings`, `contracts` by symbol; a symbol without a reading has no bar at this close. `now_ms`
    is the market's. `balance` None: the account can not be read now; exits are decided without it,
    entries are not. `followed`: what the close makes of open positions, by symbol. `prices`: of
    real markets, those that could be read.
    """

    close_ms: int
    now_ms: int
    readings: Mapping[str, Reading]
    contracts: Mapping[str, Contract]
    balance: Balance | None
    followed: Mapping[str, Followed] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)


@dataclass(slots=True)
class Acted:
    """`orders`: client order ids to be sent after the commit. `denied`: reason -> how often."""

    orders: list[str] = field(default_factory=list)
    signals: int = 0
    halts: int = 0
    denied: dict[str, int] = field(default_factory=dict)


async def act(
    session: AsyncSession, outbox: Outbox, bot: Bot, moment: Moment, conventions: Conventions
) -> Acted:
    """Decide for every symbol of a bot, in its listed order; each close of a symbol once.

    A symbol that somebody else has taken is passed over. Exits are honoured however late; entries
    that are late are told and dropped.
    """
    done = Acted()
    if moment.balance is not None:
        at = from_ms(moment.close_ms)
        day = await watch_day(session, bot.user_id, bot.mode, moment.balance.equity, at)
        done.halts += await tell_halt(session, outbox, bot.user_id, bot.mode, day, at)
    held = (await sides_held(session, [bot.user_id])).get((bot.user_id, bot.mode), {})
    closing = (await pending_exposure(session, bot.user_id, bot.mode)).closing
    for symbol in bot.symbols:
        if not await claim_close(session, bot.user_id, symbol, moment.close_ms):
            continue
        reading = moment.readings.get(symbol)
        leaves = await _leaves(session, moment.followed.get(symbol))
        if reading is not None and (reading.acts or leaves):
            wish = wish_of(symbol, reading, held.get(symbol, 0), leaves=leaves)
            await _act_on(
                _Case(session, outbox, bot, moment, conventions, done), wish, symbol in closing
            )
    return done


async def _leaves(session: AsyncSession, followed: Followed | None) -> bool:
    """Whether the position's script ends it at this close; its levels move with the decision."""
    return followed is not None and await remember(session, followed) and followed.leaves


@dataclass(frozen=True, slots=True)
class _Case:
    session: AsyncSession
    outbox: Outbox
    bot: Bot
    moment: Moment
    conventions: Conventions
    done: Acted

    @property
    def valid_until_ms(self) -> int:
        return entry_valid_until_ms(
            self.moment.close_ms, self.bot.timeframe, self.conventions.speed
        )

    def intent(self, symbol: str, side: int, purpose: str, **more: Any) -> Intent:
        return Intent(
            user_id=self.bot.user_id,
            mode=self.bot.mode,
            exchange=self.bot.exchange,
            symbol=symbol,
            side=BUY if side > 0 else SELL,
            purpose=purpose,
            decided_ms=self.moment.close_ms,
            strategy_id=self.bot.strategy_id,
            **more,
        )


async def _act_on(case: _Case, wish: Wish, closing: bool) -> None:
    """One symbol: the signal's row, the order intents, and the alert with what was decided."""
    row = await _record(case, wish)
    signal_id = None if row is None else row.id
    intents: list[Intent] = []
    if wish.close and not closing:
        purpose = REVERSE if wish.reverses else EXIT
        intents.append(
            case.intent(
                wish.symbol,
                -wish.held,
                purpose,
                signal_price=wish.reading.price,
                signal_id=signal_id,
            )
        )
    decided: dict[str, Any] = {"placed": False, "reason": HELD}
    if wish.side:
        entry, decided = await _enter(case, wish, signal_id)
        intents += [] if entry is None else [entry]
    orders = await write_intents(case.session, intents)
    case.done.orders += [order.client_order_id for order in orders]
    if row is not None and (wish.side or wish.close):
        if not decided["placed"]:
            decided["closes"] = bool(wish.close)
        await signals.alert(case.session, case.outbox, _said(case, wish), row, decided)


async def _record(case: _Case, wish: Wish) -> TradingSignal | None:
    """A row for a buy or a sell; both at once say nothing, and an exit alone is no signal."""
    if wish.reading.buy == wish.reading.sell:
        return None
    row = signals.record(case.session, _said(case, wish))
    await case.session.flush()
    case.done.signals += 1
    return row


def _said(case: _Case, wish: Wish) -> signals.Said:
    bot = case.bot
    return signals.Said(
        user_id=bot.user_id,
        strategy_id=bot.strategy_id,
        strategy=bot.strategy,
        symbol=wish.symbol,
        timeframe=bot.timeframe,
        mode=bot.mode,
        close_ms=case.moment.close_ms,
        reading=wish.reading,
    )


async def _enter(
    case: _Case, wish: Wish, signal_id: int | None
) -> tuple[Intent | None, dict[str, Any]]:
    """The entry's intent, if the gate lets it pass, and what was decided as the alert tells it."""
    if case.moment.now_ms > case.valid_until_ms:
        return None, _refused(case, LATE, {"valid_until_ms": case.valid_until_ms})
    if case.moment.balance is None:
        return None, _refused(case, UNREADABLE, {})
    entry = _entry(case, wish)
    contract = case.moment.contracts.get(wish.symbol)
    if contract is None:
        raise DomainError("contract_missing", symbol=wish.symbol)
    decision = await decide_entry(
        case.session,
        entry,
        _appetite(case),
        await state_now(case.session, case.bot.user_id, case.bot.mode, wish.symbol),
        case.moment.balance,
        contract,
    )
    if not decision.allowed:
        return None, _refused(case, decision.reason, decision.params)
    return _intent(case, entry, decision, signal_id), _placed(entry, decision)


def _appetite(case: _Case) -> Appetite:
    sizing, conventions = case.bot.sizing, case.conventions
    return Appetite(
        risk_percent=sizing.risk_percent,
        leverage=sizing.leverage,
        slippage_bps=conventions.slippage_bps,
        maker_take_profit=conventions.maker_take_profit,
        fixed_qty=conventions.fixed_qty,
    )


def _entry(case: _Case, wish: Wish) -> Entry:
    """Levels that the strategy leaves out are the user's own."""
    reading, sizing = wish.reading, case.bot.sizing
    stop, take = reading.stop_percent, reading.take_percent
    return Entry(
        user_id=case.bot.user_id,
        mode=case.bot.mode,
        symbol=wish.symbol,
        side=wish.side,
        price=reading.price,
        stop_percent=sizing.stop_percent if math.isnan(stop) else stop,
        take_percent=sizing.take_percent if math.isnan(take) else take,
        at_ms=case.moment.close_ms,
        reverses=wish.reverses,
        now=case.moment.prices.get(wish.symbol),
    )


def _intent(case: _Case, entry: Entry, decision: Decision, signal_id: int | None) -> Intent:
    return case.intent(
        entry.symbol,
        entry.side,
        ENTRY,
        qty=decision.qty,
        leverage=decision.leverage,
        stop_percent=entry.stop_percent,
        take_profit_percent=_known(entry.take_percent),
        signal_price=entry.price,
        risk_percent=case.bot.sizing.risk_percent if entry.reverses else None,
        max_qty=decision.max_qty,
        held=entry.reverses and case.bot.mode not in SIMULATED,
        valid_until_ms=case.valid_until_ms,
        fill_within_ms=to_ms(case.bot.timeframe),
        signal_id=signal_id,
        signal_bar=signal_bar(
            "" if case.bot.bound is None else case.bot.bound.key,
            case.moment.readings[entry.symbol].scripts,
        ),
    )


def _placed(entry: Entry, decision: Decision) -> dict[str, Any]:
    return {
        "placed": True,
        "side": LONG if entry.side > 0 else SHORT,
        "qty": None if entry.reverses else plain(decision.qty),
        "leverage": decision.leverage,
        "stop_percent": entry.stop_percent,
        "take_percent": _known(entry.take_percent),
        "reverses": entry.reverses,
    }


def _refused(case: _Case, reason: str, params: Mapping[str, Any]) -> dict[str, Any]:
    case.done.denied[reason] = case.done.denied.get(reason, 0) + 1
    return {"placed": False, "reason": reason, **params}


def _known(percent: float) -> float | None:
    return None if math.isnan(percent) else percent
