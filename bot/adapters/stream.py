"""One websocket that is kept: heartbeat, silence, reconnecting with patience.

Nothing here runs by a timer of its own but the reading: `turn` is called every second or so and
does what is due by then, so that a test which moves the clock sees what an operator would.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import structlog

from domain.clock import WallClock

PING_S = 20.0
"""Bitget wants one every 30 s and hangs up after 2 minutes without."""
SILENT_S = 45.0
"""A connection that said nothing for so long, not even to a ping, is dead."""
LASTED_S = 60.0
"""A connection that lived so long ends the patience that failures before it taught."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_CONNECT_S, _LEAVE_S = 10.0, 1.0
_LARGEST = 1 << 22  # bytes of one message

log = structlog.get_logger(__name__)


def _nobody() -> None:
    """Nobody wants to know."""


@dataclass
class Stream:
    """`heard` takes each text message, a "pong" too; what it raises ends the connection. `opened`,
    `lost`: told when there is one, and when there is none any more.

    `drops`: connections that ended without our wish, since the process began.
    """

    http: aiohttp.ClientSession
    url: str
    wall: WallClock
    heard: Callable[[str], None]
    opened: Callable[[], None] = _nobody
    lost: Callable[[], None] = _nobody
    drops: int = 0
    _socket: aiohttp.ClientWebSocketResponse | None = None
    _reading: asyncio.Task[None] | None = None
    _heard_at: float = 0.0
    _pinged_at: float = 0.0
    _opened_at: float = 0.0
    _next_at: float = 0.0
    _wait_s: float = _FIRST_WAIT_S
    _dice: random.Random = field(default_factory=random.Random)

    @property
    def is_open(self) -> bool:
        """Whether messages come in."""
        return self._socket is not None

    async def turn(self, *, wanted: bool) -> None:
        """What is due: connect, ask for a sign of life, give up a dead connection, or leave."""
        now = self.wall.monotonic()
        if not wanted:
            await self.aclose()
        elif self._socket is None:
            if now >= self._next_at:
                await self._connect()
        elif now - self._heard_at >= SILENT_S:
            log.warning("websocket silent", url=self.url)
            await self._drop()
        elif now - self._pinged_at >= PING_S:
            self._pinged_at = now
            await self.send("ping")

    async def send(self, text: str) -> bool:
        """False where there is no connection, or it ended over it."""
        if self._socket is None:
            return False
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._socket.send_str(text)
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            await self._drop()
            return False
        return True

    async def aclose(self) -> None:
        """Leave; it may be opened again."""
        socket, self._socket = self._socket, None
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
        if socket is not None:
            self.lost()
            with suppress(aiohttp.ClientError, ConnectionError):
                await socket.close()

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(_CONNECT_S):
                self._socket = await self.http.ws_connect(
                    self.url,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_LEAVE_S),
                    max_msg_size=_LARGEST,
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("websocket not opened", url=self.url, error=type(error).__name__)
            self._be_patient()
            return
        self._opened_at = self._heard_at = self._pinged_at = self.wall.monotonic()
        self._reading = asyncio.create_task(self._read(self._socket))
        self.opened()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Until the connection ends."""
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._heard_at = self.wall.monotonic()
                    self.heard(message.data)
        except (aiohttp.ClientError, ConnectionError) as error:
            log.info("websocket broke", url=self.url, error=type(error).__name__)
        except Exception as error:
            log.error("websocket not understood", url=self.url, exc_info=error)
        self._reading = None
        await self._drop()

    async def _drop(self) -> None:
        if self._socket is not None:
            self.drops += 1
            self._be_patient()
            await self.aclose()

    def _be_patient(self) -> None:
        """Each failure in a row doubles the wait; by chance up to half of it less, so that not all
        who were cut come back at once.
        """
        now = self.wall.monotonic()
        if self.is_open and now - self._opened_at >= LASTED_S:
            self._wait_s = _FIRST_WAIT_S
        self._next_at = now + self._wait_s * (1 - self._dice.random() / 2)
        self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
