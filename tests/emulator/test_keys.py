"""Who may do what: signatures, clocks, addresses and rights of a key."""

from __future__ import annotations

from typing import Any

import ccxt.async_support as ccxt
import pytest

from tests.support.bitget_client import BTC, Stand, client_of


async def refusal(call: Any) -> str:
    """The code a call is refused with."""
    with pytest.raises(ccxt.BaseError) as caught:
        await call
    return str(caught.value).split('"code": "')[1].split('"')[0]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [("apiKey", "40037"), ("secret", "40009"), ("password", "40012")],
)
async def test_each_part_of_a_key_is_checked(stand: Stand, wrong: str, code: str) -> None:
    setattr(stand.ccxt, wrong, "nonsense")
    assert await refusal(stand.ccxt.fetch_balance()) == code


async def test_a_deleted_key_is_unknown(stand: Stand) -> None:
    await stand.ccxt.fetch_balance()
    stand.account.disabled = True
    assert await refusal(stand.ccxt.fetch_balance()) == "40037"


async def test_a_clock_that_is_off_by_more_than_half_a_minute_is_refused(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    stand.emulator.skew_ms = 29_000
    await stand.ccxt.fetch_balance()
    stand.emulator.skew_ms = 31_000
    assert await refusal(stand.ccxt.fetch_balance()) == "40008"
    await stand.ccxt.load_time_difference()
    await stand.ccxt.fetch_balance()


async def test_a_key_may_be_bound_to_addresses(stand: Stand) -> None:
    stand.account.ips = ["203.0.113.7"]
    assert await refusal(stand.ccxt.fetch_balance()) == "40018"
    stand.account.ips.append("127.0.0.1")
    await stand.ccxt.fetch_balance()


async def test_a_key_that_may_only_read_cannot_trade(stand: Stand) -> None:
    stand.account.authorities = ["coor"]
    await stand.ccxt.fetch_positions()
    assert await refusal(stand.ccxt.create_order(BTC, "market", "buy", "0.01")) == "40014"


async def test_rights_and_addresses_can_be_read(stand: Stand) -> None:
    stand.account.authorities = ["coow", "wwow"]
    stand.account.ips = ["127.0.0.1"]
    answer = await stand.ccxt.privateSpotGetV2SpotAccountInfo()
    assert answer["data"]["authorities"] == ["coow", "wwow"]
    assert answer["data"]["ips"] == "127.0.0.1"


async def test_a_classic_key_is_told_so_by_the_unified_api(stand: Stand) -> None:
    assert await refusal(stand.ccxt.privateUtaGetV3AccountSettings()) == "40084"


async def test_a_unified_key_is_told_so_by_the_classic_api(stand: Stand) -> None:
    unified = stand.emulator.opens("bob", unified=True)
    client = client_of(stand.running.url, unified, stand.clock, uta=False)
    assert await refusal(client.fetch_balance()) == "40085"
    await client.close()


async def test_calls_are_logged_without_secrets(stand: Stand) -> None:
    await stand.ccxt.fetch_balance()
    (call,) = stand.emulator.calls.of("account/accounts")
    assert (call.account, call.code) == ("alice", "00000")
    shown = repr(stand.emulator.calls.of())
    assert stand.account.secret not in shown
    assert stand.account.passphrase not in shown
    assert stand.account.key not in shown
