"""Positions, stops and the wallet in the shapes of the unified API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.margin import Tapes
from bot.sandbox.bitget.orders import Plan
from bot.sandbox.bitget.records import Position
from bot.sandbox.bitget.rows_v2 import hold_mode, plain
from bot.sandbox.bitget.rows_v3 import _WORDS, CATEGORY


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
