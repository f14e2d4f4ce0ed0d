"""Requests go out as PTB means them, and no error shows where they went."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut

from bot.transport import AiohttpRequest
from tests.support.backbone import TOKEN
from tests.support.ports import kept_port


class Wire:
    """A server that remembers what it got and answers what it was told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.says: bytes = b'{"ok": true, "result": true}'
        self.cuts = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.got.append((request.path, {k: getattr(v, "filename", v) for k, v in form.items()}))
        if self.cuts and request.transport is not None:
            request.transport.close()
        return web.Response(body=self.says, content_type="application/json")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def server(wire: Wire) -> AsyncIterator[BaseTestServer]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", wire.handle)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def bot(server: BaseTestServer) -> AsyncIterator[Bot]:
    request = AiohttpRequest()
    await request.initialize()
    await request.initialize()
    yield Bot(TOKEN, base_url=f"{server.make_url('/bot')}", request=request)
    await request.shutdown()
    await request.shutdown()


async def test_words_and_files_arrive(bot: Bot, wire: Wire) -> None:
    await bot.answer_callback_query("1", text="안녕 & <hi>")
    message = {"message_id": 1, "date": 0, "chat": {"id": 5, "type": "private"}}
    wire.says = json.dumps({"ok": True, "result": message}).encode()
    await bot.send_document(5, b"a;b", filename="trades.csv", caption="here")
    (path, answer), (_, document) = wire.got
    assert path == f"/bot{TOKEN}/answerCallbackQuery"
    assert answer == {"callback_query_id": "1", "text": "안녕 & <hi>"}
    assert (document["caption"], document["document"]) == ("here", "trades.csv")


async def test_a_lost_connection_is_a_network_error_that_names_no_token(
    bot: Bot, wire: Wire
) -> None:
    wire.cuts = True
    with pytest.raises(NetworkError) as lost:
        await bot.answer_callback_query("1")
    assert TOKEN not in str(lost.value)


async def test_nobody_listening_is_a_network_error() -> None:
    request = AiohttpRequest()
    await request.initialize()
    with kept_port() as port:
        bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{port}/bot", request=request)
        with pytest.raises(NetworkError) as lost:
            await bot.answer_callback_query("1")
    assert TOKEN not in str(lost.value)
    await request.shutdown()


async def test_an_answer_that_takes_too_long_is_not_waited_for(server: BaseTestServer) -> None:
    request = AiohttpRequest(read_timeout_s=0.000001)
    await request.initialize()
    assert request.read_timeout == 0.000001
    bot = Bot(TOKEN, base_url=f"{server.make_url('/bot')}", request=request)
    with pytest.raises(TimedOut):
        await bot.delete_message(5, 1)
    await request.shutdown()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"[]", b"5", b"{}"])
async def test_an_answer_that_is_none_is_an_error_and_not_in_the_log(
    bot: Bot, wire: Wire, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    wire.says = body
    with pytest.raises(TelegramError, match="Invalid server response"):
        await bot.delete_message(5, 1)
    assert not caplog.records


async def test_before_the_start_and_after_the_end_nothing_goes_out() -> None:
    with pytest.raises(NetworkError):
        await AiohttpRequest().do_request("http://127.0.0.1:1/", "POST")
