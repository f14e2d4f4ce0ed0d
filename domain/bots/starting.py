"""Starting a bot: everything is checked and shown first; nothing old fires afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.config import config
from domain.bots.models import BotStatus, BotSymbol
from domain.bots.modes import PAPER, check_key, check_mode, chosen_mode
from domain.bots.roster import Sizing, sizing_of
from domain.bots.ticks import close_now
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.market.ports import MarketData, unknown_symbol
from domain.market.timeframes import TIMEFRAMES, to_ms
from domain.risk import kills
from domain.risk.service import limits, locked_limits
from domain.risk.symbols import check_symbols
from domain.strategies import service as strategies
from domain.strategies.language import MAX_MEMORY_BARS, Bound, reach
from domain.trading.models import Position

MAX_SYMBOLS = 20


@dataclass(frozen=True, slots=True)
class StartPreview:
    """What `start` will do.

    `memory_bars`: history the strategy looks back on. `leverage`: after the limits.
    `switches_from`: the strategy of a bot that runs now. `left_alone`: symbols with a bot's
    position that the new bot does not trade; their stops stay.
    """

    strategy_id: int
    strategy: str
    program_hash: str
    symbols: tuple[str, ...]
    timeframe: str
    mode: str
    inputs: Mapping[str, Any]
    memory_bars: int
    sizing: Sizing
    leverage: int
    max_leverage: int
    max_positions: int
    daily_loss_limit: float
    switches_from: str | None
    left_alone: tuple[str, ...]


def timeframes_for(market: MarketData, symbols: Iterable[str]) -> tuple[str, ...]:
    """The timeframes that the market offers for all of `symbols`, shortest first."""
    finest = max((to_ms(market.finest_timeframe(symbol)) for symbol in symbols), default=0)
    return tuple(name for name, length in TIMEFRAMES.items() if length >= finest)


async def preview_start(
    session: AsyncSession,
    market: MarketData,
    user_id: int,
    *,
    strategy_id: int,
    symbols: Iterable[str],
    timeframe: str,
    inputs: Mapping[str, Any] | None = None,
    modes: Collection[str] = (PAPER,),
) -> StartPreview:
    """Check a start and say what it will do. Writes nothing. `modes`: those to be traded in here.

    Raises RuleErrors for a strategy that does not compile, and DomainError: "strategy_gone",
    "strategy_empty", "strategy_memory" (bars, limit), "no_symbols", "too_many_symbols" (count,
    limit), "unknown_symbol", "unknown_timeframe", "timeframe_too_fine" (symbol, timeframe, finest),
    "rules_timeframe" (timeframe, chart), "mode_not_available" (mode), "no_key" (mode),
    "mode_switch" (before, after), "bot_panicked", "trading_killed", "symbols_killed" (symbols),
    "symbols_not_allowed" (symbols, allowed).
    """
    chosen = _symbols(market, symbols)
    _timeframe(market, chosen, timeframe)
    strategy = await strategies.get(session, user_id, strategy_id)
    program = strategies.compiled(strategy)
    bound = program.bind(dict(inputs or {}))
    memory = _memory(market, bound, timeframe)
    mode = await mode_of(session, user_id, modes)
    await check_key(session, user_id, mode)
    running = await session.get(BotStatus, user_id)
    held = await _bot_positions(session, user_id)
    _switchable(running, mode, held)
    await kills.check(session, user_id, chosen)
    sizing, allowed = sizing_of(await config(session, user_id)), await limits(session, user_id)
    check_symbols(allowed, chosen)
    return StartPreview(
        strategy_id=strategy.id,
        strategy=strategy.name,
        program_hash=program.hash,
        symbols=chosen,
        timeframe=timeframe,
        mode=mode,
        inputs=dict(inputs or {}),
        memory_bars=memory,
        sizing=sizing,
        leverage=min(sizing.leverage, allowed.max_leverage),
        max_leverage=allowed.max_leverage,
        max_positions=allowed.max_positions,
        daily_loss_limit=allowed.daily_loss_limit,
        switches_from=await _running_strategy(session, running),
        left_alone=tuple(s for m, s in held if m == mode and s not in chosen),
    )


async def start(
    session: AsyncSession,
    market: MarketData,
    clock: MarketClock,
    user_id: int,
    *,
    exchange: str,
    strategy_id: int,
    symbols: Iterable[str],
    timeframe: str,
    inputs: Mapping[str, Any] | None = None,
    modes: Collection[str] = (PAPER,),
) -> StartPreview:
    """Start the bot, or switch the running one; it acts on closes after now.

    A start while entries wait to be filled leaves them: they were decided before. Under the lock of
    the user's limits, as a panic is: its latch is seen, or comes after. Raises as `preview_start`.
    """
    await locked_limits(session, user_id)
    preview = await preview_start(
        session,
        market,
        user_id,
        strategy_id=strategy_id,
        symbols=symbols,
        timeframe=timeframe,
        inputs=inputs,
        modes=modes,
    )
    status = await session.get(BotStatus, user_id, with_for_update=True)
    if status is None:
        status = BotStatus(user_id=user_id)
        session.add(status)
    status.strategy_id = preview.strategy_id
    status.is_running = True
    status.state = "running"
    status.mode = preview.mode
    status.timeframe = preview.timeframe
    status.exchange = exchange
    status.inputs = dict(preview.inputs)
    status.latch_reason = None
    status.started_at = clock.now()
    await session.flush()
    await session.execute(delete(BotSymbol).where(BotSymbol.user_id == user_id))
    last_close = close_now(clock, preview.timeframe)
    session.add_all(
        BotSymbol(user_id=user_id, symbol=symbol, position_in_list=place, last_close=last_close)
        for place, symbol in enumerate(preview.symbols)
    )
    await session.flush()
    return preview


async def mode_of(session: AsyncSession, user_id: int, modes: Collection[str]) -> str:
    """The user's trading mode. Raises DomainError("mode_not_available")."""
    mode = await chosen_mode(session, user_id)
    check_mode(mode, modes)
    return mode


