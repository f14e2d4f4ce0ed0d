"""What the classic websocket pushes, channel by channel."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import holdings_v2, margin, rows_v2
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.history_v2 import as_timeframe, bar_rows, timeframe_of
from bot.sandbox.bitget.orders import Order, Plan
from bot.sandbox.bitget.public_v2 import ticker_row
from bot.sandbox.bitget.records import Fill
from bot.sandbox.bitget.rows_v2 import plain
from bot.sandbox.bitget.tape import Tape

SNAPSHOT_BARS = 500


def ticker(emulator: Emulator, tape: Tape) -> list[Any]:
    row = ticker_row(emulator, tape)
    return [row | {"instId": row["symbol"], "symbolType": "1"}]


def candles(tape: Tape, word: str, count: int) -> list[Any]:
    """The last `count` bars, the open one too. Raises BitgetError 40017 for an unknown length."""
    rows = bar_rows(as_timeframe(tape.minutes(), timeframe_of(word)))[-count:]
    return [[*row, row[-1]] for row in rows]


def order(account: Account, made: Order) -> list[Any]:
    """The order after its last change, with its last fill."""
    row = rows_v2.order_row(made, "status")
    row |= {
        "instId": row.pop("symbol"),
        "accBaseVolume": plain(made.filled),
        "baseVolume": "0",
        "price": row["price"] or "0",
        "reduceOnly": row["reduceOnly"].lower(),
        "notionalUsd": plain(made.value),
        "feeDetail": [{"feeCoin": "USDT", "fee": plain(-made.fee)}],
    }
    fills = [fill for fill in account.fills if fill.order_id == made.id]
    if fills:
        last = fills[-1]
        row |= {
            "baseVolume": plain(last.qty),
            "fillPrice": plain(last.price),
            "fillTime": str(last.at_ms),
            "fillFee": plain(-last.fee),
            "fillFeeCoin": "USDT",
            "fillNotionalUsd": plain(last.qty * last.price),
            "pnl": plain(last.profit),
            "tradeId": last.id,
            "tradeScope": "M" if last.maker else "T",
        }
    return [row]


def plan(account: Account, made: Plan) -> list[Any]:
    row = holdings_v2.plan_row(account, made)
    return [row | {"instId": row.pop("symbol"), "status": made.status, "planType": "pl"}]


def fill(account: Account, made: Fill) -> list[Any]:
    row = rows_v2.fill_row(account, made)
    kind = "market" if account.orders[made.order_id].wish.price is None else "limit"
    return [row | {"orderType": kind, "uTime": str(made.at_ms)}]


def positions(emulator: Emulator, account: Account) -> list[Any]:
    """All that are open; none is an empty list."""
    rows = []
    for position in account.positions.values():
        row = holdings_v2.position_row(account, position, emulator.tapes)
        profit = position.unrealised(emulator.tapes[position.symbol].mark)
        rows.append(
            row
            | {
                "posId": f"{position.opened_ms}",
                "instId": row.pop("symbol"),
                "frozen": "0",
                "leverage": position.leverage,
                "unrealizedPLR": plain(profit / position.margin) if position.margin else "0",
                "marginRate": row["marginRatio"],
            }
        )
    return rows


def wallet(emulator: Emulator, account: Account) -> list[Any]:
    free = plain(margin.available(account, emulator.tapes))
    worth = plain(margin.equity(account, emulator.tapes))
    return [
        {
            "marginCoin": "USDT",
            "frozen": plain(margin.reserved(account, emulator.tapes)),
            "available": free,
            "maxOpenPosAvailable": free,
            "maxTransferOut": free,
            "equity": worth,
            "usdtEquity": worth,
        }
    ]
