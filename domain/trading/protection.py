"""Whether every position of ours has the stop it shall have, and what to do where it has not.

An entry carries its stop as a preset; after the fill it is moved to where the fill wants it, and
from then on looked after: a level that is missing at the exchange, or stands elsewhere, is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.outbox import kinds
from domain.outbox.service import Outbox
from domain.trading.booking import qty_of
from domain.trading.intents import BUY, CLOSE, LONG, SELL, Intent, pending_exposure, write_intent
from domain.trading.models import Order, Position
from domain.trading.notices import plain, short_ref
from domain.trading.ports import LevelRequest

LEVEL_PASSED = "level_passed"
SETTLED_MS = 15_000
"""Younger positions may not show their preset yet."""


@dataclass(frozen=True, slots=True)
class Unprotected:
    """A position whose levels at the exchange are not what they shall be. `bare`: without any stop,
    and not because it was just opened: somebody took it away.
    """

    user_id: int
    mode: str
    position_id: int
    request: LevelRequest
    bare: bool


def round_level(price: Decimal, tick: Decimal, up: bool) -> Decimal:
    """`price` on the market's grid of `tick` USDT (> 0)."""
    steps = (price / tick).to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return steps * tick


def wanted_levels(position: Position, tick: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """(stop, take profit) on the market's grid: each on the side of the price it is reached from,
    so that a stop is never further away than asked for.
    """
    long = position.side == LONG
    stop, take = position.stop_wanted, position.take_wanted
    return (
        None if stop is None else round_level(stop, tick, up=long),
        None if take is None else round_level(take, tick, up=not long),
    )


async def unprotected(
    session: AsyncSession, mode: str, ticks: Mapping[str, Decimal], now_ms: int
) -> list[Unprotected]:
    """Positions of ours in a mode to be looked after; `ticks`: price step by symbol. Those of
    symbols without one, and those that nobody set levels for, are left out.
    """
    found = await session.scalars(
        select(Position).where(
            Position.mode == mode,
            Position.source != "external",
            Position.stop_wanted.is_not(None) | Position.take_wanted.is_not(None),
        )
    )
    return [
        missing
        for position in found
        if position.symbol in ticks
        and (missing := _missing(position, ticks[position.symbol], now_ms)) is not None
    ]


async def symbols_held(session: AsyncSession, mode: str) -> Sequence[str]:
    """Where positions with levels to look after are."""
    found = await session.scalars(
        select(Position.symbol)
        .where(Position.mode == mode, Position.source != "external")
        .distinct()
    )
    return found.all()


def _missing(position: Position, tick: Decimal, now_ms: int) -> Unprotected | None:
    stop, take = wanted_levels(position, tick)
    if (position.stop_price, position.take_profit_price) == (stop, take):
        return None
    request = LevelRequest(position.symbol, position.side, qty_of(position), stop, take)
    settled = position.opened_at is None or now_ms - to_ms(position.opened_at) > SETTLED_MS
    bare = settled and position.stop_price is None and stop is not None
    return Unprotected(position.user_id, position.mode, position.id, request, bare)


async def note_set(session: AsyncSession, outbox: Outbox, done: Unprotected, now_ms: int) -> None:
    """The levels stand. When the stop had gone missing its owner is told: kind `stop_restored` with
    symbol, side, stop, mode, ref, at_ms.
    """
    position = await session.get(Position, done.position_id, with_for_update=True)
    if position is None or position.side != done.request.side:
        return
    position.stop_price = done.request.stop_price
    position.take_profit_price = done.request.take_profit_price
    if done.bare:
        params = {
            "symbol": position.symbol,
            "side": position.side,
            "stop": plain(position.stop_price),
            "mode": position.mode,
            "ref": short_ref(position.position_ref),
            "at_ms": now_ms,
        }
        key = f"stop:{position.id}:{now_ms}"
        await outbox.notify(session, position.user_id, kinds.STOP_RESTORED, params, dedupe_key=key)


async def close_passed(
    session: AsyncSession, exchange: str, passed: Unprotected, now_ms: int, *, stop_passed: bool
) -> Order | None:
    """A level can not be set. Where the price is beyond it already, what it would do is done by an
    order; `stop_passed`: the exchange says so of the stop.

    None when the price is not, or the position is gone or being closed.
    """
    position = await session.get(Position, passed.position_id, with_for_update=True)
    if position is None:
        return None
    level = _passed(position, passed.request) or ("stop" if stop_passed else None)
    exposure = await pending_exposure(session, position.user_id, position.mode)
    if level is None or position.symbol in exposure.closing:
        return None
    return await write_intent(
        session,
        Intent(
            user_id=position.user_id,
            mode=position.mode,
            exchange=exchange,
            symbol=position.symbol,
            side=SELL if position.side == LONG else BUY,
            purpose=CLOSE,
            decided_ms=now_ms,
            exit_reason="take_profit" if level == "take" else "stop_loss",
            exit_detail=f"{level}_passed",
            strategy_id=position.strategy_id,
        ),
    )


def _passed(position: Position, wanted: LevelRequest) -> str | None:
    """The level that the price was beyond when it was last seen: stop or take."""
    mark, side = position.mark_price, 1 if position.side == LONG else -1
    if mark is None:
        return None
    if wanted.stop_price is not None and side * (mark - wanted.stop_price) <= 0:
        return "stop"
    if wanted.take_profit_price is not None and side * (mark - wanted.take_profit_price) >= 0:
        return "take"
    return None
