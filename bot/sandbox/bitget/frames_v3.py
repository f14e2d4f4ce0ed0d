"""What the unified websocket pushes, topic by topic."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import holdings_v3, rows_v3
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.history_v2 import as_timeframe, bar_rows, timeframe_of
from bot.sandbox.bitget.orders import Order
from bot.sandbox.bitget.public_v3 import ticker_row
from bot.sandbox.bitget.records import Fill
from bot.sandbox.bitget.tape import Tape

_BAR = ("start", "open", "high", "low", "close", "volume", "turnover")


def ticker(emulator: Emulator, tape: Tape) -> list[Any]:
    return [ticker_row(emulator, tape)]


def candles(tape: Tape, word: str, count: int) -> list[Any]:
    rows = bar_rows(as_timeframe(tape.minutes(), timeframe_of(word)))[-count:]
    return [dict(zip(_BAR, row, strict=True)) for row in rows]


def order(_account: Account, made: Order) -> list[Any]:
    row = rows_v3.order_row(made)
    return [
        row
        | {
            "category": row["category"].lower(),
            "reduceOnly": row["reduceOnly"].lower(),
            "holdSide": row["posSide"],
            "marginCoin": "USDT",
            "leverage": str(made.leverage),
        }
    ]


def fill(account: Account, made: Fill) -> list[Any]:
    row = rows_v3.fill_row(account, made)
    return [row | {"execTime": row["createdTime"], "holdSide": made.hold}]


def positions(emulator: Emulator, account: Account) -> list[Any]:
    """All that are open; none is an empty list."""
    rows = []
    for position in account.positions.values():
        row = holdings_v3.position_row(account, position, emulator.tapes)
        rows.append(
            row
            | {
                "size": row["total"],
                "liqPrice": row["liquidationPrice"],
                "marginSize": row["positionBalance"],
                "totalFundingFee": row["totalFunding"],
                "positionStatus": "opening",
            }
        )
    return rows


def wallet(emulator: Emulator, account: Account) -> list[Any]:
    row = holdings_v3.wallet_row(account, emulator.tapes)
    coins = [coin | {"debts": "0", "borrow": "0"} for coin in row["assets"]]
    return [
        {
            "totalEquity": row["accountEquity"],
            "unrealisedPnL": row["unrealisedPnl"],
            "effEquity": row["effEquity"],
            "mmr": row["mmr"],
            "imr": row["imr"],
            "mgnRatio": "0",
            "positionMgnRatio": "0",
            "coin": coins,
        }
    ]
