"""The emulator driven from another process."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.sandbox.bitget import start
from tests.emulator.test_keys import refusal
from tests.support.bitget_client import BTC, Stand, client_of


async def ask(stand: Stand, method: str, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """Status and answer of the control API."""
    url = f"{stand.running.url}/emulator/{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url, json=body) as got:
        return got.status, await got.json()


async def told(stand: Stand, path: str, **body: Any) -> dict[str, Any]:
    status, answer = await ask(stand, "POST", path, **body)
    assert status == 200
    return answer


async def test_accounts_are_made_and_changed(stand: Stand) -> None:
    keys = await told(stand, "accounts", name="bob", deposit="50", hedged=True)
    account = stand.emulator.accounts[keys["key"]]
    client = client_of(stand.running.url, account, stand.clock)
    assert (await client.fetch_balance())["USDT"]["total"] == "50"
    await told(stand, "accounts", key=keys["key"], disabled=True)
    assert await refusal(client.fetch_balance()) == "40037"
    await client.close()


async def test_prices_are_moved(stand: Stand) -> None:
    assert await told(stand, "moves", symbol="BTCUSDT", to="-5%") == {"price": "57000"}
    assert await told(stand, "jumps", symbol="BTCUSDT", to="61000") == {"price": "61000"}
    assert await told(stand, "marks", symbol="BTCUSDT", to="61010") == {"mark": "61010"}


async def test_weather_is_made_and_ended(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    assert await told(stand, "faults", endpoint="accounts", code="40725") == {"pending": 1}
    assert await refusal(stand.ccxt.fetch_balance()) == "40725"
    await told(stand, "faults", endpoint="place-order", first="0.5", times=0)
    assert (await stand.enters())["filled"] == "0.005"
    assert await ask(stand, "DELETE", "faults") == (200, {"pending": 0})
    await told(stand, "clock", skew_ms=-60_000)
    assert await refusal(stand.ccxt.fetch_balance()) == "40008"
    await told(stand, "outage", down=True)
    assert await told(stand, "cut") == {"up": False}
    assert await told(stand, "outage", down=False) == {"up": True}


async def test_the_audit_shows_what_stands(stand: Stand) -> None:
    await stand.enters("0.01", clientOrderId="one")
    await stand.stops("58000")
    await stand.ccxt.create_order(BTC, "limit", "buy", "0.01", "50000", {"marginMode": "isolated"})
    _, audit = await ask(stand, "GET", "audit")
    (alice,) = audit["accounts"]
    assert alice["positions"][0] | {"entry": "60000"} == {
        "symbol": "BTCUSDT", "hold": "long", "qty": "0.01", "entry": "60000", "covered": True,
    }  # fmt: skip
    assert alice["stops"] == [{"symbol": "BTCUSDT", "kind": "pos_loss", "trigger": "58000"}]
    assert [order["status"] for order in alice["orders"]] == ["filled", "live"]
    assert (audit["used_twice"], audit["bare"]) == ([], [])


async def test_calls_can_be_read(stand: Stand) -> None:
    await stand.ccxt.fetch_balance()
    url = f"{stand.running.url}/emulator/calls"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, params={"endpoint": "account/accounts"}) as got,
    ):
        answer = await got.json()
    assert answer["count"] == 1
    assert answer["calls"][0]["account"] == "alice"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("accounts", {"nonsense": 1}),
        ("accounts", {"hedged": "yes"}),
        ("accounts", {"deposit": "much"}),
        ("moves", {"symbol": "NOUSDT", "to": "1"}),
        ("moves", {"symbol": "BTCUSDT", "to": "-100%"}),
        ("jumps", {"symbol": "BTCUSDT", "to": "up"}),
        ("marks", {"symbol": "BTCUSDT", "to": None}),
        ("faults", {"nonsense": 1}),
        ("faults", {"times": "two"}),
        ("faults", {"times": True}),
        ("faults", {"times": -1}),
        ("faults", {"first": "half"}),
        ("faults", {"first": "2"}),
        ("faults", {"chance": 0}),
        ("outage", {}),
        ("clock", {"skew_ms": "1"}),
    ],
)
async def test_wrong_orders_of_the_owner_are_named(
    stand: Stand, path: str, body: dict[str, Any]
) -> None:
    status, answer = await ask(stand, "POST", path, **body)
    assert status == 400
    assert answer["error"]


async def test_only_this_machine_is_served(stand: Stand) -> None:
    with pytest.raises(ValueError, match="loopback"):
        await start(stand.emulator, host="0.0.0.0")  # noqa: S104 - refused
    port = int(stand.running.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="address already in use"):
        await start(stand.emulator, port=port)
    async with (
        aiohttp.ClientSession() as session,
        session.get(
            f"{stand.running.url}/emulator/audit", headers={"Origin": "http://elsewhere"}
        ) as got,
    ):
        assert got.status == 403
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stand.running.url}/emulator/moves", data="[]") as got,
    ):
        assert got.status == 400
