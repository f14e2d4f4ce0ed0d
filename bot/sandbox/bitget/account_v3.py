"""Unified private endpoints about the account: what it is, what its key may do."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import rows_v2
from bot.sandbox.bitget.request import Call, Handler


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


READS: dict[str, Handler] = {
    "/api/v3/account/settings": _settings,
    "/api/v3/account/info": _key,
}
WRITES: dict[str, Handler] = {}
