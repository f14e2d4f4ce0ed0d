"""Positions, stops and the wallet in the shapes of the classic API."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.margin import Tapes
from bot.sandbox.bitget.orders import Plan
from bot.sandbox.bitget.records import Position, opening_side
from bot.sandbox.bitget.rows_v2 import hold_mode, plain


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