def _symbols(market: MarketData, wanted: Iterable[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(symbol.strip().upper() for symbol in wanted))
    if not chosen:
        raise DomainError("no_symbols")
    if len(chosen) > MAX_SYMBOLS:
        raise DomainError("too_many_symbols", count=len(chosen), limit=MAX_SYMBOLS)
    known = market.symbols()
    for symbol in chosen:
        if symbol not in known:
            raise unknown_symbol(symbol, known)
    return chosen


def _timeframe(market: MarketData, symbols: Iterable[str], timeframe: str) -> None:
    length = to_ms(timeframe)
    for symbol in symbols:
        finest = market.finest_timeframe(symbol)
        if length < to_ms(finest):
            raise DomainError(
                "timeframe_too_fine", symbol=symbol, timeframe=timeframe, finest=finest
            )


def _memory(market: MarketData, bound: Bound, timeframe: str) -> int:
    """Bars of the series that the program looks back on furthest; all of them must be there."""
    for symbol in bound.symbols:
        if symbol not in market.symbols():
            raise unknown_symbol(symbol, market.symbols())
        _timeframe(market, [symbol], timeframe)
    bars = reach(bound, to_ms(timeframe)).longest
    if bars > MAX_MEMORY_BARS:
        raise DomainError("strategy_memory", bars=bars, limit=MAX_MEMORY_BARS)
    return bars


async def _bot_positions(session: AsyncSession, user_id: int) -> list[tuple[str, str]]:
    found = await session.execute(
        select(Position.mode, Position.symbol)
        .where(Position.user_id == user_id, Position.source == "bot")
        .order_by(Position.symbol)
    )
    return [(mode, symbol) for mode, symbol in found]


def _switchable(status: BotStatus | None, mode: str, held: list[tuple[str, str]]) -> None:
    """Another mode needs a flat, stopped bot: what is open in one is not seen in the other."""
    if status is None:
        return
    if status.state == "panicked":
        raise DomainError("bot_panicked")
    before = status.mode or mode
    if before != mode and (status.is_running or any(m == before for m, _ in held)):
        raise DomainError("mode_switch", before=before, after=mode)


async def _running_strategy(session: AsyncSession, status: BotStatus | None) -> str | None:
    if status is None or not status.is_running or status.strategy_id is None:
        return None
    names = await strategies.names(session, [status.strategy_id])
    return names.get(status.strategy_id, "")
