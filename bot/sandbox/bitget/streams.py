"""All websockets: who comes, who hears what, and how they end."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import WSMsgType, web

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.connection import Connection
from bot.sandbox.bitget.emulator import Emulator
from domain.clock import WallClock

_MESSAGES_PER_S = 10


class Streams:
    """All connections. `wall`: what the limit of messages per second is counted by."""

    def __init__(self, emulator: Emulator, wall: WallClock) -> None:
        self._emulator = emulator
        self._wall = wall
        self._open: set[Connection] = set()
        emulator.engine.listeners.add(self._hear)
        emulator.on_cut.add(self.cut)

    def topics(self) -> int:
        """How many subscriptions there are in all."""
        return sum(connection.subscribed for connection in self._open)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A client comes, and stays until it leaves, is cut, or sends too much."""
        transport = request.transport
        if not self._emulator.is_up or transport is None:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        unified = request.path.startswith("/v3/")
        address = request.remote or ""
        connection = Connection(self._emulator, socket, transport, address, unified=unified)
        self._open.add(connection)
        writing = asyncio.create_task(connection.write())
        try:
            await self._converse(connection, socket)
        finally:
            self._open.remove(connection)
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writing
        return socket

    def cut(self) -> None:
        """End every connection without a word."""
        for connection in list(self._open):
            connection.cut()

    async def _converse(self, connection: Connection, socket: web.WebSocketResponse) -> None:
        second, messages = 0, 0
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                return
            now = int(self._wall.monotonic())
            second, messages = (second, messages + 1) if now == second else (now, 1)
            if messages > _MESSAGES_PER_S:
                await socket.send_str('{"event": "error", "code": 30007, "msg": "over limit"}')
                await socket.close()
                return
            self._emulator.catch_up()
            connection.read(message.data)

    def _hear(self, account: Account | None, kind: str, what: object) -> None:
        for connection in list(self._open):
            connection.hear(account, kind, what)
