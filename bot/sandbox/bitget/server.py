"""The emulator as an HTTP server on loopback."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.bitget import control
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.endpoint import Endpoint
from bot.sandbox.bitget.streams import Streams
from bot.sandbox.guard import LOOPBACK_HOSTS, loopback_only
from domain.clock import SystemClock, WallClock


@dataclass
class RunningEmulator:
    """A started server. `url`: scheme, host and port."""

    emulator: Emulator
    url: str
    streams: Streams
    _runner: web.AppRunner
    _endpoint: Endpoint

    def lets_go(self) -> None:
        """Close the calls that hang, without an answer; none hangs from now on."""
        self._endpoint.let_go()

    async def stop(self) -> None:
        """Close every connection, also those that hang."""
        self.lets_go()
        self.streams.cut()
        await self._runner.cleanup()


async def start(
    emulator: Emulator, host: str = "127.0.0.1", port: int = 0, wall: WallClock | None = None
) -> RunningEmulator:
    """Serve on loopback; port 0 takes a free one. `wall`: what counts messages per second, the
    machine's clock when left out.

    Raises ValueError for a host that is not this machine, OSError when the port is taken.
    """
    if host not in LOOPBACK_HOSTS:
        raise ValueError(f"the emulator listens on loopback only, not on {host!r}")
    endpoint = Endpoint(emulator)
    app = web.Application(middlewares=[loopback_only])
    streams = Streams(emulator, wall or SystemClock())
    control.add_routes(app, emulator)
    for path in ("/v2/ws/public", "/v2/ws/private", "/v3/ws/public", "/v3/ws/private"):
        app.router.add_get(path, streams.handle)
    app.router.add_route("*", "/api/{rest:.*}", endpoint.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{runner.addresses[0][1]}"
    return RunningEmulator(emulator, url, streams, runner, endpoint)
