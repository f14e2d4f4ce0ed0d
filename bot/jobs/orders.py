"""Sends what was decided, outside any transaction, and finds out what became of it after a crash.

An order is marked `sent` in a commit before the exchange is called: one that is still an intent was
never sent, one that is `sent` without an answer may have been, and only the exchange knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.jobs.last_look import LastLook
from bot.jobs.lookup import LostAnswers, Verdict, look_up
from domain.bots.standing_by import why_unwanted
from domain.clock import MarketClock, WallClock
from domain.database import Database
from domain.errors import DomainError
from domain.market.ports import MarketData
from domain.outbox.service import Outbox
from domain.risk import kills
from domain.trading.intents import PANIC, claim_intents, in_doubt, to_request, waiting_intents
from domain.trading.models import Order
from domain.trading.notices import NOT_FILLED
from domain.trading.ports import Exchanges, OrderRejectedError, OrderReport
from domain.trading.reconcile import end_order
from domain.trading.states import (
    ACCEPTED,
    CANCELLED,
    ENDED,
    EXPIRED,
    FAILED,
    FILLED,
    REJECTED,
    UNKNOWN,
    move,
)

BATCH = 500
USERS_AT_ONCE = 8
SETTLE = timedelta(seconds=5)
"""How long a lost answer is left alone: an exchange may show an order a moment late."""
SWEEP_S = 5.0
"""How often all that is in doubt is looked up, whoever sent it."""
SETTLE_SOON = timedelta(seconds=1)
"""The same where somebody waits for it."""

_Work = Callable[[Order], Awaitable[None]]

log = structlog.get_logger(__name__)


@dataclass
class OrderSender:
    """Carries out intents. One per process; several processes share the work by row locks."""

    database: Database
    exchanges: Exchanges
    outbox: Outbox
    clock: MarketClock
    wall: WallClock
    market: MarketData
    _in_flight: set[str] = field(default_factory=set)
    _lost: LostAnswers = field(init=False)
    _swept_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._lost = LostAnswers(self.wall.monotonic)
        self._swept_at = self.wall.monotonic()

    async def send_due(self) -> int:
        """Send every committed intent; how many were sent. Entries that are late expire, told."""
        sent = 0
        while orders := await self._claim():
            sent += len(orders)
            await self._per_user(orders, self._send)
        return sent

    async def send_for(self, user_id: int, mode: str) -> None:
        """Send what one account is to close, side by side and ahead of everybody else's."""
        async with self.database.write() as session:
            now, wall = self.clock.now(), self.wall.now()
            due, _ = await claim_intents(session, now, wall, BATCH, (user_id, mode))
        await asyncio.gather(*(self._guarded(order, self._send) for order in due))

    async def recover_for(self, user_id: int, mode: str) -> None:
        """Look up at once what became of one account's orders."""
        async with self.database.read() as session:
            found = await in_doubt(session, self.wall.now(), SETTLE_SOON, (user_id, mode))
        orders = [order for order in found if order.client_order_id not in self._in_flight]
        await asyncio.gather(*(self._guarded(order, self._recover) for order in orders))

    async def sweep(self) -> int:
        """Look for orders whose answer was lost: early for what is there, later for good; how many
        were looked up. To be called often.
        """
        early = [one for one in self._lost.due() if one.client_order_id not in self._in_flight]
        await self._per_user(early, self._glance)
        now = self.wall.monotonic()
        settled = self._lost.settled(SETTLE.total_seconds())
        if settled or now - self._swept_at >= SWEEP_S:
            self._swept_at = now
            return len(early) + await self.recover()
        return len(early)

    async def recover(self, settle: timedelta = SETTLE) -> int:
        """Finish orders whose answer was lost at least `settle` ago; how many were looked at.

        At the start and from time to time.
        """
        async with self.database.read() as session:
            found = await in_doubt(session, self.wall.now(), settle)
        orders = [order for order in found if order.client_order_id not in self._in_flight]
        await self._per_user(orders, self._recover)
        return len(orders)

    async def _claim(self) -> list[Order]:
        """Intents as `sent`, committed. No write transaction is opened when there are none."""
        async with self.database.read() as session:
            if not await waiting_intents(session):
                return []
        async with self.database.write() as session:
            due, late = await claim_intents(session, self.clock.now(), self.wall.now(), BATCH)
            for order in late:
                await end_order(session, self.outbox, order, EXPIRED, self.clock.now(), "too_late")
            wanted = await self._without_killed(session, due)
        if (late or due) and not wanted:
            return await self._claim()
        return wanted

    async def _without_killed(self, session: AsyncSession, due: list[Order]) -> list[Order]:
        """Entries that an operator has stopped since they were decided end here, unsent."""
        stopped = await kills.targets(session)
        wanted = []
        for order in due:
            killed = any(each.covers(order.user_id, order.symbol) for each in stopped)
            if killed and not order.reduce_only:
                await end_order(session, self.outbox, order, CANCELLED, self.clock.now(), "killed")
            else:
                wanted.append(order)
        return wanted

    async def _per_user(self, orders: Sequence[Order], work: _Work) -> None:
        """A user's orders one after the other, but those of a panic side by side; users side by
        side. A failure is one user's.
        """
        free = asyncio.Semaphore(USERS_AT_ONCE)
        key = attrgetter("user_id", "mode")
        groups = [list(group) for _, group in groupby(sorted(orders, key=key), key)]

        async def one(group: list[Order]) -> None:
            async with free:
                urgent = [order for order in group if order.purpose == PANIC]
                await asyncio.gather(*(self._guarded(order, work) for order in urgent))
                for order in group:
                    if order not in urgent:
                        await self._guarded(order, work)

        results = await asyncio.gather(*map(one, groups), return_exceptions=True)
        for result in results:
            if result is not None:
                log.error("order work failed", exc_info=result)

    async def _guarded(self, order: Order, work: _Work) -> None:
        self._in_flight.add(order.client_order_id)
        try:
            await work(order)
        finally:
            self._in_flight.discard(order.client_order_id)

    async def _send(self, order: Order) -> None:
        """Place one order and record the answer."""
        try:
            exchange = self.exchanges.of(order.user_id, order.mode)
        except DomainError as error:
            await self._finish(order, FAILED, error.code)
            return
        if order.risk_percent is not None and not exchange.sizes_at_fill:
            await self._finish(order, FAILED, "cannot_size_at_fill")
            return
        refused = await LastLook(self.database, self.market, self.clock).refusal(order)
        if refused is not None:
            await self._finish(order, REJECTED, refused)
            return
        try:
            report = await exchange.place(to_request(order))
        except OrderRejectedError as error:
            await self._finish(order, REJECTED, error.code)
        except DomainError as error:  # it may have arrived: looked up later, a panic's by itself
            if order.purpose != PANIC:
                self._lost.add(order)
            await self._finish(order, UNKNOWN, error.code)
        else:
            await self._record(order, report)

    async def _glance(self, order: Order) -> None:
        """Record one that is there already; no conclusion from one that is not."""
        try:
            exchange = self.exchanges.of(order.user_id, order.mode)
            report = await exchange.find(order.client_order_id, order.symbol)
        except DomainError as error:
            log.info("not found yet", order=order.client_order_id, error=error.code)
            return
        if report is not None:
            self._lost.found(order)
            await self._record(order, report)

    async def _recover(self, order: Order) -> None:
        """Look one order up, and do what follows from the answer."""
        try:
            found = await look_up(
                self.exchanges.of(order.user_id, order.mode), order, self.clock.now()
            )
        except DomainError as error:
            log.warning("order lookup failed", order=order.client_order_id, error=str(error))
            return
        if found.report is not None:
            await self._record(order, found.report)
        elif (unwanted := await self._why_unwanted(order)) is not None:
            await self._finish(order, CANCELLED, unwanted)
        elif found.verdict is Verdict.SEND_AGAIN:
            await self._send(order)
        elif found.verdict is Verdict.TOO_LATE:
            await self._finish(order, EXPIRED, "too_late")
        else:
            await self._finish(order, FAILED, "order_lost")

    async def _why_unwanted(self, order: Order) -> str | None:
        """Of an entry that never arrived: what has overtaken it."""
        if order.reduce_only:
            return None
        async with self.database.read() as session:
            return await why_unwanted(session, order, self.clock.now())

    async def _record(self, order: Order, report: OrderReport) -> None:
        """The exchange's answer. What was filled, or not at all, counts as accepted until reconcile
        has booked that.
        """
        waits = report.state == FILLED or report.error_code == NOT_FILLED
        state = ACCEPTED if waits else report.state
        await self._finish(order, state, report.error_code, report.exchange_order_id)

    async def _finish(
        self, order: Order, state: str, error_code: str | None, exchange_order_id: str | None = None
    ) -> None:
        """One result in a unit of work of its own, on the row as it is now."""
        async with self.database.write() as session:
            row = await session.get_one(Order, order.id, with_for_update=True)
            row.exchange_order_id = exchange_order_id or row.exchange_order_id
            if state in ENDED:
                await end_order(session, self.outbox, row, state, self.clock.now(), error_code)
            else:
                move(row, state, self.clock.now(), error_code)
