"""A user's bot: start (see `starting`), stop, pause, resume, status (see `status`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.models import BotStatus
from domain.bots.panic import PANICKED, under_way
from domain.bots.starting import StartPreview, preview_start, start, timeframes_for
from domain.bots.status import BotView, gained_today, status
from domain.clock import MarketClock, to_ms
from domain.errors import DomainError
from domain.jobs.service import JobQueue
from domain.risk.service import locked_limits
from domain.trading.intents import BUY, CLOSE, LONG, SELL, Intent, pending_exposure, write_intents
from domain.trading.models import Order, Position
from domain.trading.states import CANCELLED, OPEN, UNSENT, move

LATCHED = frozenset({PANICKED, "halted"})
"""States that nobody chose for a while: they end by a decision."""
CANCEL_TASK = "cancel_order"
"""Light lane: cancel {"user_id", "mode", "client_order_id", "symbol"} at the exchange."""

__all__ = [
    "CANCEL_TASK",
    "BotView",
    "StartPreview",
    "Stopped",
    "gained_today",
    "pause",
    "preview_start",
    "resume",
    "start",
    "status",
    "stop",
    "timeframes_for",
]


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of what was open.

    `closing`: symbols whose position is being closed; `kept`: symbols whose position stays, with
    its stops; `cancelled`: entries that will not be made.
    """

    closing: tuple[str, ...]
    kept: tuple[str, ...]
    cancelled: int


async def stop(
    session: AsyncSession,
    queue: JobQueue,
    clock: MarketClock,
    user_id: int,
    *,
    close_positions: bool,
) -> Stopped:
    """Stop the bot, cancel its entries that have not filled, and close its positions if asked.

    Works on a bot that is stopped already, so that its positions can still be closed. Positions
    that are not the bot's are left alone. Raises DomainError("bot_not_started") if there never was
    one.
    """
    await locked_limits(session, user_id)
    row = await session.get(BotStatus, user_id, with_for_update=True)
    if row is None:
        raise DomainError("bot_not_started")
    row.is_running = False
    if row.state != PANICKED:
        row.state = "stopped"
    mode = row.mode or "paper"
    cancelled = await _cancel_entries(session, queue, clock, user_id, mode)
    positions = list(
        await session.scalars(
            select(Position)
            .where(Position.user_id == user_id, Position.mode == mode, Position.source == "bot")
            .order_by(Position.symbol)
        )
    )
    if close_positions:
        await _close(session, clock, row, positions)
    symbols = tuple(position.symbol for position in positions)
    return Stopped(
        closing=symbols if close_positions else (),
        kept=() if close_positions else symbols,
        cancelled=cancelled,
    )


async def pause(session: AsyncSession, user_id: int) -> None:
    """No new entries; exits and stops go on. Raises DomainError("bot_not_running")."""
    await locked_limits(session, user_id)
    row = await _running(session, user_id)
    if row.state == "running":
        row.state = "paused"


async def resume(session: AsyncSession, user_id: int) -> bool:
    """Enter again; what a panic locked is unlocked, and goes on if it ran. Whether there was such a
    lock: that is to be proved, while one's own pause is not.

    Raises DomainError("bot_not_running"), or "panic_under_way" while not everything is closed.
    """
    await locked_limits(session, user_id)
    row = await session.get(BotStatus, user_id, with_for_update=True)
    if row is None or not (row.is_running or row.state == PANICKED):
        raise DomainError("bot_not_running")
    if row.state == PANICKED and await under_way(session, user_id):
        raise DomainError("panic_under_way")
    locked = row.state in LATCHED
    row.state = "running" if row.is_running else "stopped"
    row.latch_reason = None
    return locked


async def _running(session: AsyncSession, user_id: int) -> BotStatus:
    row = await session.get(BotStatus, user_id, with_for_update=True)
    if row is None or not row.is_running:
        raise DomainError("bot_not_running")
    return row


async def _cancel_entries(
    session: AsyncSession, queue: JobQueue, clock: MarketClock, user_id: int, mode: str
) -> int:
    """Entries not sent yet end here; those at the exchange are cancelled there by a job."""
    entries = await session.scalars(
        select(Order)
        .where(
            Order.user_id == user_id,
            Order.mode == mode,
            Order.state.in_(OPEN),
            Order.reduce_only.is_(False),
            Order.strategy_id.is_not(None),
        )
        .with_for_update()
    )
    count = 0
    for order in entries:
        count += 1
        if order.state in UNSENT:
            move(order, CANCELLED, clock.now(), "bot_stopped")
            continue
        await queue.enqueue(
            session,
            CANCEL_TASK,
            {
                "user_id": user_id,
                "mode": mode,
                "client_order_id": order.client_order_id,
                "symbol": order.symbol,
            },
            priority=0,
            dedupe_key=f"cancel:{order.client_order_id}",
        )
    return count


async def _close(
    session: AsyncSession, clock: MarketClock, row: BotStatus, positions: list[Position]
) -> None:
    """Reduce-only orders for the whole of each position, unless one is under way."""
    closing = (await pending_exposure(session, row.user_id, row.mode or "paper")).closing
    await write_intents(
        session,
        [
            Intent(
                user_id=row.user_id,
                mode=position.mode,
                exchange=row.exchange or "",
                symbol=position.symbol,
                side=SELL if position.side == LONG else BUY,
                purpose=CLOSE,
                decided_ms=to_ms(clock.now()),
                exit_detail="bot_stopped",
                strategy_id=position.strategy_id,
            )
            for position in positions
            if position.symbol not in closing
        ],
    )
