"""The paper exchange: an exchange of our own that every user has an account at.

It is kept apart like a foreign one: its book is its own, it works in units of work of its own, and
what happened there is learnt by reading fills. Its prices are bars of the market.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters import paper_store, paper_views
from bot.adapters.paper_book import Bars, Book, PaperRules
from bot.adapters.paper_read import read_accounts, read_balances, read_fills
from bot.adapters.paper_stepping import close_book, step_book
from bot.adapters.paper_store import ACCOUNTS, ORDERS
from domain.clock import MarketClock
from domain.database import Database
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import MarketData
from domain.market.timeframes import MINUTE_MS
from domain.trading.fills import EXIT_DETAILS
from domain.trading.ports import (
    AccountQuestion,
    AccountSnapshot,
    Balance,
    ExchangeFill,
    ExchangePosition,
    LevelRequest,
    OrderRejectedError,
    OrderReport,
    OrderRequest,
)
from domain.trading.tracked import DueLevels

CHUNK = 1_000
"""Books stepped in one transaction."""

BarSource = Callable[[str, int, int], Awaitable[Candles]]
"""(symbol, start_ms, end_ms) -> closed bars that open in [start_ms, end_ms)."""

DEFAULT_RULES = PaperRules()

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PaperExchanges:
    """All paper accounts: the port `Exchanges` for the mode "paper", and the stepping of the books.

    `bars`: what is stepped; 1-minute bars when left out, the bot's own timeframe in a lock-step
    replay. `grid_ms`: an order may fill on the bar that is under way when it arrives, at its open.
    """

    database: Database
    market: MarketData
    clock: MarketClock
    rules: PaperRules = DEFAULT_RULES
    bars: BarSource | None = None
    grid_ms: int = MINUTE_MS
    _one_step: asyncio.Lock = field(default_factory=asyncio.Lock)

    def of(self, user_id: int, mode: str) -> PaperExchange:
        """The account of a user; it begins with its first order. Raises DomainError("no_key")."""
        if mode != "paper":
            raise DomainError("no_key", mode=mode)
        return PaperExchange(self, user_id)

    async def balances(self, mode: str, user_ids: Sequence[int]) -> Mapping[int, Balance]:
        """All that were asked for; who never traded has the start balance."""
        async with self.database.read() as session:
            return await read_balances(session, user_ids, self.rules.start_balance)

    async def snapshots(
        self, mode: str, questions: Mapping[int, AccountQuestion]
    ) -> Mapping[int, AccountSnapshot]:
        """Four queries, however many accounts."""
        async with self.database.read() as session:
            return await read_accounts(session, questions, self.rules.start_balance)

    async def step_to(self, moment_ms: int, user_ids: Sequence[int] | None = None) -> set[int]:
        """Step all books (or some) over the bars that closed by `moment_ms`; who had executions.

        A symbol whose bars can not be read now is stepped next time.
        """
        return await self._step(
            lambda symbol, since: self._fetch(symbol, since, moment_ms),
            lambda book, market: step_book(book, market, moment_ms, self.rules),
            user_ids,
        )

    async def place_levels(self, levels: Sequence[DueLevels]) -> None:
        """Set stops and take profits as they are told, also beyond the price: the next bar fills
        those as a gap. Positions that are gone are passed over.
        """
        async with self._one_step, self.database.write() as session:
            await paper_store.place_levels(session, levels)

    async def close_out(
        self, moment_ms: int, close: int, user_ids: Sequence[int] | None = None
    ) -> set[int]:
        """Close all positions at their last prices, by a market order of detail code `close`.

        For the end of a replay (`fills.END_OF_DATA`): funding up to `moment_ms` is charged.
        """
        if not 0 < close < len(EXIT_DETAILS):
            raise ValueError("close is an exit detail's code")
        return await self._step(
            lambda symbol, since: self._without_bars(symbol, since, moment_ms),
            lambda book, market: close_book(book, market, moment_ms, close),
            user_ids,
        )

    async def _step(
        self,
        fetch: Callable[[str, int], Awaitable[Bars | None]],
        step: Callable[[Book, Mapping[str, Bars]], None],
        user_ids: Sequence[int] | None,
    ) -> set[int]:
        async with self._one_step:
            async with self.database.read() as session:
                waiting = await paper_store.waiting(session, user_ids)
            fetched = await asyncio.gather(*(fetch(*need) for need in waiting.since.items()))
            market = {bars.contract.symbol: bars for bars in fetched if bars is not None}
            moved: set[int] = set()
            for start in range(0, len(waiting.user_ids), CHUNK):
                chunk = waiting.user_ids[start : start + CHUNK]
                async with self.database.write() as session:
                    moved |= await _step_chunk(session, chunk, market, step)
            return moved

    async def _fetch(self, symbol: str, since_ms: int, until_ms: int) -> Bars | None:
        """Bars that open after `since_ms`, with the funding charged in that span."""
        try:
            contract = await self.market.contract(symbol)
            source = self.bars or self.market.minute_bars
            candles = await source(symbol, since_ms + 1, until_ms)
            last = int(candles.time[-1]) if len(candles) else since_ms
            funding = await self.market.funding(symbol, since_ms + 1, last + 1)
        except DomainError as error:
            log.warning("paper_symbol_waits", symbol=symbol, error=str(error))
            return None
        return Bars(
            contract=contract,
            costs=self.rules.costs(contract),
            time=candles.time.tolist(),
            open=candles.open.tolist(),
            high=candles.high.tolist(),
            low=candles.low.tolist(),
            close=candles.close.tolist(),
            stamps=funding.times.tolist(),
            rates=funding.rates.tolist(),
        )

    async def _without_bars(self, symbol: str, since_ms: int, until_ms: int) -> Bars:
        contract = await self.market.contract(symbol)
        funding = await self.market.funding(symbol, since_ms + 1, until_ms + 1)
        return Bars(
            contract=contract,
            costs=self.rules.costs(contract),
            time=[],
            open=[],
            high=[],
            low=[],
            close=[],
            stamps=funding.times.tolist(),
            rates=funding.rates.tolist(),
        )


async def _step_chunk(
    session: AsyncSession,
    user_ids: Sequence[int],
    market: Mapping[str, Bars],
    step: Callable[[Book, Mapping[str, Bars]], None],
) -> set[int]:
    books = await paper_store.load(session, user_ids)
    gone: set[tuple[int, str]] = set()
    for book in books.values():
        before = set(book.positions)
        step(book, market)
        gone |= {(book.user_id, symbol) for symbol in before - set(book.positions)}
    await paper_store.save(session, books.values(), gone)
    return {book.user_id for book in books.values() if book.executed}


@dataclass(frozen=True, slots=True)
class PaperExchange:
    """One user's account: the port `Exchange`."""

    books: PaperExchanges
    user_id: int
    name: str = "paper"
    dedupes_client_id: bool = True
    sizes_at_fill: bool = True

    async def balance(self) -> Balance:
        """Marked at the last prices stepped."""
        return (await self.books.balances("paper", [self.user_id]))[self.user_id]

    async def positions(self) -> tuple[ExchangePosition, ...]:
        """Open positions, the oldest first."""
        found = await self.books.snapshots("paper", {self.user_id: AccountQuestion()})
        return found[self.user_id].positions

    async def holdings(self) -> tuple[ExchangePosition, ...]:
        """The same: it costs nothing here."""
        return await self.positions()

    async def place(self, request: OrderRequest) -> OrderReport:
        """Accept an order for the next bar. An id that was placed before is that order.

        Raises OrderRejectedError("unknown_symbol").
        """
        if request.symbol not in self.books.market.symbols():
            raise OrderRejectedError("unknown_symbol", symbol=request.symbol)
        now_ms = self.books.clock.now_ms()
        from_ms = max(request.decided_ms, now_ms - now_ms % self.books.grid_ms)
        async with self.books.database.write() as session:
            await self._open_account(session)
            await session.execute(
                _insert(session, ORDERS)
                .values(paper_views.order_row(self.user_id, request, from_ms))
                .on_conflict_do_nothing(index_elements=["client_order_id"])
            )
            return paper_views.report(await self._order(session, request.client_order_id))

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        """Take back what has not filled; anything else stays as it is."""
        async with self.books.database.write() as session:
            await session.execute(
                update(ORDERS)
                .where(*self._mine(client_order_id), ORDERS.c.state == "pending")
                .values(state="cancelled")
            )

    async def set_levels(self, request: LevelRequest) -> None:
        """At once. A paper position has always got a stop: without one in the request it stays."""
        async with self.books.database.write() as session:
            held = await paper_store.locked_position(session, self.user_id, request.symbol)
            side = 1 if request.side == "long" else -1
            if held is None or held.side != side:
                raise OrderRejectedError("position_gone")
            stop = held.stop if request.stop_price is None else float(request.stop_price)
            take = request.take_profit_price
            if side * held.mark <= side * stop:
                raise OrderRejectedError("level_passed")
            await paper_store.move_levels(
                session, self.user_id, request.symbol, stop, None if take is None else float(take)
            )

    async def find(self, client_order_id: str, symbol: str) -> OrderReport | None:
        """None = never placed."""
        async with self.books.database.read() as session:
            row = (
                await session.execute(select(ORDERS).where(*self._mine(client_order_id)))
            ).one_or_none()
        return None if row is None else paper_views.report(row)

    async def fills(self, after: str | None, limit: int = 500) -> tuple[ExchangeFill, ...]:
        """Executions with a greater number than `after`."""
        async with self.books.database.read() as session:
            return await read_fills(session, self.user_id, after, limit)

    async def _open_account(self, session: AsyncSession) -> None:
        await session.execute(
            _insert(session, ACCOUNTS)
            .values(user_id=self.user_id, wallet=self.books.rules.start_balance)
            .on_conflict_do_nothing(index_elements=["user_id"])
        )

    async def _order(self, session: AsyncSession, client_order_id: str) -> Any:
        return (await session.execute(select(ORDERS).where(*self._mine(client_order_id)))).one()

    def _mine(self, client_order_id: str) -> tuple[Any, ...]:
        return ORDERS.c.user_id == self.user_id, ORDERS.c.client_order_id == client_order_id


def _insert(session: AsyncSession, table: Any) -> Any:
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    return make(table)
