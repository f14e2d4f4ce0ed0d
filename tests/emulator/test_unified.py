"""A unified account through ccxt: the same exchange under other names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.emulator.test_keys import refusal
from tests.support.bitget_client import BTC, NOON_MS, Stand, stand_with


@pytest.fixture
async def unified() -> AsyncIterator[Stand]:
    async with stand_with(unified=True) as made:
        yield made


async def strategies(stand: Stand) -> list[Any]:
    """Live stops and take profits."""
    found: list[Any] = await stand.ccxt.fetch_open_orders(BTC, None, None, {"trigger": True})
    return found


async def test_what_the_account_is_can_be_read(unified: Stand) -> None:
    settings = await unified.ccxt.privateUtaGetV3AccountSettings()
    assert settings["data"]["holdMode"] == "one_way_mode"
    unified.account.ips = ["127.0.0.1"]
    unified.account.permissions = ["uta_trade", "withdraw"]
    key = (await unified.ccxt.privateUtaGetV3AccountInfo())["data"]
    assert (key["permissions"], key["ips"]) == (["uta_trade", "withdraw"], "127.0.0.1")


async def test_a_read_only_key_cannot_trade(unified: Stand) -> None:
    unified.account.read_only = True
    assert await refusal(unified.enters()) == "40014"


async def test_the_market_is_the_same(unified: Stand) -> None:
    unified.emulator.moves("BTCUSDT", "60600")
    markets = await unified.ccxt.load_markets()
    assert markets[BTC]["limits"]["leverage"]["max"] == "125"
    ticker = await unified.ccxt.fetch_ticker(BTC)
    assert (ticker["last"], ticker["markPrice"]) == ("60600.0", "60600.0")
    assert BTC in await unified.ccxt.fetch_tickers([BTC])
    (bar,) = await unified.ccxt.fetch_ohlcv(BTC, "1m", None, 1)
    assert bar[1:5] == ["60000.0", "60600.0", "60000.0", "60600.0"]
    old = {"until": NOON_MS, "useHistoryEndpoint": True}
    assert await unified.ccxt.fetch_ohlcv(BTC, "1m", None, 5, old) == []
    assert (await unified.ccxt.fetch_funding_rate(BTC))["fundingRate"] == "0.0001"
    tiers = await unified.ccxt.fetch_market_leverage_tiers(BTC)
    assert tiers[0]["maintenanceMarginRate"] == "0.004"
    unified.clock.advance(5 * 3600)
    (rate,) = await unified.ccxt.fetch_funding_rate_history(BTC)
    assert rate["fundingRate"] == "0.0001"


async def test_an_order_becomes_a_position(unified: Stand) -> None:
    await unified.ccxt.set_leverage(10, BTC)
    order = await unified.enters("0.01", clientOrderId="lf1")
    assert (order["status"], order["filled"]) == ("closed", "0.01")
    assert order["info"]["avgPrice"] == "60000"
    assert order["info"]["feeDetail"] == [{"feeCoin": "USDT", "fee": "0.36"}]
    position = await unified.position()
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", "0.01", "10")
    assert position["marginMode"] == "isolated"
    balance = await unified.ccxt.fetch_balance()
    assert (balance["USDT"]["total"], balance["USDT"]["free"]) == ("999.64", "939.64")
    (trade,) = await unified.ccxt.fetch_my_trades(BTC)
    assert (trade["price"], trade["amount"]) == ("60000", "0.01")
    found = await unified.ccxt.fetch_order("", BTC, {"clientOrderId": "lf1"})
    assert found["id"] == order["id"]
    assert await refusal(unified.enters("0.01", clientOrderId="lf1")) == "40786"
    assert await refusal(unified.ccxt.fetch_order("17", BTC)) == "25204"


async def test_an_exit_only_reduces(unified: Stand) -> None:
    await unified.ccxt.load_markets()
    assert await refusal(unified.exits()) == "22002"
    await unified.enters("0.01")
    await unified.exits("0.02")
    assert await unified.position() is None
    assert len(await unified.ccxt.fetch_closed_orders(BTC)) == 1
    assert len(await unified.ccxt.fetch_canceled_orders(BTC)) == 1


async def test_stops_are_strategy_orders(unified: Stand) -> None:
    await unified.enters(
        "0.01", stopLoss={"triggerPrice": "58000"}, takeProfit={"triggerPrice": "63000"}
    )
    found = await strategies(unified)
    assert {one["stopLossPrice"] or one["takeProfitPrice"] for one in found} == {"58000", "63000"}
    assert unified.emulator.bare() == []
    unified.emulator.moves("BTCUSDT", "-4%")
    assert await unified.position() is None
    assert await strategies(unified) == []


async def test_a_stop_is_placed_moved_and_cancelled(unified: Stand) -> None:
    await unified.enters()
    given = {"stopLossPrice": "58000", "slTriggerBy": "market", "reduceOnly": True}
    made = await unified.ccxt.create_order(BTC, "market", "sell", "0.01", None, given)
    await unified.ccxt.edit_order(
        made["id"], BTC, "market", "sell", "0.01", None,
        {"stopLossPrice": "58500", "slTriggerBy": "market"},
    )  # fmt: skip
    (stop,) = await strategies(unified)
    assert (stop["stopLossPrice"], stop["info"]["slTriggerBy"]) == ("58500", "market")
    await unified.ccxt.cancel_order(made["id"], BTC, {"trigger": True})
    assert await strategies(unified) == []
    again = unified.ccxt.cancel_order(made["id"], BTC, {"trigger": True})
    assert await refusal(again) == "43025"
    history = await unified.ccxt.fetch_canceled_and_closed_orders(
        BTC, None, None, {"trigger": True}
    )
    assert [one["id"] for one in history] == [made["id"]]
    take = {"takeProfitPrice": "61000"}
    await unified.ccxt.create_order(BTC, "market", "sell", "0.01", None, take)
    unified.emulator.moves("BTCUSDT", "61000")
    assert await unified.position() is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"stopLoss": "58000", "takeProfit": "62000"}, "40017"),
        ({}, "40019"),
        ({"stopLoss": "61000"}, "40917"),
        ({"stopLoss": "58000", "tpslMode": "partial", "qty": ""}, "40019"),
        ({"stopLoss": "58000", "side": "buy"}, "22002"),
    ],
)
async def test_strategies_that_make_no_sense_are_refused(
    unified: Stand, body: dict[str, str], code: str
) -> None:
    await unified.enters()
    asked = {"category": "USDT-FUTURES", "symbol": "BTCUSDT", "qty": "0.01", "side": "sell"}
    call = unified.ccxt.privateUtaPostV3TradePlaceStrategyOrder(asked | body)
    assert await refusal(call) == code


async def test_a_stop_does_not_become_a_take_profit(unified: Stand) -> None:
    await unified.enters()
    given = {"stopLossPrice": "58000", "clientOrderId": "s1"}
    await unified.ccxt.create_order(BTC, "market", "sell", "0.01", None, given)
    call = unified.ccxt.edit_order(
        "", BTC, "market", "sell", "0.01", None,
        {"takeProfitPrice": "62000", "clientOrderId": "s1"},
    )  # fmt: skip
    assert await refusal(call) == "40017"


async def test_limit_orders_wait_and_can_be_cancelled(unified: Stand) -> None:
    made = await unified.ccxt.create_order(BTC, "limit", "buy", "0.01", "59000")
    (waiting,) = await unified.ccxt.fetch_open_orders(BTC)
    assert waiting["id"] == made["id"]
    await unified.ccxt.cancel_order(made["id"], BTC)
    await unified.ccxt.create_order(BTC, "limit", "buy", "0.01", "59000")
    await unified.ccxt.cancel_all_orders(BTC)
    assert await unified.ccxt.fetch_open_orders(BTC) == []


async def test_hedge_mode_names_the_position(unified: Stand) -> None:
    await unified.ccxt.set_position_mode(True, BTC)
    await unified.enters("0.01", "buy", hedged=True)
    await unified.enters("0.02", "sell", hedged=True)
    assert len(await unified.ccxt.fetch_positions()) == 2
    await unified.exits("0.02", "buy", hedged=True)
    assert (await unified.position())["side"] == "long"
    assert await refusal(unified.enters("0.01")) == "40774"
    await unified.ccxt.close_position(BTC, "long")
    assert await unified.position() is None
    await unified.ccxt.set_position_mode(False, BTC)
    assert await refusal(unified.enters("0.01", hedged=True)) == "40774"


async def test_one_position_can_be_asked_for(unified: Stand) -> None:
    await unified.enters()
    assert (await unified.ccxt.fetch_position(BTC))["contracts"] == "0.01"


async def test_funding_is_in_the_records(unified: Stand) -> None:
    await unified.enters()
    unified.clock.advance(5 * 3600)
    (paid,) = await unified.ccxt.fetch_funding_history(BTC)
    assert paid["amount"] == "-0.06"
