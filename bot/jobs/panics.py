"""Carries out panics: again and again, until the account is seen flat and nothing is on its way.

Every round may end anywhere, by an error or by the end of the process: the next one looks at the
account and does what is left. Nobody's slow exchange holds up anybody else's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from bot.jobs.orders import OrderSender
from bot.jobs.reconcile import Reconciler
from domain.bots import panic as panics
from domain.bots.models import Panic
from domain.clock import MarketClock, WallClock
from domain.database import Database
from domain.errors import DomainError
from domain.outbox.service import Outbox
from domain.trading.intents import SIMULATED, in_doubt
from domain.trading.models import Order
from domain.trading.ports import Exchange, ExchangePosition, Exchanges
from domain.trading.reconcile import end_order
from domain.trading.states import CANCELLED

STUCK_AFTER_S = 20.0
KILLED_AT_ONCE = 32
"""Accounts closed side by side for operators: a kill of everybody leaves room for everybody."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STUCK_PAUSE_S = 0.25, 1.0, 5.0

log = structlog.get_logger(__name__)


@dataclass
class _Going:
    """One panic in this process. `tries`: rounds so far; `again_at`, `since` (the first of them
    began): monotonic seconds. `left`: symbols that were open at the last look.
    """

    since: float
    tries: int = 0
    again_at: float = 0.0
    left: tuple[str, ...] = ()
    task: asyncio.Task[None] | None = None

    @property
    def works(self) -> bool:
        return self.task is not None and not self.task.done()


@dataclass
class Panics:
    """`run` begins the rounds that are due, `settle` waits for them."""

    database: Database
    exchanges: Exchanges
    orders: OrderSender
    reconciler: Reconciler
    outbox: Outbox
    clock: MarketClock
    wall: WallClock
    _going: dict[int, _Going] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(KILLED_AT_ONCE))

    async def run(self) -> int:
        """Begin a round of every panic whose last one is over; how many panics there are."""
        async with self.database.read() as session:
            waiting = await panics.under_way(session)
        now = self.wall.monotonic()
        for panic in sorted(waiting, key=_urgency):
            going = self._going.setdefault(panic.id, _Going(now))
            if not going.works and now >= going.again_at:
                going.task = asyncio.create_task(self._begin(panic, going))
        open_ones = {panic.id for panic in waiting}
        self._going = {
            number: going
            for number, going in self._going.items()
            if number in open_ones or going.works
        }
        return len(waiting)

    async def settle(self) -> None:
        """Until the rounds that were begun are over."""
        await asyncio.gather(*(going.task for going in self._going.values() if going.task))

    async def _begin(self, panic: Panic, going: _Going) -> None:
        """Whoever panics waits for nobody."""
        if not panic.kill_id:
            await self._round(panic, going)
            return
        async with self._turns:
            if not going.tries:
                going.since = self.wall.monotonic()
            await self._round(panic, going)

    async def _round(self, panic: Panic, going: _Going) -> None:
        code = "positions_open"
        try:
            if await self._closed(panic, going):
                async with self.database.write() as session:
                    await panics.finish(session, self.outbox, panic.id, self.clock)
                return
        except DomainError as error:
            code = error.code
            log.warning("panic goes on", panic=panic.id, error=code)
        except Exception as error:
            code = "unexpected"
            log.error("panic goes on", panic=panic.id, exc_info=error)
        going.tries += 1
        stuck = self.wall.monotonic() - going.since >= STUCK_AFTER_S
        longest_s = _STUCK_PAUSE_S if stuck else _LONGEST_PAUSE_S
        pause_s = min(longest_s, _FIRST_PAUSE_S * 2 ** min(going.tries, 8) / 2)
        going.again_at = self.wall.monotonic() + pause_s
        if stuck:
            async with self.database.write() as session:
                await panics.tell_stuck(
                    session, self.outbox, panic.id, self.clock, code, going.left
                )

    async def _closed(self, panic: Panic, going: _Going) -> bool:
        """Cancel, look, close, book: whether nothing is left.

        While it is not known what became of a close, reading the whole account to book it would
        only be in the way of finding out. Once nothing is left all of its calls must succeed, so
        each is made again where it fails.
        """
        exchange = self.exchanges.of(panic.user_id, panic.mode)
        await self._cancel(panic, exchange)
        await self.orders.recover_for(panic.user_id, panic.mode)
        held = await self._held(panic, exchange)
        going.left = tuple(sorted({each.symbol for each in held}))
        if held:
            async with self.database.write() as session:
                now_ms = self.clock.now_ms()
                await panics.close_orders(session, panic, exchange.name, held, now_ms)
        await self.orders.send_for(panic.user_id, panic.mode)
        if await self._is_in_doubt(panic):
            return False
        left = await self._held(panic, exchange) if held else held
        await self.reconciler.run(panic.mode, [panic.user_id], insists=not left)
        async with self.database.read() as session:
            return not left and await panics.is_settled(session, panic)

    async def _is_in_doubt(self, panic: Panic) -> bool:
        account = panic.user_id, panic.mode
        async with self.database.read() as session:
            return bool(await in_doubt(session, self.wall.now(), account=account))

    async def _held(self, panic: Panic, exchange: Exchange) -> list[ExchangePosition]:
        return [each for each in await exchange.holdings() if panic.concerns(each.symbol)]

    async def _cancel(self, panic: Panic, exchange: Exchange) -> None:
        async with self.database.write() as session:
            await panics.cancel_unsent(session, panic, self.clock.now())
        async with self.database.read() as session:
            entries = await panics.open_entries(session, panic)
        results = await asyncio.gather(
            *(self._cancel_one(order, exchange) for order in entries), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, DomainError):
                raise result

    async def _cancel_one(self, order: Order, exchange: Exchange) -> None:
        """One that the exchange can not cancel has filled, or is cancelled in the next round."""
        await exchange.cancel(order.client_order_id, order.symbol)
        found = await exchange.find(order.client_order_id, order.symbol)
        if found is None or found.state != CANCELLED:
            return
        async with self.database.write() as session:
            row = await session.get_one(Order, order.id, with_for_update=True)
            await end_order(session, self.outbox, row, CANCELLED, self.clock.now(), "panic")


def _urgency(panic: Panic) -> tuple[bool, bool]:
    """Those who asked for it themselves come first, then real money."""
    return panic.kill_id > 0, panic.mode in SIMULATED
