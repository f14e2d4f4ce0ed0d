"""The emulator's websockets through ccxt.pro, and what ends them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
import pytest

from tests.support.bitget_client import BTC, NOON_MS, Stand, stand_with, streaming_of


@pytest.fixture(params=[False, True], ids=["classic", "unified"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with stand_with(unified=request.param) as made:
        yield made


@pytest.fixture
async def stream(either: Stand) -> AsyncIterator[Any]:
    client = streaming_of(either.running.url, either.account, either.clock)
    yield client
    await client.close()


async def test_the_ticker_is_pushed_when_the_price_moves(either: Stand, stream: Any) -> None:
    assert (await stream.watch_ticker(BTC))["last"] == "60000"
    waiting = asyncio.ensure_future(stream.watch_ticker(BTC))
    await asyncio.sleep(0)
    either.emulator.moves("BTCUSDT", "61000")
    assert (await waiting)["last"] == "61000.0"


async def test_candles_begin_with_the_past_and_go_on(either: Stand, stream: Any) -> None:
    either.clock.advance(120)
    assert len(await stream.watch_ohlcv(BTC, "1m")) == 3
    waiting = asyncio.ensure_future(stream.watch_ohlcv(BTC, "1m"))
    await asyncio.sleep(0)
    either.emulator.moves("BTCUSDT", "61000")
    bars = await waiting
    assert bars[-1][:5] == [NOON_MS + 120_000, "60000.0", "61000.0", "60000.0", "61000.0"]


async def test_orders_fills_positions_and_the_wallet_are_pushed(either: Stand, stream: Any) -> None:
    assert (await stream.watch_balance())["USDT"]["total"] == "1000"
    assert await stream.watch_positions() == []
    orders = asyncio.ensure_future(stream.watch_orders())
    fills = asyncio.ensure_future(stream.watch_my_trades())
    positions = asyncio.ensure_future(stream.watch_positions())
    await _subscribed(either, 4)
    made = await either.enters("0.01", clientOrderId="lf1")
    (order,) = await orders
    assert (order["id"], order["clientOrderId"]) == (made["id"], "lf1")
    (fill,) = await fills
    assert (fill["order"], fill["price"], fill["amount"]) == (made["id"], "60000", "0.01")
    assert fill["fee"]["cost"] == "0.36"
    (position,) = await positions
    assert (position["side"], position["contracts"]) == ("long", "0.01")
    balance = asyncio.ensure_future(stream.watch_balance())
    await asyncio.sleep(0)
    await either.exits("0.01")
    assert (await balance)["USDT"]["total"] != "1000"


async def test_a_stop_that_is_hit_is_pushed(either: Stand, stream: Any) -> None:
    await either.enters("0.01", stopLoss={"triggerPrice": "58000"})
    await stream.watch_positions()
    closing = asyncio.ensure_future(stream.watch_positions())
    await asyncio.sleep(0)
    either.emulator.moves("BTCUSDT", "-4%")
    assert await closing == []


async def test_a_wrong_key_is_refused(either: Stand, stream: Any) -> None:
    stream.secret = "nonsense"
    with pytest.raises(ccxt.AuthenticationError, match="30015"):
        await stream.watch_balance()


async def test_an_owner_can_cut_every_connection(either: Stand, stream: Any) -> None:
    await stream.watch_ticker(BTC)
    waiting = asyncio.ensure_future(stream.watch_ticker(BTC))
    await asyncio.sleep(0)
    either.emulator.cuts()
    with pytest.raises(ccxt.NetworkError):
        await waiting
    assert (await stream.watch_ticker(BTC))["symbol"] == BTC


async def test_an_outage_ends_the_streams_too(either: Stand, stream: Any) -> None:
    await stream.watch_ticker(BTC)
    waiting = asyncio.ensure_future(stream.watch_ticker(BTC))
    await asyncio.sleep(0)
    either.emulator.goes_down()
    with pytest.raises(ccxt.NetworkError):
        await waiting
    with pytest.raises(ccxt.NetworkError):
        await stream.watch_ticker(BTC)


async def _subscribed(stand: Stand, topics: int) -> None:
    """Until the server knows of so many subscriptions."""
    while stand.running.streams.topics() < topics:  # noqa: ASYNC110 - the far side of a socket
        await asyncio.sleep(0)


async def talk(stand: Stand, *messages: str, path: str = "/v2/ws/public") -> list[Any]:
    """What raw messages are answered with, one answer each."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(stand.running.url + path) as socket,
    ):
        answers = []
        for message in messages:
            await socket.send_str(message)
            answers.append((await socket.receive()).data)
        return answers


def asking(operation: str, **arg: str) -> str:
    return json.dumps({"op": operation, "args": [{"instType": "USDT-FUTURES"} | arg]})


async def test_a_ping_is_answered(stand: Stand) -> None:
    assert await talk(stand, "ping") == ["pong"]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("nonsense", 30003),
        ("[]", 30003),
        ('{"op": "dance", "args": []}', 30003),
        ('{"op": "subscribe", "args": ["x"]}', 30001),
        (asking("subscribe", channel="ticker", instId="NOUSDT"), 30001),
        (asking("subscribe", channel="candle7m", instId="BTCUSDT"), 30001),
        (asking("subscribe", channel="books", instId="BTCUSDT"), 30001),
        (asking("subscribe", channel="orders", instId="default"), 30004),
        ('{"op": "login", "args": [{}]}', 30011),
        ('{"op": "login", "args": [{"apiKey": "x"}]}', 30011),
    ],
)
async def test_what_cannot_be_asked_is_refused(stand: Stand, message: str, code: int) -> None:
    (answer,) = await talk(stand, message)
    assert json.loads(answer)["code"] == code


async def test_unsubscribed_is_quiet(stand: Stand) -> None:
    on = asking("subscribe", channel="ticker", instId="BTCUSDT")
    off = asking("unsubscribe", channel="ticker", instId="BTCUSDT")
    answers = await talk(stand, on, off, "ping")
    assert [json.loads(one).get("event") for one in answers[:1]] == ["subscribe"]
    assert stand.running.streams.topics() == 0


async def test_too_many_messages_end_the_connection(stand: Stand) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(stand.running.url + "/v2/ws/public") as socket,
    ):
        for _ in range(30):
            await socket.send_str("ping")
        last = [message.data async for message in socket][-1]
    assert json.loads(last)["code"] == 30007


async def test_triggered_stops_are_told_to_classic_accounts(stand: Stand) -> None:
    client = streaming_of(stand.running.url, stand.account, stand.clock)
    waiting = asyncio.ensure_future(client.watch_orders(BTC, None, None, {"trigger": True}))
    await _subscribed(stand, 1)
    await stand.enters("0.01", stopLoss={"triggerPrice": "58000"})
    (order,) = await waiting
    assert order["triggerPrice"] == "58000"
    await client.close()
