"""An account's executions, all of them: Bitget answers with a hundred at most, and tells of so many
days at once. After a long outage neither is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters import ccxt_reads as reads
from bot.adapters.ccxt_clients import PAGE, PRODUCT, CallRefusedError, Client, Markets, together
from bot.adapters.ccxt_errors import MARKET_GONE
from bot.adapters.ccxt_limits import READ
from domain.market.timeframes import DAY_MS
from domain.trading.ports import ExchangeFill

SPAN_MS = 7 * DAY_MS
"""One question's: the documents say a week here, 30 days and three months there."""
KEPT_MS = 89 * DAY_MS
"""What is older than three months is not told any more."""

Fills = dict[str, ExchangeFill]
Row = dict[str, Any]


@dataclass(frozen=True)
class FillReader:
    """Raises CallRefusedError. `now_ms`: the exchange's time."""

    client: Client
    markets: Markets
    now_ms: int

    async def since(self, symbols: Collection[str], first_ms: int) -> tuple[ExchangeFill, ...]:
        """Executions in these symbols from that moment on, by their ids."""
        found: Fills = {}
        for span in spans(max(first_ms, self.now_ms - KEPT_MS), self.now_ms):
            if self.client.params["uta"]:
                found |= await self._of_all(symbols, span)
                continue
            found |= await self._of_each(symbols, span)
        return tuple(found[key] for key in sorted(found))

    async def _of_each(self, symbols: Collection[str], span: Row) -> Fills:
        """A classic account tells of all symbols in one answer, unless somebody trades so much in
        it that ours have to be asked for one by one.
        """
        if len(symbols) > 1:
            rows = await self._recent(span)
            if len(rows) < PAGE:
                return self._named(symbols, rows)
        found: Fills = {}
        for part in await together(self._of(symbol, span) for symbol in symbols):
            found |= part
        return found

    async def _recent(self, span: Row) -> Sequence[Row]:
        params = {"productType": PRODUCT, "limit": PAGE, **span}

        async def read(exchange: Any) -> Sequence[Row]:
            answer = await exchange.privateMixGetV2MixOrderFills(params)
            told = answer["data"] or {}  # nothing at all is told as null here and there
            rows: Sequence[Row] = told.get("fillList") or ()
            return rows

        return await self.client.call(READ, read)

    def _named(self, symbols: Collection[str], rows: Iterable[Row]) -> Fills:
        """Those in `symbols` of what an account tells of all."""
        names = {self._market(symbol)["id"]: symbol for symbol in symbols}
        found: Fills = {}
        for row in rows:
            symbol = names.get(str(row["symbol"]).upper())
            if symbol is not None:
                market = self._market(symbol)
                trade = self.client.exchange.parse_trade(row, market)
                found[reads.fill_id(trade)] = reads.fill_from(symbol, trade, market)
        return found

    async def _of(self, symbol: str, span: Row) -> Fills:
        """One symbol's, page by page."""
        unified, found = self.markets.unified(symbol), dict[str, ExchangeFill]()
        market = self._market(symbol)
        params = {**span, **self.client.params}
        since = params.pop("startTime")

        async def read(exchange: Any) -> Sequence[Row]:
            page: Sequence[Row] = await exchange.fetch_my_trades(unified, since, PAGE, dict(params))
            return page

        while True:
            try:
                page = await self.client.call(READ, read)
            except CallRefusedError as error:
                if error.told != MARKET_GONE:
                    raise
                return found
            fresh = [trade for trade in page if reads.fill_id(trade) not in found]
            found |= {reads.fill_id(one): reads.fill_from(symbol, one, market) for one in fresh}
            if not fresh or len(page) < PAGE:
                return found
            params["idLessThan"] = min(fresh, key=reads.fill_id)["id"]

    async def _of_all(self, symbols: Collection[str], span: Row) -> Fills:
        """A unified account tells of all symbols together; ccxt would drop the others' from a page,
        and with them how long it was.
        """
        found: Fills = {}
        params = {"category": PRODUCT, "limit": PAGE, **span}

        async def read(exchange: Any) -> Row:
            answer: Row = await exchange.privateUtaGetV3TradeFills(dict(params))
            return dict(answer["data"])

        while True:
            told = await self.client.call(READ, read)
            rows: Sequence[Row] = told.get("list") or ()
            found |= self._named(symbols, rows)
            cursor = told.get("cursor")
            if len(rows) < PAGE or not cursor or cursor == params.get("cursor"):
                return found
            params["cursor"] = cursor

    def _market(self, symbol: str) -> Row:
        found: Row = self.client.exchange.market(self.markets.unified(symbol))
        return found


def spans(first_ms: int, now_ms: int) -> Iterator[Row]:
    """startTime and endTime of one question after the other; the last one has no end."""
    while now_ms - first_ms > SPAN_MS:
        yield {"startTime": first_ms, "endTime": first_ms + SPAN_MS}
        first_ms += SPAN_MS
    yield {"startTime": first_ms}
