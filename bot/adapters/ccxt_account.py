"""One user's account at a real exchange behind the port `Exchange`.

Positions are isolated, stops hang on the position from the first fill on: the entry carries them as
presets, `set_levels` moves them. An order is sent once; whatever leaves a doubt is said to be one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from bot.adapters import ccxt_reads as reads
from bot.adapters.bitget_bills import BillReader
from bot.adapters.ccxt_clients import PRODUCT, CallRefusedError, Client, Clients, together
from bot.adapters.ccxt_contracts import MAX_SYMBOL_LENGTH
from bot.adapters.ccxt_errors import MARKET_GONE, REFUSED_SOMEHOW, Meaning, Told
from bot.adapters.ccxt_fills import FillReader
from bot.adapters.ccxt_levels import LevelKeeper, preset_levels
from bot.adapters.ccxt_limits import ORDER, READ
from domain.errors import DomainError
from domain.trading.notices import UNTOLD
from domain.trading.ports import (
    AccountQuestion,
    AccountSnapshot,
    AskMoved,
    Balance,
    ExchangeFill,
    ExchangePosition,
    LevelRequest,
    Moved,
    OrderRejectedError,
    OrderReport,
    OrderRequest,
    OrderUnknownError,
)

_FIRST_LOOK_MS = 24 * 3_600_000
_LEVERAGE_KNOWN_S = 300.0
"""It may be set by hand at the exchange, which nobody tells as long as nothing is open."""
_OVERLAP_MS = 120_000
"""Fills of several symbols are read one after the other: what happened meanwhile is read again."""
_REFUSES_TO_TELL = {MARKET_GONE.code, REFUSED_SOMEHOW.code, "unknown_symbol"}

Answer = TypeVar("Answer")

MoneySeen = Callable[[int, str, Balance, AskMoved], Awaitable[None]]
"""(user, mode, what the account has, how to ask what was moved): told whenever money was read."""


@dataclass(frozen=True)
class CcxtAccount:
    """Bitget, classic or unified, one-way or hedge mode; `last_price`: triggers of levels look at
    the last price (as backtests do) instead of the mark.
    """

    clients: Clients
    user_id: int
    demo: bool
    last_price: bool = True
    seen: MoneySeen | None = None
    insists: bool = False

    @property
    def name(self) -> str:
        return "bitget"

    @property
    def dedupes_client_id(self) -> bool:
        return True

    @property
    def sizes_at_fill(self) -> bool:
        return False

    async def balance(self) -> Balance:
        client = await self._client()

        async def read(exchange: Any) -> Balance:
            answer = await exchange.fetch_balance(client.params)
            return reads.balance_from(answer, bool(client.params["uta"]))

        found = await self._read(client, read)
        if self.seen is not None:
            await self.seen(self.user_id, "demo" if self.demo else "live", found, self.moved_since)
        return found

    async def moved_since(self, first_ms: int) -> tuple[Moved, ...]:
        """What was paid in and taken out from that moment on. Raises DomainError."""
        client = await self._client()
        try:
            reader = BillReader(client, self.clients.clock.now_ms())
            return await self._guarded(reader.since(first_ms))
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise DomainError("exchange_bad_answer", why=type(error).__name__) from error

    async def holdings(self) -> tuple[ExchangePosition, ...]:
        """Asked for by whoever is about to close: ahead of everybody who only looks, until it is
        told.
        """
        held = await self._held_positions((await self._client()).insisting(), ORDER)
        return tuple(reads.position_from(symbol, one, reads.Levels()) for symbol, one in held)

    async def _held_positions(
        self, client: Client, urgency: int = READ
    ) -> list[tuple[str, dict[str, Any]]]:
        params = {"productType": PRODUCT, **client.params}
        found = await self._guarded(
            client.call(urgency, lambda ex: ex.fetch_positions(None, params))
        )
        self._doubt_leverages(client, found)
        modes = {bool(one["hedged"]) for one in found if one.get("hedged") is not None}
        if len(modes) == 1:
            await client.learn_mode(modes.pop())
        named = [(self._name_of(one), one) for one in found]
        return [
            (symbol, one)
            for symbol, one in named
            if len(symbol) <= MAX_SYMBOL_LENGTH and reads.held(one) > 0
        ]

    def _name_of(self, position: dict[str, Any]) -> str:
        """Of a market that is in no list any more, as the exchange calls it: what is held there is
        held.
        """
        listed = self.clients.markets.symbol_of(position["symbol"])
        return listed or str(position["info"]["symbol"]).upper()

    def _doubt_leverages(self, client: Client, found: list[dict[str, Any]]) -> None:
        """Somebody set another one at the exchange: it is set again before the next entry."""
        for one in found:
            symbol = self.clients.markets.symbol_of(one["symbol"])
            known = client.leverages.get(symbol or "")
            there = int(reads.number(one["leverage"])), str(one["marginMode"])
            if symbol is not None and known is not None and there != (known[0], "isolated"):
                del client.leverages[symbol]

    async def positions(self) -> tuple[ExchangePosition, ...]:
        client = await self._client()
        open_ones = await self._held_positions(client)
        listed = self.clients.markets.listed()
        symbols = sorted({symbol for symbol, _ in open_ones}.intersection(listed))
        levels = await self._guarded(self._keeper(client).standing(symbols))
        nothing = reads.Levels()
        return tuple(
            reads.position_from(
                symbol, position, levels.get(symbol, {}).get(str(position["side"]), nothing)
            )
            for symbol, position in open_ones
        )

    async def place(self, request: OrderRequest) -> OrderReport:
        try:
            client = await self._client()
        except DomainError as error:  # nothing was sent; where it may be in a moment, it waits
            if error.code.startswith("exchange_"):
                raise OrderUnknownError(error.code) from error
            raise OrderRejectedError(error.code, **error.params) from error
        if request.symbol not in self.clients.markets.listed():
            raise OrderRejectedError(MARKET_GONE.code)
        if not request.reduce_only and request.symbol not in self.clients.markets.symbols():
            raise OrderRejectedError("market_suspended")
        try:
            look = self.holdings if request.reduce_only else None
            return await client.in_its_mode(lambda: self._placed(client, request), look)
        except CallRefusedError as error:
            return await self._unsent(request, error.told)

    async def _placed(self, client: Client, request: OrderRequest) -> OrderReport:
        if not request.reduce_only:
            await self._prepare(client, request)
        return await self._sent(client, request)

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        client = await self._client()
        unified = self.clients.markets.unified(symbol)
        params = {"clientOrderId": client_order_id, **client.params}
        try:
            await client.call(ORDER, lambda ex: ex.cancel_order("", unified, params))
        except CallRefusedError as error:
            if error.told.meaning is not Meaning.ABSENT:
                raise DomainError(error.told.code) from error

    async def set_levels(self, request: LevelRequest) -> None:
        client = await self._client()
        try:
            move = self._keeper(client).move
            await client.in_its_mode(lambda: move(request), self.holdings)
        except CallRefusedError as error:
            told = error.told
            if told.meaning in (Meaning.REFUSED, Meaning.ABSENT):
                raise OrderRejectedError(told.code) from error
            raise DomainError(told.code) from error

    async def find(self, client_order_id: str, symbol: str) -> OrderReport | None:
        client = (await self._client()).insisting()
        return await self._found(client, ORDER, client_order_id, symbol)

    async def _found(
        self, client: Client, urgency: int, client_order_id: str, symbol: str
    ) -> OrderReport | None:
        unified = self.clients.markets.unified(symbol)
        params = {"clientOrderId": client_order_id, **client.params}
        try:
            order = await client.call(urgency, lambda ex: ex.fetch_order("", unified, params))
        except CallRefusedError as error:
            if error.told.meaning is Meaning.ABSENT:
                return None
            raise DomainError(error.told.code) from error
        return reads.report_from(client_order_id, order)

    async def fills(self, after: str | None, limit: int = 500) -> tuple[ExchangeFill, ...]:
        held = {position.symbol for position in await self.positions()}
        return (await self._fills(await self._client(), sorted(held), after))[:limit]

    async def snapshot(self, question: AccountQuestion) -> AccountSnapshot:
        """Everything reconcile asks; orders last, so that the order of every fill is known. A
        market that is gone tells nothing of itself, and holds up no other.
        """
        if question.insists:
            patient = replace(self, insists=True)
            return await patient.snapshot(replace(question, insists=False))
        client = await self._client()
        balance, positions = await asyncio.gather(self.balance(), self.positions())
        listed = self.clients.markets.listed()
        held = (position.symbol for position in positions)
        symbols = sorted({*question.symbols, *held}.intersection(listed))
        fills = await self._fills(client, symbols, question.after)
        reports = await together(self._report(client, *order) for order in question.orders)
        known = tuple(report for report in reports if report is not None)
        return AccountSnapshot(balance, positions, fills, known, overlaps=True)

    async def _report(
        self, client: Client, client_order_id: str, symbol: str
    ) -> OrderReport | None:
        try:
            return await self._found(client, READ, client_order_id, symbol)
        except DomainError as error:
            if error.code not in _REFUSES_TO_TELL:
                raise
        return OrderReport(client_order_id, "", "accepted", error_code=UNTOLD)

    async def _client(self) -> Client:
        client = await self.clients.of(self.user_id, self.demo)
        return client.insisting() if self.insists else client

    def _keeper(self, client: Client) -> LevelKeeper:
        return LevelKeeper(client, self.clients.markets, self.last_price)

    async def _read(self, client: Client, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        return await self._guarded(client.call(READ, work))

    async def _guarded(self, work: Awaitable[Answer]) -> Answer:
        try:
            return await work
        except CallRefusedError as error:
            raise DomainError(error.told.code) from error

    async def _prepare(self, client: Client, request: OrderRequest) -> None:
        """Isolated margin and the leverage; known for a while, unless there is a doubt."""
        now = self.clients.wall.monotonic()
        known, set_at = client.leverages.get(request.symbol, (0, 0.0))
        if known == request.leverage and now - set_at < _LEVERAGE_KNOWN_S:
            return
        client.leverages.pop(request.symbol, None)
        unified = self.clients.markets.unified(request.symbol)
        if not client.params["uta"]:
            params = {"productType": PRODUCT, **client.params}
            await client.call(ORDER, lambda ex: ex.set_margin_mode("isolated", unified, params))
        sides = ("long", "short") if client.hedged else ("",)
        for side in sides:
            await self._set_leverage(client, unified, request.leverage, side)
        client.leverages[request.symbol] = request.leverage, now

    async def _set_leverage(self, client: Client, unified: str, leverage: int, side: str) -> None:
        params = {**client.params, **({"holdSide": side} if side else {})}
        await client.call(ORDER, lambda ex: ex.set_leverage(leverage, unified, params))

    async def _sent(self, client: Client, request: OrderRequest) -> OrderReport:
        unified = self.clients.markets.unified(request.symbol)
        qty = request.qty
        if request.reduce_only and qty == 0:
            qty = await self._held(request)
            if qty == 0:
                raise OrderRejectedError("position_gone")
        elif request.reduce_only and client.hedged and not client.modes:
            await self.holdings()  # tells the mode, see `Client.learn_mode`
        params: dict[str, Any] = {
            "clientOrderId": request.client_order_id,
            "marginMode": "isolated",
            "hedged": client.hedged,
            "reduceOnly": request.reduce_only,
            **client.params,
        }
        if not request.reduce_only:
            params |= preset_levels(request, self.clients.markets.tick(request.symbol))
            params |= self._keeper(client).preset_triggers()
        order = await client.call(
            ORDER,
            lambda ex: ex.create_order(
                unified, "market", request.side, format(qty, "f"), None, params
            ),
        )
        if not order.get("id"):
            raise CallRefusedError(Told(Meaning.LOST, "exchange_bad_answer"))
        return OrderReport(request.client_order_id, str(order["id"]), "accepted")

    async def _held(self, request: OrderRequest) -> Decimal:
        """How much a close of everything has to close."""
        side = "long" if request.side == "sell" else "short"
        for position in await self.holdings():
            if (position.symbol, position.side) == (request.symbol, side):
                return position.qty
        return Decimal(0)

    async def _unsent(self, request: OrderRequest, told: Told) -> OrderReport:
        """What a refusal of an order leads to: its report after all, or an error that says how sure
        we are.
        """
        if told.meaning is Meaning.EXISTS or told == REFUSED_SOMEHOW:
            found = await self.find(request.client_order_id, request.symbol)
            if found is not None:
                return found
            if told.meaning is Meaning.EXISTS:
                raise OrderUnknownError(told.code)
        if told.meaning in (Meaning.REFUSED, Meaning.ABSENT, Meaning.KEY):
            raise OrderRejectedError(told.code)
        raise OrderUnknownError(told.code)

    async def _fills(
        self, client: Client, symbols: Collection[str], after: str | None
    ) -> tuple[ExchangeFill, ...]:
        now_ms = self.clients.clock.now_ms()
        first_ms = now_ms - _FIRST_LOOK_MS if after is None else reads.fill_ms(after) - _OVERLAP_MS
        reader = FillReader(client, self.clients.markets, now_ms)
        return await self._guarded(reader.since(symbols, first_ms))
