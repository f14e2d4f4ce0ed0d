"""What Bitget's bills say was paid into an account and taken out of it.

A bill's kind is a word, and new ones come: what brings money and is not known to be trading counts
as paid in; what takes some counts as taken out only where its word says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.adapters.ccxt_clients import CallRefusedError, Client
from bot.adapters.ccxt_errors import Meaning, Told
from bot.adapters.ccxt_fills import spans
from bot.adapters.ccxt_limits import READ
from bot.adapters.ccxt_reads import NOTHING, number
from domain.trading.ports import Moved

PRODUCT = "USDT-FUTURES"
PAGE = 100
MOST_PAGES = 20
"""Of one question: whoever has more bills is not waited for."""
_UNIFIED = (PRODUCT, "OTHER", "SPOT", "MARGIN")
"""Where a unified account's USDT may come from and go to. Bought and sold coins are not trading at
the contracts: a sale brings USDT like a deposit.
"""
_TRADING = frozenset({
    "open", "close", "buy", "sell", "burst", "force", "offset", "adl", "delivery", "settle", "deal",
    "dealt", "fee", "funding", "profit", "pnl", "liq", "rebase", "append", "increase", "reduce",
})  # fmt: skip
_MOVING = frozenset(["trans", "transfer", "deposit", "withdraw", "withdrawal"])

Row = Mapping[str, Any]


def moved_from(kind: str, amount: Decimal, *, trades: bool = True) -> Decimal:
    """What a bill moved, USDT: positive = paid in. `trades`: of the contracts."""
    words = set(kind.lower().split("_"))
    if words & _MOVING:
        comes_back = bool(words & {"in", "from", "refund"})
        goes = not comes_back and bool(words & {"to", "out", "withdraw", "withdrawal"})
        return -abs(amount) if goes or (amount < 0 and not comes_back) else abs(amount)
    if trades and words & _TRADING:
        return NOTHING
    return max(amount, NOTHING)


@dataclass(frozen=True)
class BillReader:
    """Raises CallRefusedError. `now_ms`: the exchange's time."""

    client: Client
    now_ms: int

    async def since(self, first_ms: int) -> tuple[Moved, ...]:
        """What was moved from that moment on, oldest first."""
        found: dict[str, Moved] = {}
        for span in spans(first_ms, self.now_ms):
            if not self.client.params["uta"]:
                found |= await self._classic(span)
                continue
            for category in _UNIFIED:
                found |= await self._unified(category, span)
        return tuple(sorted(found.values(), key=lambda one: (one.at_ms, one.transfer_id)))

    async def _classic(self, span: Mapping[str, int]) -> dict[str, Moved]:
        asked = {"productType": PRODUCT, "coin": "USDT", "limit": PAGE, **span}

        async def read(exchange: Any) -> Row:
            answer: Row = await exchange.privateMixGetV2MixAccountBill(dict(asked))
            return dict(answer["data"])

        found: dict[str, Moved] = {}
        for _ in range(MOST_PAGES):
            told = await self.client.call(READ, read)
            rows: Sequence[Row] = told["bills"] or ()
            for row in rows:
                amount = moved_from(str(row["businessType"]), number(row["amount"]))
                _add(found, row["coin"], str(row["billId"]), amount, row["cTime"])
            if len(rows) < PAGE or told.get("endId") in (None, "", asked.get("idLessThan")):
                return found
            asked["idLessThan"] = told["endId"]
        raise _too_many()

    async def _unified(self, category: str, span: Mapping[str, int]) -> dict[str, Moved]:
        asked = {"category": category, "coin": "USDT", "limit": PAGE, **span}

        async def read(exchange: Any) -> Row:
            answer: Row = await exchange.privateUtaGetV3AccountFinancialRecords(dict(asked))
            return dict(answer["data"])

        found: dict[str, Moved] = {}
        for _ in range(MOST_PAGES):
            told = await self.client.call(READ, read)
            rows: Sequence[Row] = told["list"] or ()
            for row in rows:
                trades = category == PRODUCT
                amount = moved_from(str(row["type"]), number(row["amount"]), trades=trades)
                _add(found, row["coin"], str(row["id"]), amount, row["ts"])
            if len(rows) < PAGE or told.get("cursor") in (None, "", asked.get("cursor")):
                return found
            asked["cursor"] = told["cursor"]
        raise _too_many()


def _add(found: dict[str, Moved], coin: str, key: str, amount: Decimal, at_ms: Any) -> None:
    if amount and coin == "USDT":
        found[key] = Moved(key, amount, int(at_ms))


def _too_many() -> CallRefusedError:
    return CallRefusedError(Told(Meaning.LOST, "exchange_bad_answer"))
