"""Orders, fills, positions and stops in the shapes of the unified API.

Unlike the classic one it calls a fee that was paid positive, and a side is always the trade's own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.listings import Listing
from bot.sandbox.bitget.margin import Tapes
from bot.sandbox.bitget.records import Fill, Order, Plan, Position
from bot.sandbox.bitget.rows_v2 import hold_mode, hold_of, plain

CATEGORY = "USDT-FUTURES"
TRIGGERS = {"market": "fill_price", "mark": "mark_price"}
_WORDS = {ours: word for word, ours in TRIGGERS.items()}


def _set(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def instrument_row(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.symbol,
        "category": CATEGORY,
        "baseCoin": listing.base,
        "quoteCoin": "USDT",
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "feeRateUpRatio": "0.005",
        "makerFeeRate": plain(listing.maker),
        "takerFeeRate": plain(listing.taker),
        "openCostUpRatio": "0.01",
        "minOrderQty": plain(listing.step),
        "maxOrderQty": plain(listing.max_market_qty * 5),
        "maxMarketOrderQty": plain(listing.max_market_qty),
        "pricePrecision": str(listing.price_decimals),
        "quantityPrecision": str(listing.qty_decimals),
        "quotePrecision": None,
        "priceMultiplier": plain(listing.tick),
        "quantityMultiplier": plain(listing.step),
        "type": "perpetual",
        "minOrderAmount": plain(listing.min_cost),
        "maxSymbolOrderNum": "400",
        "maxProductOrderNum": "1000",
        "maxPositionNum": "150",
        "status": "online",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "launchTime": "",
        "fundInterval": "8",
        "minLeverage": "1",
        "maxLeverage": str(listing.max_leverage),
        "maintainTime": "",
    }


def order_row(order: Order) -> dict[str, Any]:
    wish = order.wish
    return {
        "orderId": order.id,
        "clientOid": wish.client_id or order.id,
        "category": CATEGORY,
        "symbol": wish.symbol,
        "orderType": "market" if wish.price is None else "limit",
        "side": wish.side,
        "price": plain(wish.price),
        "qty": plain(wish.qty),
        "amount": "0",
        "cumExecQty": plain(order.filled),
        "cumExecValue": plain(order.value),
        "avgPrice": plain(order.value / order.filled) if order.filled else "0",
        "timeInForce": wish.force,
        "orderStatus": "cancelled" if order.status == "canceled" else order.status,
        "posSide": hold_of(order) if order.hedged else "",
        "holdMode": hold_mode(order.hedged),
        "marginMode": wish.mode,
        "reduceOnly": "YES" if wish.reduce_only else "NO",
        "feeDetail": [{"feeCoin": "USDT", "fee": plain(order.fee)}],
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
        "cancelReason": "",
        "execType": "normal" if wish.source == "normal" else wish.source,
        "stpMode": "none",
        "tpTriggerBy": _WORDS[wish.take_by] if wish.take_profit else None,
        "slTriggerBy": _WORDS[wish.stop_by] if wish.stop_loss else None,
        "takeProfit": _set(wish.take_profit),
        "stopLoss": _set(wish.stop_loss),
        "tpOrderType": "market" if wish.take_profit else None,
        "slOrderType": "market" if wish.stop_loss else None,
        "tpLimitPrice": None,
        "slLimitPrice": None,
    }


def fill_row(account: Account, fill: Fill) -> dict[str, Any]:
    order = account.orders[fill.order_id]
    return {
        "execId": fill.id,
        "orderId": fill.order_id,
        "clientOid": fill.client_id or fill.order_id,
        "category": CATEGORY,
        "symbol": fill.symbol,
        "orderType": "market" if order.wish.price is None else "limit",
        "side": fill.side,
        "execPrice": plain(fill.price),
        "execQty": plain(fill.qty),
        "execValue": plain(fill.qty * fill.price),
        "execPnl": plain(fill.profit),
        "tradeScope": "maker" if fill.maker else "taker",
        "tradeSide": "open" if fill.opens else "close",
        "feeDetail": [{"feeCoin": "USDT", "fee": plain(fill.fee)}],
        "createdTime": str(fill.at_ms),
        "updatedTime": str(fill.at_ms),
    }


def position_row(account: Account, position: Position, tapes: Tapes) -> dict[str, Any]:
    mark = tapes[position.symbol].mark
    profit = position.unrealised(mark)
    return {
        "category": CATEGORY,
        "symbol": position.symbol,
        "marginCoin": "USDT",
        "holdMode": hold_mode(account.hedged),
        "posSide": position.hold,
        "marginMode": position.mode,
        "positionBalance": plain(position.margin),
        "available": plain(position.qty),
        "frozen": "0",
        "total": plain(position.qty),
        "leverage": str(position.leverage),
        "curRealisedPnl": plain(position.realised),
        "avgPrice": plain(position.entry),
        "positionStatus": "normal",
        "unrealisedPnl": plain(profit),
        "liquidationPrice": plain(margin.liquidation_price(account, position, tapes)),
        "mmr": plain(tapes[position.symbol].listing.maintenance_rate(position.cost)),
        "profitRate": plain(profit / position.margin) if position.margin else "0",
        "markPrice": plain(mark),
        "breakEvenPrice": plain(position.entry),
        "totalFunding": plain(position.funding),
        "openFeeTotal": plain(-position.fees),
        "closeFeeTotal": "0",
        "createdTime": str(position.opened_ms),
        "updatedTime": str(position.updated_ms),
    }


def plan_row(account: Account, plan: Plan) -> dict[str, Any]:
    """A stop that is not of the whole position names its quantity; one of the whole names what it
    is now. There is no side in it.
    """
    position = account.positions.get((plan.symbol, plan.hold))
    qty = plan.qty or (position.qty if position else Decimal(0))
    word, trigger = _WORDS[plan.by], plain(plan.trigger)
    kind = "market" if plan.execute is None else "limit"
    loss = plan.is_loss
    return {
        "orderId": plan.id,
        "clientOid": plan.client_id,
        "symbol": plan.symbol,
        "category": CATEGORY,
        "qty": plain(qty),
        "posSide": plan.hold,
        "tpTriggerBy": "" if loss else word,
        "slTriggerBy": word if loss else "",
        "takeProfit": "" if loss else trigger,
        "stopLoss": trigger if loss else "",
        "tpOrderType": "" if loss else kind,
        "slOrderType": kind if loss else "",
        "tpLimitPrice": "" if loss else plain(plan.execute),
        "slLimitPrice": plain(plan.execute) if loss else "",
        "createdTime": str(plan.created_ms),
        "updatedTime": str(plan.updated_ms),
    }


def wallet_row(account: Account, tapes: Tapes) -> dict[str, Any]:
    """The answer of account/assets."""
    worth = plain(margin.equity(account, tapes))
    profit = plain(margin.unrealised(account, tapes))
    needed = sum(
        (margin.maintenance(p, tapes[p.symbol]) for p in account.positions.values()), Decimal(0)
    )
    bound = sum((position.margin for position in account.positions.values()), Decimal(0))
    return {
        "accountEquity": worth,
        "usdtEquity": worth,
        "btcEquity": "0",
        "unrealisedPnl": profit,
        "usdtUnrealisedPnl": profit,
        "btcUnrealizedPnl": "0",
        "effEquity": worth,
        "mmr": plain(needed),
        "imr": plain(bound),
        "mgnRatio": "0",
        "positionMgnRatio": "0",
        "assets": [
            {
                "coin": "USDT",
                "equity": worth,
                "usdValue": worth,
                "balance": plain(account.wallet),
                "available": plain(margin.available(account, tapes)),
                "debt": "0",
                "locked": plain(margin.reserved(account, tapes)),
            }
        ],
    }
