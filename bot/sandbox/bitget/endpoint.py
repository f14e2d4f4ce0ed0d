"""Every call of Bitget's API: who asks, what is done, what is answered or withheld."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.calls import Call as Called
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.faults import Fault
from bot.sandbox.bitget.request import Call
from bot.sandbox.bitget.routes import Route, routes
from bot.sandbox.bitget.signing import Signed

_PAGE = "<html><body>gateway error</body></html>"


NOBODY = Account("", "", "", "")


class Endpoint:
    """Answers every call of Bitget's API."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._routes = routes()
        self._stopping = asyncio.Event()

    def let_go(self) -> None:
        """Close the calls that hang; none hangs from now on."""
        self._stopping.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        emulator = self._emulator
        if not emulator.is_up:
            return self._cut(request)
        emulator.catch_up()
        body = await request.text()
        known = emulator.accounts.get(request.headers.get("ACCESS-KEY", ""), NOBODY)
        fault = emulator.faults.take(request.path, known.name)
        if fault is not None and fault.answers and not fault.done:
            self._log(request, known.name, {}, fault.code or "")
            return await self._bent(request, fault)
        answer = self._carry_out(request, body, fault)
        if fault is not None and fault.answers:
            return await self._bent(request, fault)
        return answer

    def _carry_out(self, request: web.Request, body: str, fault: Fault | None) -> web.Response:
        account, params = NOBODY, dict[str, Any](request.query)
        try:
            route = self._routes.get((request.method, request.path))
            if route is None:
                raise BitgetError("40404")
            if route.signed:
                account = self._account(request, body, route)
            if request.method == "POST":
                params = _json(body)
            data = route.handler(Call(self._emulator, account, params, fault))
        except BitgetError as refused:
            self._log(request, account.name, params, refused.code)
            return self._answer(refused.code, refused.message, None, refused.status)
        self._log(request, account.name, params, "00000")
        return self._answer("00000", "success", data)

    def _account(self, request: web.Request, body: str, route: Route) -> Account:
        """Whose call it is, once its key may do this. Raises BitgetError."""
        account = _signed(request, body).account(self._emulator, request.remote or "")
        if account.unified and not route.unified:
            raise BitgetError("40085")
        if route.unified and not account.unified:
            raise BitgetError("40084")
        if route.writes and not account.may_trade:
            raise BitgetError("40014")
        return account

    def _answer(self, code: str, message: str, data: Any, status: int = 200) -> web.Response:
        now = self._emulator.now_ms()
        return web.json_response(
            {"code": code, "msg": message, "requestTime": now, "data": data}, status=status
        )

    async def _bent(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        """What the fault answers, or the end of the connection."""
        if fault.hang_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), fault.hang_s)
            return self._cut(request)
        if fault.drop:
            return self._cut(request)
        if fault.code is None:
            return web.Response(text=_PAGE, content_type="text/html", status=fault.status or 502)
        refused = BitgetError(fault.code, status=fault.status)
        return self._answer(refused.code, refused.message, None, refused.status)

    def _cut(self, request: web.Request) -> web.StreamResponse:
        """Close the connection; what is returned is never sent."""
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)

    def _log(
        self, request: web.Request, account: str, params: Mapping[str, Any], code: str
    ) -> None:
        at = self._emulator.clock.now_ms()
        self._emulator.calls.add(
            Called(at, account, request.method, request.path, dict(params), code)
        )


def _signed(request: web.Request, body: str) -> Signed:
    query = f"?{unquote(request.query_string)}" if request.query_string else ""
    headers = request.headers
    return Signed(
        key=headers.get("ACCESS-KEY", ""),
        signature=headers.get("ACCESS-SIGN", ""),
        timestamp=headers.get("ACCESS-TIMESTAMP", ""),
        passphrase=headers.get("ACCESS-PASSPHRASE", ""),
        payload=f"{request.method}{request.path}{query}{body}",
    )


def _json(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body or "{}")
    except ValueError:
        raise BitgetError("40017") from None
    if not isinstance(found, dict):
        raise BitgetError("40017")
    return found
