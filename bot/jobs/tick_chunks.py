"""One chunk of a tick: read what its bots need, decide, and send what was decided."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import BindParameter, bindparam, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from bot.jobs.follow import Follower, Follows
from domain.bots import closes, roster, ticks
from domain.bots.decisions import Conventions, Moment, act
from domain.bots.roster import Bot
from domain.bots.wishes import sides_held, wishes
from domain.clock import MarketClock, from_ms
from domain.database import Database
from domain.errors import DomainError
from domain.market.ports import Contract, MarketData, Price
from domain.market.timeframes import to_ms
from domain.outbox.service import Outbox
from domain.risk.day_watch import watch_days
from domain.signals.evaluate import Reading, Series, SignalBook
from domain.signals.windows import PATIENCE_MS, Windows
from domain.trading.intents import SIMULATED
from domain.trading.models import Position, Trade
from domain.trading.ports import Balance, Exchanges
from domain.trading.tracked import remember_all

ATTEMPTS = 3
"""How often a bot whose decision fails is tried before its close is passed over."""

log = structlog.get_logger(__name__)

Send = Callable[[], Awaitable[object]]
"""Sends the order intents that were committed."""

Exposed = set[tuple[int, str]]
"""(user, mode)"""

_USERS: BindParameter[int] = bindparam("users", expanding=True)
_EXPOSED = union(
    select(Position.user_id, Position.mode).where(Position.user_id.in_(_USERS)),
    select(Trade.user_id, Trade.mode).where(
        Trade.user_id.in_(_USERS), Trade.created_at >= bindparam("since")
    ),
)


class ChunkIncompleteError(Exception):
    """Some bots could not decide now: run the chunk again. Those that did will not do so twice."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which bots have nothing to do, which may act, and which must wait for their market."""

    quiet: list[Bot]
    acting: list[Bot]
    waiting: list[Bot]
    readings: Mapping[int, Mapping[str, Reading]]
    follows: Follows


