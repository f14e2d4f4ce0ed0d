"""The owner's side over HTTP, for tests and people in another process. Errors are {"error": text}.

POST /emulator/accounts, /moves, /jumps, /marks, /faults, /outage, /cut, /clock;
DELETE /emulator/faults; GET /emulator/audit, /emulator/calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from bot.sandbox.bitget.audit import audit
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.faults import fault_from
from bot.sandbox.bitget.rows_v2 import plain
from bot.sandbox.errors import ClientError

_ACCOUNT: dict[str, type] = {
    "name": str, "key": str, "secret": str, "passphrase": str, "authorities": list,
    "permissions": list, "ips": list, "read_only": bool, "unified": bool, "hedged": bool,
    "disabled": bool,
}  # fmt: skip
Control = Callable[[Emulator, dict[str, Any]], Any]


def _accounts(emulator: Emulator, body: dict[str, Any]) -> Any:
    """A new account, or changes of the one that has the key. Its secrets are in the answer."""
    about = dict(body)
    deposit = _number(about.pop("deposit", "1000"), "deposit")
    for name, value in about.items():
        if name not in _ACCOUNT:
            raise ClientError(f"unknown field {name!r}; an account has {', '.join(_ACCOUNT)}")
        if not isinstance(value, _ACCOUNT[name]):
            raise ClientError(f"{name!r} has the wrong type")
    account = emulator.accounts.get(about.get("key", ""))
    if account is None:
        account = emulator.opens(deposit=deposit, **about)
    for name, value in about.items():
        setattr(account, name, value)
    return {"key": account.key, "secret": account.secret, "passphrase": account.passphrase}


def _moves(emulator: Emulator, body: dict[str, Any]) -> Any:
    return {"price": plain(emulator.moves(_symbol(emulator, body), _price(body)))}


def _jumps(emulator: Emulator, body: dict[str, Any]) -> Any:
    return {"price": plain(emulator.jumps(_symbol(emulator, body), _price(body)))}


def _marks(emulator: Emulator, body: dict[str, Any]) -> Any:
    symbol = _symbol(emulator, body)
    emulator.marks(symbol, _number(body.get("to"), "to"))
    return {"mark": plain(emulator.tapes[symbol].mark)}


def _add_fault(emulator: Emulator, body: dict[str, Any]) -> Any:
    emulator.fails(fault_from(body))
    return {"pending": len(emulator.faults)}


def _clear_faults(emulator: Emulator, _body: dict[str, Any]) -> Any:
    emulator.faults.clear()
    return {"pending": 0}


def _outage(emulator: Emulator, body: dict[str, Any]) -> Any:
    if not isinstance(body.get("down"), bool):
        raise ClientError("'down' is true or false")
    (emulator.goes_down if body["down"] else emulator.comes_up)()
    return {"up": emulator.is_up}


def _cut(emulator: Emulator, _body: dict[str, Any]) -> Any:
    emulator.cuts()
    return {"up": emulator.is_up}


def _clock(emulator: Emulator, body: dict[str, Any]) -> Any:
    if type(body.get("skew_ms")) is not int:
        raise ClientError("'skew_ms' is a whole number")
    emulator.skew_ms = body["skew_ms"]
    return {"now_ms": emulator.now_ms()}


def _calls(emulator: Emulator, body: dict[str, Any]) -> Any:
    endpoint = str(body.get("endpoint", ""))
    return {
        "calls": [call._asdict() for call in emulator.calls.of(endpoint)],
        "count": emulator.calls.count(endpoint),
    }


def _symbol(emulator: Emulator, body: dict[str, Any]) -> str:
    symbol = body.get("symbol")
    if symbol not in emulator.tapes:
        raise ClientError(f"'symbol' is one of {', '.join(emulator.tapes)}")
    return str(symbol)


def _price(body: dict[str, Any]) -> str:
    """'60000' or '-4%', checked."""
    to = str(body.get("to", ""))
    number = _number(to.removesuffix("%"), "to")
    if (number <= -100) if to.endswith("%") else (number <= 0):
        raise ClientError("'to' leads below zero")
    return to


def _number(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ClientError(f"{name!r} is a number")
    return number


def _json(emulator: Emulator, control: Control) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body = dict(request.query) if request.method == "GET" else await _body(request)
            return web.json_response(control(emulator, body))
        except ClientError as wrong:
            return web.json_response({"error": str(wrong)}, status=400)

    return handle


async def _body(request: web.Request) -> dict[str, Any]:
    if not request.can_read_body:
        return {}
    try:
        body = await request.json()
    except ValueError:
        raise ClientError("the body is JSON") from None
    if not isinstance(body, dict):
        raise ClientError("the body is a JSON object")
    return body


def add_routes(app: web.Application, emulator: Emulator) -> None:
    """Under /emulator, beside the exchange's own paths."""
    posts: dict[str, Control] = {
        "accounts": _accounts, "moves": _moves, "jumps": _jumps, "marks": _marks,
        "faults": _add_fault, "outage": _outage, "cut": _cut, "clock": _clock,
    }  # fmt: skip
    for path, control in posts.items():
        app.router.add_post(f"/emulator/{path}", _json(emulator, control))
    app.router.add_delete("/emulator/faults", _json(emulator, _clear_faults))
    app.router.add_get("/emulator/audit", _json(emulator, audit))
    app.router.add_get("/emulator/calls", _json(emulator, _calls))
