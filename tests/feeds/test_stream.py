"""A websocket that is kept: its heartbeat, its silence, its patience."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.stream import LASTED_S, PING_S, SILENT_S, Stream
from domain.clock import ManualClock
from tests.support.waiting import until


@dataclass
class Far:
    """The other side: it hears, and says only what a test has it say."""

    heard: list[str] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            self.heard.append(message.data)
        return socket


@dataclass
class Line:
    """Our side, and what it was told."""

    clock: ManualClock
    far: Far
    stream: Stream
    said: list[str]
    fates: list[str]

    async def opens(self) -> None:
        """Connect, and wait until the other side knows."""
        await self.stream.turn(wanted=True)
        await until(lambda: len(self.far.sockets) == self.fates.count("opened"))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    far, clock = Far(), ManualClock(0)
    app = web.Application()
    app.router.add_get("/", far.handle)
    server = TestServer(app)
    await server.start_server()
    said: list[str] = []
    fates: list[str] = []

    def hears(text: str) -> None:
        if text == "nonsense":
            raise KeyError(text)
        said.append(text)

    async with aiohttp.ClientSession() as http:
        stream = Stream(
            http,
            str(server.make_url("/")),
            clock,
            hears,
            lambda: fates.append("opened"),
            lambda: fates.append("lost"),
        )
        yield Line(clock, far, stream, said, fates)
        await stream.aclose()
    await server.close()


async def test_it_asks_for_a_sign_of_life(line: Line) -> None:
    await line.opens()
    line.clock.advance(PING_S)
    await line.stream.turn(wanted=True)
    await line.stream.turn(wanted=True)
    await until(lambda: line.far.heard == ["ping"])


async def test_a_connection_that_says_nothing_is_given_up(line: Line) -> None:
    await line.opens()
    line.clock.advance(SILENT_S)
    await line.stream.turn(wanted=True)
    assert not line.stream.is_open
    assert (line.fates, line.stream.drops) == (["opened", "lost"], 1)
    line.clock.advance(1)
    await line.stream.turn(wanted=True)
    assert line.fates == ["opened", "lost", "opened"]


async def test_one_that_answers_is_not(line: Line) -> None:
    await line.opens()
    line.clock.advance(SILENT_S - 1)
    await line.far.sockets[0].send_str("pong")
    await until(lambda: line.said == ["pong"])
    line.clock.advance(SILENT_S - 1)
    await line.stream.turn(wanted=True)
    assert line.stream.is_open


async def test_what_can_not_be_understood_ends_it(line: Line) -> None:
    await line.opens()
    await line.far.sockets[0].send_str("nonsense")
    await until(lambda: not line.stream.is_open)
    assert line.fates == ["opened", "lost"]


async def test_each_failure_in_a_row_doubles_the_wait_and_a_long_life_ends_it(line: Line) -> None:
    waits: list[float] = []
    for _ in range(8):
        await line.opens()
        await line.far.sockets[-1].send_str("nonsense")
        await until(lambda: not line.stream.is_open)
        began = line.clock.monotonic()
        while not line.stream.is_open:
            line.clock.advance(0.5)
            await line.stream.turn(wanted=True)
        waits.append(line.clock.monotonic() - began)
        await line.stream.turn(wanted=False)
    for wait, longest in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60), strict=True):
        assert longest / 2 <= wait <= longest + 0.5
    await line.opens()
    line.clock.advance(LASTED_S)
    await line.far.sockets[-1].send_str("nonsense")
    await until(lambda: not line.stream.is_open)
    line.clock.advance(1)
    await line.stream.turn(wanted=True)
    assert line.stream.is_open


async def test_where_nobody_is_there_it_is_tried_again(line: Line) -> None:
    line.stream.url = "http://127.0.0.1:9/"
    await line.stream.turn(wanted=True)
    assert not line.stream.is_open
    assert not await line.stream.send("anything")
    assert line.fates == []


async def test_what_nobody_wants_is_left(line: Line) -> None:
    await line.opens()
    await line.stream.turn(wanted=False)
    assert not line.stream.is_open
    assert line.stream.drops == 0
