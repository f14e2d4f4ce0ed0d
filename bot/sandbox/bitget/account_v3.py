"""Unified private endpoints about the account: key, wallet, settings."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import holdings_v3, rows_v2, rows_v3
from bot.sandbox.bitget.orders_v3 import HOLDS
from bot.sandbox.bitget.records import Bill, BillKind
from bot.sandbox.bitget.request import Call, Handler, symbol_of


def _settings(call: Call) -> Any:
    account = call.account
    return {
        "uid": "714229403",
        "accountMode": "unified",
        "accountLevel": "advanced",
        "assetMode": "single",
        "holdMode": rows_v2.hold_mode(account.hedged),
        "stpMode": "none",
        "symbolConfigList": [
            {
                "category": "USDT-FUTURES",
                "symbol": symbol,
                "marginMode": leverage.mode,
                "leverage": str(leverage.cross),
            }
            for symbol, leverage in account.leverages.items()
        ],
        "coinConfigList": [],
    }


def _key(call: Call) -> Any:
    account = call.account
    return {
        "userId": "714229403",
        "inviterId": "682221498",
        "parentId": "714229403",
        "channelCode": "xx",
        "channel": "",
        "ips": ",".join(account.ips),
        "permType": "read_only" if account.read_only else "read_and_write",
        "permissions": account.permissions,
        "regisTime": "1246566789345",
    }


def _assets(call: Call) -> Any:
    return holdings_v3.wallet_row(call.account, call.emulator.tapes)


_TYPES: dict[BillKind, str] = {
    "deposit": "TRANSFER_IN",
    "profit": "CLOSE_LONG",
    "fee": "OPEN_LONG",
    "funding": "CONTRACT_MAIN_SETTLE_FEE_USER_IN",
    "insurance": "RISK_LIQ_USER_IN",
}
_CATEGORIES = ("SPOT", "MARGIN", rows_v3.CATEGORY, "COIN-FUTURES", "USDC-FUTURES", "OTHER")
_RECORD_DAYS = 30


def _type_of(bill: Bill) -> str:
    word = _TYPES[bill.kind]
    return word if bill.amount > 0 or not word.endswith("_IN") else f"{word[:-3]}_OUT"


def _records(call: Call) -> Any:
    """Of the wallet, newest first; transfers belong to no product."""
    call.spans_most(_RECORD_DAYS)
    category = call.one_of("category", {one.lower(): one for one in _CATEGORIES})
    bills = [
        bill
        for bill in call.account.bills
        if category == ("OTHER" if bill.kind == "deposit" else rows_v3.CATEGORY)
        and call.in_span(bill.at_ms)
    ]
    page = call.page(call.before(bills, "cursor"))[::-1]
    rows = [
        {
            "category": category,
            "id": bill.id,
            "symbol": bill.symbol,
            "coin": "USDT",
            "type": _type_of(bill),
            "amount": rows_v2.plain(bill.amount),
            "fee": "0",
            "balance": rows_v2.plain(call.account.wallet),
            "ts": str(bill.at_ms),
        }
        for bill in page
    ]
    return {"list": rows, "cursor": page[-1].id if page else None}


def _set_leverage(call: Call) -> Any:
    symbol, hold = symbol_of(call).listing.symbol, call.one_of("posSide", HOLDS, "")
    call.emulator.settings.set_leverage(call.account, symbol, call.integer("leverage", 0), hold)
    return "success"


def _set_hold_mode(call: Call) -> Any:
    hedged = call.one_of("holdMode", {"one_way_mode": False, "hedge_mode": True})
    call.emulator.settings.set_hedged(call.account, hedged)
    return "success"


READS: dict[str, Handler] = {
    "/api/v3/account/settings": _settings,
    "/api/v3/account/info": _key,
    "/api/v3/account/assets": _assets,
    "/api/v3/account/financial-records": _records,
}
WRITES: dict[str, Handler] = {
    "/api/v3/account/set-leverage": _set_leverage,
    "/api/v3/account/set-hold-mode": _set_hold_mode,
}
