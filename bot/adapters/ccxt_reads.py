"""What Bitget tells of an account, as ccxt hands it over, in our words. Numbers come as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.trading.notices import NOT_FILLED
from domain.trading.ports import Balance, ExchangeFill, ExchangePosition, OrderReport

NOTHING = Decimal(0)
NONE: Mapping[str, Any] = {}

_ENDED = {"closed": "filled", "canceled": "cancelled", "expired": "expired", "rejected": "rejected"}
_LIQUIDATED = ("liquidat", "burst")
"""What Bitget's `tradeSide` then holds."""


def number(value: object) -> Decimal:
    """Text or nothing -> Decimal; empty is 0."""
    return NOTHING if value in (None, "") else Decimal(str(value))


def price(value: object) -> Decimal | None:
    """A price; empty and 0 mean that there is none."""
    found = number(value)
    return found if found > 0 else None


def balance_from(answer: Mapping[str, Any], unified: bool) -> Balance:
    """USDT of an account. Equity holds the unrealised profit, the balance does not."""
    info = answer["info"]
    if unified:
        data = info["data"]  # ccxt hands over the answer as a whole here
        coin = next((one for one in data["assets"] if one.get("coin") == "USDT"), NONE)
        equity, unrealised = number(coin.get("equity")), number(data.get("unrealisedPnl"))
        return Balance(equity - unrealised, equity, number(coin.get("available")))
    account = next((one for one in info if one.get("marginCoin") == "USDT"), NONE)
    equity = number(account.get("usdtEquity") or account.get("accountEquity"))
    free = account.get("isolatedMaxAvailable") or account.get("available")
    return Balance(equity - number(account.get("unrealizedPL")), equity, number(free))


@dataclass(frozen=True, slots=True)
class Level:
    """One protective order. `what`: stop, take; `plan`: the exchange's kind; `placed`: by age."""

    order_id: str
    plan: str
    what: str
    at: Decimal
    placed: tuple[int, str]


_PLANS = {"loss_plan": "stop", "pos_loss": "stop", "profit_plan": "take", "pos_profit": "take"}


def level_from(order: Mapping[str, Any]) -> Level | None:
    """A pending trigger order as a level; None when it is none."""
    info = order["info"]
    plan = str(info.get("planType") or "")
    what, at = _PLANS.get(plan), price(info.get("triggerPrice"))
    if what is None or at is None:  # a unified account names what it sets
        stop, take = price(info.get("stopLoss")), price(info.get("takeProfit"))
        what, at = ("stop", stop) if stop is not None else ("take", take)
    if at is None:
        return None
    placed = (int(info.get("cTime") or info.get("createdTime") or 0), str(order["id"]))
    return Level(str(order["id"]), plan, what, at, placed)


@dataclass(frozen=True, slots=True)
class Levels:
    """The protective orders of one side of a symbol."""

    orders: tuple[Level, ...] = ()

    def of(self, what: str) -> tuple[Level, ...]:
        """The stops or the takes, the last placed first."""
        found = (level for level in self.orders if level.what == what)
        return tuple(sorted(found, key=lambda level: level.placed, reverse=True))

    def price_of(self, what: str) -> Decimal | None:
        """Where it stands; of several, the first that was placed."""
        found = self.of(what)
        return found[-1].at if found else None

    def prices_of(self, what: str) -> tuple[Decimal, ...]:
        """Where all of them stand."""
        return tuple(level.at for level in self.of(what))


def level_side(order: Mapping[str, Any]) -> str:
    """long or short: the side of the position that a protective order closes."""
    info = order["info"]
    held = str(info.get("posSide") or info.get("holdSide") or "")
    if held in ("long", "short"):
        return held
    return "long" if order["side"] == "sell" else "short"


def held(position: Mapping[str, Any]) -> Decimal:
    """Coins, as the exchange says it: ccxt knows no size where it does not know the market."""
    return number(position["info"].get("total") or position["contracts"])


def position_from(symbol: str, position: Mapping[str, Any], levels: Levels) -> ExchangePosition:
    """An open position with the levels that stand at the exchange."""
    info = position["info"]
    return ExchangePosition(
        symbol=symbol,
        side=str(position["side"]),
        qty=held(position),
        entry_price=number(position["entryPrice"]),
        mark_price=number(position["markPrice"]),
        unrealized_pnl=number(position["unrealizedPnl"]),
        margin=number(info.get("marginSize") or position["initialMargin"]),
        leverage=int(number(position["leverage"]) or 1),
        liquidation_price=price(position["liquidationPrice"]),
        stop_price=levels.price_of("stop"),
        take_profit_price=levels.price_of("take"),
        stops=levels.prices_of("stop"),
        takes=levels.prices_of("take"),
        opened_ms=int(position["timestamp"] or 0),
        funding=-number(info.get("totalFee")),  # what was received counts as positive there
    )


def report_from(client_order_id: str, order: Mapping[str, Any]) -> OrderReport:
    """The state of one order."""
    state = _ENDED.get(str(order["status"]), "accepted")
    filled = number(order["filled"])
    if state == "cancelled" and filled > 0:
        state = "filled"  # a market order whose rest found no counterpart
    return OrderReport(
        client_order_id=client_order_id,
        exchange_order_id=str(order["id"] or ""),
        state=state,
        filled_qty=filled,
        fill_price=price(order["average"]),
        error_code=NOT_FILLED if state == "cancelled" else None,
    )


def fill_id(trade: Mapping[str, Any]) -> str:
    """Unique per account and ascending in time, over all symbols."""
    return f"{int(trade['timestamp']):013d}-{trade['id']}"


def fill_ms(known: str) -> int:
    """When a fill of that id happened, ms."""
    return int(known.partition("-")[0])


def _executed_side(trade: Mapping[str, Any]) -> str:
    """buy or sell. In hedge mode a classic account names the side of the position instead: a long
    is closed by a "buy".
    """
    side, info = str(trade["side"]), trade["info"]
    closes = "close" in str(info.get("tradeSide") or "").lower()
    if info.get("posMode") == "hedge_mode" and closes:
        return "sell" if side == "buy" else "buy"
    return side


def _fee(trade: Mapping[str, Any], market: Mapping[str, Any]) -> Decimal:
    """USDT. One that was paid in another coin (BGB), be it in part, is taken as the market's rate
    has it, which is the most it can be: what the coin was worth then nobody says.
    """
    coins = {str(part.get("feeCoin") or "USDT") for part in trade["info"].get("feeDetail") or ()}
    if coins <= {"USDT"}:
        return abs(number((trade.get("fee") or NONE).get("cost")))  # unified: comes out negative
    maker = trade.get("takerOrMaker") == "maker"
    rate = number(market["maker" if maker else "taker"])
    return number(trade["amount"]) * number(trade["price"]) * rate


def fill_from(symbol: str, trade: Mapping[str, Any], market: Mapping[str, Any]) -> ExchangeFill:
    """An execution, of which Bitget says why only where it liquidated. `market`: ccxt's."""
    said = str(trade["info"].get("tradeSide") or "").lower()
    reason = "liquidation" if any(mark in said for mark in _LIQUIDATED) else ""
    return ExchangeFill(
        fill_id=fill_id(trade),
        client_order_id=None,
        symbol=symbol,
        side=_executed_side(trade),
        qty=number(trade["amount"]),
        price=number(trade["price"]),
        fee=_fee(trade, market),
        funding=None,
        slippage=None,
        reason=reason,
        detail="level" if reason else None,
        at_ms=int(trade["timestamp"]),
        exchange_order_id=str(trade["order"] or "") or None,
    )