@dataclass
class ChunkWorker:
    """Runs chunks.

    `patience_ms`: how long bars of other series are waited for, see `Windows`. `signals`, `orders`,
    `halts`, `denied` count since the start of the process.
    """

    database: Database
    market: MarketData
    exchanges: Exchanges
    outbox: Outbox
    clock: MarketClock
    send: Send
    conventions: Conventions
    patience_ms: int | None = PATIENCE_MS
    book: SignalBook = field(init=False)
    follower: Follower = field(init=False)
    programs: roster.Programs = field(default_factory=roster.Programs)
    signals: int = 0
    orders: int = 0
    halts: int = 0
    denied: Counter[str] = field(default_factory=Counter)
    _failed: Counter[tuple[int, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.book = SignalBook(Windows(self.market, self.clock, self.patience_ms))
        self.follower = Follower(self.database, self.market)

    async def run_chunk(self, args: Mapping[str, Any]) -> None:
        """Decide for the bots of a chunk (see `ticks.enqueue_behind`). May run twice.

        Raises ChunkIncompleteError when bots were left behind.
        """
        series, user_ids, tick = ticks.chunk_of(args)
        async with self.database.read() as session:
            bots = await roster.load_bots(session, self.programs, series, user_ids)
            whole = tick is not None
            window = _memory(bots) if whole else await roster.longest_memory(session, series)
            exposed = await _exposed(session, bots, series)
        plan = await self._plan(series, bots, window)
        decided = self.orders
        left = len(plan.waiting) + await self._act_all(series, plan)
        await self._pass(series, plan, exposed, None if left else tick)
        if self.orders > decided:
            await self.send()
        if left:
            raise ChunkIncompleteError(f"{left} bots of {len(bots)} are behind")

    async def _plan(self, series: Series, bots: Sequence[Bot], window: int) -> _Plan:
        wanted: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for bot in bots:
            if bot.bound is not None:
                for symbol in bot.symbols:
                    wanted[symbol][bot.bound.key] = bot.bound
        known = await self.book.read(
            series, {symbol: list(bounds.values()) for symbol, bounds in wanted.items()}, window
        )
        readings = {bot.user_id: _readings(bot, known) for bot in bots}
        plan = _Plan([], [], [], readings, await self.follower.run(series, bots, readings))
        ready: list[Bot] = []
        for bot in bots:
            lost = bot.user_id in plan.follows.lost or not _reachable(bot, known)
            (plan.waiting if lost else ready).append(bot)
        acting = await self._who_may_act(ready, plan)
        for bot in ready:
            (plan.acting if bot.user_id in acting else plan.quiet).append(bot)
        return plan

    async def _who_may_act(self, bots: Sequence[Bot], plan: _Plan) -> set[int]:
        """Users with a signal on any symbol, or an exit of what is held: one query at most.

        Looked at again inside the transaction; here it only keeps the quiet ones cheap.
        """
        acting = {bot.user_id for bot in bots if _speaks(bot, plan)}
        leaving = [bot for bot in bots if bot.user_id not in acting and _may_leave(bot, plan)]
        if leaving:
            async with self.database.read() as session:
                held = await sides_held(session, [bot.user_id for bot in leaving])
            acting |= {
                bot.user_id
                for bot in leaving
                if wishes(plan.readings[bot.user_id], held.get((bot.user_id, bot.mode), {}))
            }
        return acting

    async def _pass(self, series: Series, plan: _Plan, exposed: Exposed, done: int | None) -> None:
        """One transaction for all that have nothing to decide: their positions' levels move, their
        daily loss is looked at.

        `done`: the tick that ends with it.
        """
        quiet = plan.quiet
        at, users = from_ms(series.close_ms), [bot.user_id for bot in quiet]
        followed = [each for user in users for each in plan.follows.of(user).values()]
        async with self.database.write() as session:
            for mode in sorted({bot.mode for bot in quiet if (bot.user_id, bot.mode) in exposed}):
                watched = [b.user_id for b in quiet if (b.user_id, mode) in exposed]
                self.halts += await watch_days(session, self.outbox, mode, watched, at)
            if users:
                await closes.pass_quiet(session, users, series.close_ms)
            await remember_all(session, followed)
            if done is not None:
                await closes.finish_tick(session, done, series, self.clock.now())

    async def _act_all(self, series: Series, plan: _Plan) -> int:
        """A transaction of its own for each; how many failed and are to be tried again."""
        if not plan.acting:
            return 0
        balances: dict[tuple[str, int], Balance] = {}
        for mode in sorted({bot.mode for bot in plan.acting}):
            users = [bot.user_id for bot in plan.acting if bot.mode == mode]
            found = await self.exchanges.balances(mode, users)
            balances |= {(mode, user_id): balance for user_id, balance in found.items()}
        contracts, prices = await self._contracts(plan), await self._prices(plan)
        left = 0
        for bot in plan.acting:
            balance = balances.get((bot.mode, bot.user_id))
            readings = plan.readings[bot.user_id]
            lacking = any(symbol not in contracts for symbol in readings)
            # One account that can not be read must not hold up the next close of everybody else.
            if lacking or (balance is None and bot.mode in SIMULATED):
                left += 1
                continue
            moment = Moment(
                series.close_ms,
                self.clock.now_ms(),
                readings,
                contracts,
                balance,
                plan.follows.of(bot.user_id),
                prices,
            )
            left += not await self._act(bot, moment)
        return left

    async def _act(self, bot: Bot, moment: Moment) -> bool:
        """One bot; a failure is its own. False: to be tried again."""
        key = bot.user_id, moment.close_ms
        try:
            async with self.database.write() as session:
                done = await act(session, self.outbox, bot, moment, self.conventions)
        except Exception as error:
            self._failed[key] += 1
            log.error("bot failed", user_id=bot.user_id, close_ms=moment.close_ms, exc_info=error)
            if self._failed[key] < ATTEMPTS:
                return False
            async with self.database.write() as session:
                await closes.pass_quiet(session, [bot.user_id], moment.close_ms)
            return True
        finally:
            if self._failed[key] == 0 or self._failed[key] >= ATTEMPTS:
                del self._failed[key]
        self.signals += done.signals
        self.orders += len(done.orders)
        self.halts += done.halts
        self.denied.update(done.denied)
        return True

    async def _contracts(self, plan: _Plan) -> dict[str, Contract]:
        """Limits of the symbols somebody may enter; those that can not be reached are left out."""
        symbols = {symbol for bot in plan.acting for symbol in plan.readings[bot.user_id]}
        found: dict[str, Contract] = {}
        for symbol in sorted(symbols):
            try:
                found[symbol] = await self.market.contract(symbol)
            except DomainError as error:
                log.warning("contract not read", symbol=symbol, error=str(error))
        return found

    async def _prices(self, plan: _Plan) -> dict[str, Price]:
        """Of the symbols that somebody may enter at a real account, as they are now; those that can
        not be read are left out.
        """
        real = [bot for bot in plan.acting if bot.mode not in SIMULATED]
        wanted = {
            symbol
            for bot in real
            for symbol, reading in plan.readings[bot.user_id].items()
            if reading.buy != reading.sell
        }
        symbols = sorted(wanted)
        found = await asyncio.gather(*map(self._price, symbols))
        return {name: price for name, price in zip(symbols, found, strict=True) if price}

    async def _price(self, symbol: str) -> Price | None:
        try:
            return await self.market.price(symbol)
        except DomainError as error:
            log.warning("price not read", symbol=symbol, error=str(error))
            return None


def _readings(bot: Bot, known: Mapping[tuple[str, str], Reading | None]) -> dict[str, Reading]:
    if bot.bound is None:
        return {}
    found = {symbol: known.get((symbol, bot.bound.key)) for symbol in bot.symbols}
    return {symbol: reading for symbol, reading in found.items() if reading is not None}


def _reachable(bot: Bot, known: Mapping[tuple[str, str], Reading | None]) -> bool:
    return bot.bound is None or all((symbol, bot.bound.key) in known for symbol in bot.symbols)


def _speaks(bot: Bot, plan: _Plan) -> bool:
    """Whether a symbol asks for an entry, or a script for an exit."""
    return any(each.leaves for each in plan.follows.of(bot.user_id).values()) or any(
        reading.buy != reading.sell for reading in plan.readings[bot.user_id].values()
    )


def _may_leave(bot: Bot, plan: _Plan) -> bool:
    return any(reading.acts for reading in plan.readings[bot.user_id].values())


async def _exposed(session: AsyncSession, bots: Sequence[Bot], series: Series) -> Exposed:
    """Whose equity may have moved since the last close: by a position, or by a trade since."""
    since = from_ms(series.close_ms) - timedelta(milliseconds=2 * to_ms(series.timeframe))
    users = [bot.user_id for bot in bots]
    found = await session.execute(_EXPOSED, {"users": users, "since": since})
    return {(user_id, mode) for user_id, mode in found}


def _memory(bots: Sequence[Bot]) -> int:
    return max((bot.bound.memory for bot in bots if bot.bound is not None), default=0)
