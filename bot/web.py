"""The bot's own HTTP server: Telegram's webhook, health, metrics, the page for a key. Everything
else is 404.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from bot.key_page import KeyPage
from handlers.incoming import update_id_of

log = structlog.get_logger(__name__)
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
    key_page: KeyPage | None = None

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_BODY_MAX)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        if self.secret:
            app.router.add_post(HOOK_PATH, self._hook)
        if self.key_page is not None:
            self.key_page.add_to(app)
        return app

    async def _hook(self, request: web.Request) -> web.Response:
        """200 only after the commit: Telegram repeats what was not acknowledged."""
        given = request.headers.get(_SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, (self.secret or "").encode()):
            return web.Response(status=401)
        try:
            update = json.loads(await request.read())
        except (ValueError, RecursionError):
            return web.Response(status=400)
        if update_id_of(update) is None:
            return web.Response(status=400)
        try:
            await self.accept([update])
        except Exception as error:
            log.error("update not taken in", exc_info=error)
            return web.Response(status=503)
        return web.Response()

    async def _health(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        try:
            checks = await self.ready()
        except Exception as error:  # noqa: BLE001 - whatever keeps us from knowing: we are not ready
            log.warning("not ready", error=type(error).__name__)
            checks = {"checks": False}
        return web.json_response(checks, status=200 if all(checks.values()) else 503)

    async def _metrics(self, _request: web.Request) -> web.Response:
        lines = [f"leverframe_{name} {value:g}\n" for name, value in sorted(self.metrics().items())]
        return web.Response(text="".join(lines), content_type="text/plain")


async def serve(server: WebServer, host: str, port: int) -> web.AppRunner:
    """Start; stop it with `cleanup()`. Raises OSError when the port is taken."""
    runner = web.AppRunner(server.app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
