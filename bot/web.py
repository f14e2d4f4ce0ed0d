"""The bot's own HTTP server: Telegram's webhook, health, metrics. Everything else is 404."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

_BODY_MAX = 1 << 20
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
HOOK_PATH = "/telegram"


@dataclass(frozen=True)
class WebServer:
    """`accept` takes raw updates and returns once they are durable; `ready` and `metrics` say how
    things stand.
    """

    accept: Callable[[Sequence[Any]], Awaitable[object]]
    secret: str | None
    ready: Callable[[], Awaitable[dict[str, bool]]]
    metrics: Callable[[], dict[str, float]]

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_BODY_MAX)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        if self.secret is not None:
            app.router.add_post(HOOK_PATH, self._hook)
        return app

    async def _hook(self, request: web.Request) -> web.Response:
        """200 only after the commit: Telegram repeats what was not acknowledged."""
        given = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), (self.secret or "").encode()):
            return web.Response(status=401)
        try:
            update = json.loads(await request.read())
        except ValueError:
            return web.Response(status=400)
        await self.accept([update])
        return web.Response()

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        checks = await self.ready()
        return web.json_response(checks, status=200 if all(checks.values()) else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        lines = [f"leverframe_{name} {value:g}\n" for name, value in sorted(self.metrics().items())]
        return web.Response(text="".join(lines), content_type="text/plain")


async def serve(server: WebServer, host: str, port: int) -> web.AppRunner:
    """Start; stop it with `cleanup()`. Raises OSError when the port is taken."""
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
