"""Stops and take profits at Bitget: carried by the entry, then kept on the position.

Set as orders of the position (`pos_loss`, `pos_profit`), which end with it, never as trigger orders
of their own, which may outlive it. The new one is placed before the old one is cancelled: there is
no moment without a stop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.adapters import ccxt_reads as reads
from bot.adapters.ccxt_clients import PAGE, PRODUCT, CallRefusedError, Client, Markets, together
from bot.adapters.ccxt_errors import MARKET_GONE, Meaning
from bot.adapters.ccxt_limits import LEVEL, READ
from domain.money import exact
from domain.trading.levels import level_price
from domain.trading.ports import LevelRequest, OrderRequest

STOP, TAKE = "stop", "take"
Row = dict[str, Any]
Sides = Mapping[str, reads.Levels]
"""By long and short."""
_PARAM = {STOP: "stopLossPrice", TAKE: "takeProfitPrice"}


def preset_levels(request: OrderRequest, tick: Decimal) -> Mapping[str, Any]:
    """The levels an entry carries, from the signal's close; moved to the fill's after it."""
    if not request.signal_price:
        return {}
    side = 1 if request.side == "buy" else -1
    found: dict[str, Any] = {}
    for name, percent, towards in (
        ("stopLoss", request.stop_percent, -side),
        ("takeProfit", request.take_profit_percent, side),
    ):
        if percent is not None:
            at = level_price(towards, request.signal_price, percent, float(tick))
            found[name] = {"triggerPrice": _text(exact(at))}
    return found


@dataclass(frozen=True)
class LevelKeeper:
    """Reads and moves the protective orders of one account."""

    client: Client
    markets: Markets
    last_price: bool

    async def standing(self, symbols: Collection[str]) -> dict[str, Sides]:
        """symbol -> what stands there. Raises CallRefusedError.

        One question for all of them, unless there is more than one answer holds.
        """
        if len(symbols) > 1:
            orders = await self._pending(None)
            if len(orders) < PAGE:
                return {symbol: _by_side(self._named(symbol, orders)) for symbol in symbols}
        told = await together(self._of(symbol) for symbol in symbols)
        return dict(zip(symbols, told, strict=True))

    async def _of(self, symbol: str) -> Sides:
        """Nothing where the market is gone."""
        try:
            return _by_side(self._named(symbol, await self._pending(symbol)))
        except CallRefusedError as error:
            if error.told != MARKET_GONE:
                raise
            return _by_side(())

    async def _pending(self, symbol: str | None) -> list[Row]:
        unified = None if symbol is None else self.markets.unified(symbol)
        params = {"productType": PRODUCT, **self.client.params}
        params |= {"trigger": True} if params["uta"] else {"planType": "profit_loss"}
        found: list[Row] = await self.client.call(
            READ, lambda ex: ex.fetch_open_orders(unified, None, PAGE, params)
        )
        return found

    def _named(self, symbol: str, orders: Iterable[Row]) -> list[Row]:
        unified = self.markets.unified(symbol)
        return [order for order in orders if order["symbol"] == unified]

    async def move(self, request: LevelRequest) -> None:
        """Bring the levels of a position to where they shall stand. Raises CallRefusedError."""
        standing = (await self.standing([request.symbol]))[request.symbol][request.side]
        for what, wanted in (
            (STOP, request.stop_price),
            (TAKE, request.take_profit_price),
        ):
            there = standing.of(what)
            kept = [level for level in there if level.at == wanted][:1]
            if wanted is not None and not kept:
                await self._place(request, what, wanted)
            for level in there:
                if level not in kept:
                    await self._cancel(request.symbol, level)

    async def _place(self, request: LevelRequest, what: str, at: Decimal) -> None:
        unified = self.markets.unified(request.symbol)
        closing = "sell" if request.side == "long" else "buy"
        params = {
            _PARAM[what]: _text(at),
            "hedged": self.client.hedged,
            **self._trigger(what),
            **self.client.params,
        }
        if self.client.params["uta"]:
            params["reduceOnly"] = True
        await self.client.call(
            LEVEL,
            lambda ex: ex.create_order(
                unified, "market", closing, _text(request.qty), None, params
            ),
        )

    def preset_triggers(self) -> Mapping[str, str]:
        """What fires the levels that an entry carries. A classic account is asked for no price
        there, and takes its own until the levels are moved to the fill's.
        """
        if not self.client.params["uta"]:
            return {}
        return {**self._trigger(STOP), **self._trigger(TAKE)}

    def _trigger(self, what: str) -> Mapping[str, str]:
        """Said explicitly: left out, a level would look at the mark."""
        if self.client.params["uta"]:
            name = "slTriggerBy" if what == STOP else "tpTriggerBy"
            return {name: "market" if self.last_price else "mark"}
        return {"triggerType": "fill_price" if self.last_price else "mark_price"}

    async def _cancel(self, symbol: str, level: reads.Level) -> None:
        """One that is gone already is as good."""
        unified = self.markets.unified(symbol)
        params = {"trigger": True, **self.client.params}
        if level.plan:
            params["planType"] = level.plan
        try:
            await self.client.call(
                LEVEL, lambda ex: ex.cancel_order(level.order_id, unified, params)
            )
        except CallRefusedError as error:
            if error.told.meaning is not Meaning.ABSENT:
                raise


def _by_side(orders: Iterable[Row]) -> Sides:
    found: dict[str, list[reads.Level]] = {"long": [], "short": []}
    for order in orders:
        level = reads.level_from(order)
        if level is not None:
            found[reads.level_side(order)].append(level)
    return {side: reads.Levels(tuple(levels)) for side, levels in found.items()}


def _text(value: Decimal) -> str:
    return format(value.normalize(), "f")
