"""Orders, fills, positions and stops in the shapes of the classic API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.margin import Tapes
from bot.sandbox.bitget.records import Fill, Hold, Order, Plan, Position, opening_side


def plain(value: Decimal | None) -> str:
    """Without an exponent or idle zeros; None is empty."""
    return "" if value is None else f"{value.normalize() + 0:f}"


def hold_mode(hedged: bool) -> str:
    return "hedge_mode" if hedged else "one_way_mode"


def hold_of(order: Order) -> Hold:
    """The position that an order of hedge mode is about."""
    return order.wish.hold or ("long" if order.wish.side == "buy" else "short")


def sent_side(order: Order) -> str:
    """In hedge mode the side names the position: closing a long is a "buy" too."""
    return opening_side(hold_of(order)) if order.hedged else order.wish.side


def trade_side(order: Order) -> str:
    wish = order.wish
    if wish.source == "liquidation":
        return f"burst_close_{hold_of(order)}" if order.hedged else f"burst_{wish.side}"
    if order.hedged:
        return "close" if wish.reduce_only else "open"
    return f"{wish.side}_single"


def order_row(order: Order, state: str = "state") -> dict[str, Any]:
    """`state`: the key of the status, "state" in order/detail, "status" in lists."""
    wish = order.wish
    return {
        "symbol": wish.symbol,
        "size": plain(wish.qty),
        "orderId": order.id,
        "clientOid": wish.client_id or order.id,
        "baseVolume": plain(order.filled),
        "fee": plain(-order.fee),
        "price": plain(wish.price),
        "priceAvg": plain(order.value / order.filled) if order.filled else "",
        state: order.status,
        "side": sent_side(order),
        "force": wish.force,
        "totalProfits": plain(order.profit),
        "posSide": hold_of(order) if order.hedged else "net",
        "marginCoin": "USDT",
        "presetStopSurplusPrice": plain(wish.take_profit),
        "presetStopLossPrice": plain(wish.stop_loss),
        "quoteVolume": plain(order.value),
        "orderType": "market" if wish.price is None else "limit",
        "leverage": str(order.leverage),
        "marginMode": wish.mode,
        "reduceOnly": "YES" if wish.reduce_only else "NO",
        "enterPointSource": "API" if wish.source == "normal" else "SYS",
        "tradeSide": trade_side(order),
        "posMode": hold_mode(order.hedged),
        "orderSource": wish.source,
        "cTime": str(order.created_ms),
        "uTime": str(order.updated_ms),
    }


def fill_row(account: Account, fill: Fill) -> dict[str, Any]:
    order = account.orders[fill.order_id]
    return {
        "tradeId": fill.id,
        "symbol": fill.symbol,
        "orderId": fill.order_id,
        "clientOid": fill.client_id or fill.order_id,
        "price": plain(fill.price),
        "baseVolume": plain(fill.qty),
        "feeDetail": [
            {
                "deduction": "no",
                "feeCoin": "USDT",
                "totalDeductionFee": None,
                "totalFee": plain(-fill.fee),
            }
        ],
        "side": sent_side(order),
        "quoteVolume": plain(fill.qty * fill.price),
        "profit": plain(fill.profit),
        "enterPointSource": "api" if fill.source == "normal" else "sys",
        "tradeSide": trade_side(order),
        "posMode": hold_mode(order.hedged),
        "tradeScope": "maker" if fill.maker else "taker",
        "cTime": str(fill.at_ms),
    }


def position_row(account: Account, position: Position, tapes: Tapes) -> dict[str, Any]:
    mark = tapes[position.symbol].mark
    listing = tapes[position.symbol].listing
    needed = margin.maintenance(position, tapes[position.symbol])
    worth = margin.backing(account, position, tapes) + position.unrealised(mark)
    return {
        "marginCoin": "USDT",
        "symbol": position.symbol,
        "holdSide": position.hold,
        "openDelegateSize": "0",
        "marginSize": plain(position.margin),
        "available": plain(position.qty),
        "locked": "0",
        "total": plain(position.qty),
        "leverage": str(position.leverage),
        "achievedProfits": plain(position.realised),
        "openPriceAvg": plain(position.entry),
        "marginMode": position.mode,
        "posMode": hold_mode(account.hedged),
        "unrealizedPL": plain(position.unrealised(mark)),
        "liquidationPrice": plain(margin.liquidation_price(account, position, tapes)),
        "keepMarginRate": plain(listing.maintenance_rate(position.cost)),
        "markPrice": plain(mark),
        "breakEvenPrice": plain(position.entry),
        "totalFee": plain(position.funding) if position.funding else "",
        "deductedFee": plain(position.fees),
        "marginRatio": plain(needed / worth) if worth > 0 else "1",
        "assetMode": "single",
        "uTime": str(position.updated_ms),
        "autoMargin": "off",
        "cTime": str(position.opened_ms),
    }


def plan_row(account: Account, plan: Plan) -> dict[str, Any]:
    position = account.positions.get((plan.symbol, plan.hold))
    opening = opening_side(plan.hold)
    closing = opening_side("short" if plan.hold == "long" else "long")
    return {
        "planType": plan.kind,
        "symbol": plan.symbol,
        "size": plain(plan.qty),
        "orderId": plan.id,
        "clientOid": plan.client_id,
        "price": plain(plan.execute),
        "executePrice": plain(plan.execute) or "0",
        "callbackRatio": "",
        "triggerPrice": plain(plan.trigger),
        "triggerType": plan.by,
        "planStatus": plan.status,
        "side": opening if account.hedged else closing,
        "posSide": plan.hold if account.hedged else "net",
        "marginCoin": "USDT",
        "marginMode": position.mode if position else account.leverage(plan.symbol).mode,
        "enterPointSource": "API",
        "tradeSide": "close" if account.hedged else f"{closing}_single",
        "posMode": hold_mode(account.hedged),
        "orderType": "market" if plan.execute is None else "limit",
        "stopSurplusTriggerPrice": "",
        "stopSurplusExecutePrice": "",
        "stopSurplusTriggerType": "",
        "stopLossTriggerPrice": "",
        "stopLossExecutePrice": "",
        "stopLossTriggerType": "",
        "uTime": str(plan.updated_ms),
        "cTime": str(plan.created_ms),
    }


def wallet_row(account: Account, tapes: Tapes) -> dict[str, Any]:
    free, worth = margin.available(account, tapes), margin.equity(account, tapes)
    return {
        "marginCoin": "USDT",
        "locked": plain(margin.reserved(account, tapes)),
        "available": plain(free),
        "crossedMaxAvailable": plain(free),
        "isolatedMaxAvailable": plain(free),
        "maxTransferOut": plain(free),
        "accountEquity": plain(worth),
        "usdtEquity": plain(worth),
        "btcEquity": "0",
        "crossedRiskRate": "0",
        "unrealizedPL": plain(margin.unrealised(account, tapes)),
        "coupon": "0",
        "crossedUnrealizedPL": plain(margin.unrealised(account, tapes, "crossed")),
        "isolatedUnrealizedPL": plain(margin.unrealised(account, tapes, "isolated")),
        "assetMode": "single",
    }
