"""The sandbox as an HTTP server on loopback."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.sandbox import bot_routes, client_routes, page_routes
from bot.sandbox.api import BotApi
from bot.sandbox.files import MAX_DOCUMENT, MB
from bot.sandbox.guard import LOOPBACK_HOSTS, harden, loopback_only
from bot.sandbox.keys import API
from bot.sandbox.limits import RateLimits
from bot.sandbox.webhooks import WebhookPump
from bot.sandbox.world import ChatWorld

# A little more than the largest document, so that an oversize one is refused with Telegram's words.
_MAX_BODY = MAX_DOCUMENT + 4 * MB


def make_app(api: BotApi) -> web.Application:
    """Bot API, client API and chat page over one world."""
    app = web.Application(middlewares=[loopback_only], client_max_size=_MAX_BODY)
    app[API] = api
    bot_routes.add_routes(app)
    client_routes.add_routes(app)
    page_routes.add_routes(app)
    app.on_response_prepare.append(harden)
    app.on_shutdown.append(page_routes.close_sockets)
    return app


@dataclass
class RunningSandbox:
    """A started server. `url`: scheme, host and port."""

    api: BotApi
    url: str
    _runner: web.AppRunner
    _pump: WebhookPump

    async def stop(self) -> None:
        """Answer the open long polls, close every connection. The world stays open: its owner
        closes it.
        """
        self.api.world.end_polls()
        await self._pump.stop()
        await self._runner.cleanup()


async def start(
    world: ChatWorld,
    host: str = "127.0.0.1",
    port: int = 0,
    limits: RateLimits | None = None,
) -> RunningSandbox:
    """Serve an open world; port 0 takes a free one.

    Raises ValueError for a host that is not this machine, OSError when the port is taken.
    """
    if host not in LOOPBACK_HOSTS:
        raise ValueError(f"the sandbox listens on loopback only, not on {host!r}")
    world.closing = False
    api = BotApi(world, limits)
    runner = web.AppRunner(make_app(api), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    pump = WebhookPump(world)
    await pump.start()
    shown = f"[{host}]" if ":" in host else host
    return RunningSandbox(api, f"http://{shown}:{runner.addresses[0][1]}", runner, pump)
