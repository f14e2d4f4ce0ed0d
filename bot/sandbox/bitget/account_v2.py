"""Classic private endpoints about the account: key, wallet, settings, positions, bills."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import holdings_v2, rows_v2
from bot.sandbox.bitget.public_v2 import is_ours
from bot.sandbox.bitget.records import Bill, BillKind, Hold
from bot.sandbox.bitget.request import Call, Handler, symbol_of

_MODES = {"isolated": "isolated", "crossed": "crossed"}
_HOLDS: dict[str, Hold | None] = {
    "long": "long", "short": "short", "buy": "long", "sell": "short", "": None,
}  # fmt: skip
_BILLS: dict[BillKind, str] = {
    "funding": "contract_settle_fee",
    "profit": "close_long",
    "fee": "open_long",
    "insurance": "burst_long_loss_query",
}
_BILL_DAYS = 30


def hold_from(call: Call) -> Hold | None:
    """holdSide: "long" or "short"; one-way mode says "buy" and "sell" for the same."""
    hold: Hold | None = call.one_of("holdSide", _HOLDS, "")
    return hold


def _key(call: Call) -> Any:
    account = call.account
    return {
        "userId": "714229403",
        "inviterId": "682221498",
        "ips": ",".join(account.ips),
        "authorities": account.authorities,
        "parentId": 714229403,
        "traderType": "not_trader",
        "channelCode": "xx",
        "channel": "",
        "regisTime": "1246566789345",
    }


def _wallets(call: Call) -> Any:
    return [holdings_v2.wallet_row(call.account, call.emulator.tapes)] if is_ours(call) else []


def _wallet(call: Call) -> Any:
    """One symbol's settings beside the wallet: mode, leverage, position mode."""
    leverage = call.account.leverage(symbol_of(call).listing.symbol)
    return holdings_v2.wallet_row(call.account, call.emulator.tapes) | {
        "crossedMarginLeverage": leverage.cross,
        "isolatedLongLever": leverage.long,
        "isolatedShortLever": leverage.short,
        "marginMode": leverage.mode,
        "posMode": rows_v2.hold_mode(call.account.hedged),
        "assetMode": "single",
    }


def _set_leverage(call: Call) -> Any:
    symbol = symbol_of(call).listing.symbol
    hold = hold_from(call)
    call.emulator.settings.set_leverage(call.account, symbol, call.integer("leverage", 0), hold)
    return _settings(call, symbol)


def _set_margin_mode(call: Call) -> Any:
    symbol = symbol_of(call).listing.symbol
    call.emulator.settings.set_mode(call.account, symbol, call.one_of("marginMode", _MODES))
    return _settings(call, symbol)


def _settings(call: Call, symbol: str) -> dict[str, Any]:
    leverage = call.account.leverage(symbol)
    return {
        "symbol": symbol,
        "marginCoin": "USDT",
        "longLeverage": str(leverage.long),
        "shortLeverage": str(leverage.short),
        "crossMarginLeverage": str(leverage.cross),
        "marginMode": leverage.mode,
    }


def _set_position_mode(call: Call) -> Any:
    hedged = call.one_of("posMode", {"one_way_mode": False, "hedge_mode": True})
    call.emulator.settings.set_hedged(call.account, hedged)
    return {"posMode": rows_v2.hold_mode(hedged)}


def _positions(call: Call) -> Any:
    call.text("marginCoin")
    tapes = call.emulator.tapes
    held = call.account.positions_at(call.seen_ms()) if is_ours(call) else []
    return [holdings_v2.position_row(call.account, position, tapes) for position in held]


def _position(call: Call) -> Any:
    symbol = symbol_of(call).listing.symbol
    return [row for row in _positions(call) if row["symbol"] == symbol]


def _business(bill: Bill) -> str:
    if bill.kind == "deposit":
        return "trans_from_exchange" if bill.amount > 0 else "trans_to_exchange"
    return _BILLS[bill.kind]


def _bills(call: Call) -> Any:
    """Of the wallet, newest first."""
    call.spans_most(_BILL_DAYS)
    wanted, symbol = call.text("businessType", ""), call.text("symbol", "")
    bills = [
        bill
        for bill in call.account.bills
        if symbol in {"", bill.symbol}
        and wanted in {"", _business(bill)}
        and call.in_span(bill.at_ms)
    ]
    page = call.page(call.before(bills, "idLessThan"))[::-1]
    rows = [
        {
            "billId": bill.id,
            "symbol": bill.symbol,
            "amount": rows_v2.plain(bill.amount),
            "fee": "0",
            "feeByCoupon": "",
            "businessType": _business(bill),
            "coin": "USDT",
            "cTime": str(bill.at_ms),
        }
        for bill in page
    ]
    return {"bills": rows, "endId": page[-1].id if page else None}


_ACCOUNT = "/api/v2/mix/account"
_POSITION = "/api/v2/mix/position"
READS: dict[str, Handler] = {
    "/api/v2/spot/account/info": _key,
    f"{_ACCOUNT}/accounts": _wallets,
    f"{_ACCOUNT}/account": _wallet,
    f"{_ACCOUNT}/bill": _bills,
    f"{_POSITION}/all-position": _positions,
    f"{_POSITION}/single-position": _position,
}
WRITES: dict[str, Handler] = {
    f"{_ACCOUNT}/set-leverage": _set_leverage,
    f"{_ACCOUNT}/set-margin-mode": _set_margin_mode,
    f"{_ACCOUNT}/set-position-mode": _set_position_mode,
}
