"""Orders of a classic account through ccxt: what is filled, what is refused, what is remembered."""

from __future__ import annotations

import ccxt.async_support as ccxt
import pytest

from tests.emulator.test_keys import refusal
from tests.support.bitget_client import BTC, ETH, Stand, stand_with


async def test_a_market_order_is_filled_with_its_fee(stand: Stand) -> None:
    order = await stand.enters("0.01", clientOrderId="lf1")
    assert (order["status"], order["filled"], order["average"]) == ("closed", "0.01", "60000")
    assert order["clientOrderId"] == "lf1"
    assert order["fee"]["cost"] == "0.36"
    (trade,) = await stand.ccxt.fetch_my_trades(BTC)
    assert (trade["price"], trade["amount"], trade["fee"]["cost"]) == ("60000", "0.01", "0.36")
    assert trade["order"] == order["id"]


async def test_the_position_and_the_balance_show_it(stand: Stand) -> None:
    await stand.ccxt.set_leverage(10, BTC)
    await stand.enters("0.01")
    stand.emulator.moves("BTCUSDT", "61000")
    position = await stand.position()
    assert (position["side"], position["contracts"], position["entryPrice"]) == (
        "long", "0.01", "60000",
    )  # fmt: skip
    assert (position["leverage"], position["marginMode"]) == ("10", "isolated")
    assert position["unrealizedPnl"] == "10"
    assert 54_000 < float(position["liquidationPrice"]) < 54_400
    balance = await stand.ccxt.fetch_balance()
    assert (balance["USDT"]["total"], balance["USDT"]["free"]) == ("1009.64", "939.64")


async def test_an_exit_realises_the_profit(stand: Stand) -> None:
    await stand.enters("0.02")
    stand.emulator.moves("BTCUSDT", "61000")
    order = await stand.exits("0.01")
    assert order["reduceOnly"] is True
    assert order["info"]["totalProfits"] == "10"
    await stand.exits("5")
    assert await stand.position() is None
    assert stand.account.wallet == 1_000 + 20 - stand.account.fills[0].fee - sum(
        fill.fee for fill in stand.account.fills[1:]
    )


async def test_a_larger_order_against_a_position_turns_it(stand: Stand) -> None:
    await stand.enters("0.01")
    await stand.enters("0.03", "sell")
    position = await stand.position()
    assert (position["side"], position["contracts"]) == ("short", "0.02")


async def test_a_client_id_is_used_once_for_ever(stand: Stand) -> None:
    await stand.enters("0.01", clientOrderId="once")
    await stand.exits("0.01")
    again = stand.enters("0.01", clientOrderId="once")
    assert await refusal(again) == "40786"
    assert stand.emulator.ledger.refused_twice == [("alice", "once")]
    assert stand.emulator.ledger.used_twice() == []
    found = await stand.ccxt.fetch_order("", BTC, {"clientOrderId": "once"})
    assert found["status"] == "closed"


@pytest.mark.parametrize(
    ("qty", "params", "code"),
    [
        ("0.0001", {}, "40808"),
        ("10", {}, "40762"),
        ("221", {}, "40808"),
        ("0.01", {"presetStopLossPrice": "61000"}, "40917"),
        ("0.01", {"presetStopLossPrice": "59000.05"}, "40808"),
        ("0.01", {"presetStopSurplusPrice": "59000"}, "40808"),
        ("0.01", {"reduceOnly": "YES"}, "22002"),
        ("0.01", {"marginMode": ""}, "40019"),
        ("0", {}, "40019"),
        ("many", {}, "40017"),
        ("0.01", {"symbol": "NOUSDT"}, "40034"),
        ("0.01", {"clientOid": "x" * 51}, "40017"),
    ],
)
async def test_what_cannot_be_is_refused(
    stand: Stand, qty: str, params: dict[str, str], code: str
) -> None:
    order = {
        "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginMode": "isolated",
        "marginCoin": "USDT", "side": "buy", "orderType": "market", "size": qty,
    }  # fmt: skip
    place = stand.ccxt.privateMixPostV2MixOrderPlaceOrder
    assert await refusal(place(order | params)) == code
    assert stand.account.orders == {}


async def test_less_than_five_dollars_is_refused(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    call = stand.ccxt.create_order("DOGE/USDT:USDT", "market", "buy", "49")
    assert await refusal(call) == "45110"


async def test_a_short_with_its_stop_on_the_wrong_side_is_refused(stand: Stand) -> None:
    call = stand.enters("0.01", "sell", stopLoss={"triggerPrice": "59000"})
    assert await refusal(call) == "45122"


async def test_a_limit_order_waits_for_its_price(stand: Stand) -> None:
    made = await stand.ccxt.create_order(
        BTC, "limit", "buy", "0.01", "59000", {"marginMode": "isolated"}
    )
    (waiting,) = await stand.ccxt.fetch_open_orders(BTC)
    assert (waiting["id"], waiting["status"]) == (made["id"], "open")
    assert (await stand.ccxt.fetch_balance())["USDT"]["free"] != "1000"
    stand.emulator.moves("BTCUSDT", "58000")
    order = await stand.ccxt.fetch_order(made["id"], BTC)
    assert (order["status"], order["average"], order["fee"]["cost"]) == ("closed", "59000", "0.118")
    assert await stand.ccxt.fetch_open_orders(BTC) == []


async def test_limit_orders_that_do_not_wait(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    for force, price in (("IOC", "59000"), ("FOK", "59000"), ("PO", "61000")):
        made = await stand.ccxt.create_order(
            BTC, "limit", "buy", "0.01", price, {"timeInForce": force, "marginMode": "isolated"}
        )
        assert (await stand.ccxt.fetch_order(made["id"], BTC))["status"] == "canceled"
    assert await stand.position() is None


async def test_an_open_order_can_be_cancelled_once(stand: Stand) -> None:
    made = await stand.ccxt.create_order(BTC, "limit", "buy", "0.01", "59000")
    await stand.ccxt.cancel_order(made["id"], BTC)
    assert await refusal(stand.ccxt.cancel_order(made["id"], BTC)) == "22001"
    assert await refusal(stand.ccxt.cancel_order("17", BTC)) == "40768"
    assert await refusal(stand.ccxt.fetch_order("17", BTC)) == "40109"
    (closed,) = await stand.ccxt.fetch_canceled_orders(BTC)
    assert closed["id"] == made["id"]


async def test_all_orders_of_a_symbol_can_be_cancelled(stand: Stand) -> None:
    for price in ("59000", "58000"):
        await stand.ccxt.create_order(BTC, "limit", "buy", "0.001", price)
    await stand.ccxt.cancel_all_orders(BTC)
    assert await stand.ccxt.fetch_open_orders(BTC) == []


async def test_leverage_and_margin_mode_hold_per_symbol(stand: Stand) -> None:
    await stand.ccxt.set_leverage(7, BTC)
    await stand.ccxt.set_margin_mode("isolated", BTC)
    read = await stand.ccxt.fetch_leverage(BTC)
    assert (read["marginMode"], read["longLeverage"]) == ("isolated", 7)
    assert (await stand.ccxt.fetch_leverage(ETH))["longLeverage"] == 20
    assert await refusal(stand.ccxt.set_leverage(126, BTC)) == "40797"
    await stand.enters("0.01")
    assert await refusal(stand.ccxt.set_margin_mode("cross", BTC)) == "45117"
    await stand.ccxt.set_leverage(10, BTC)
    assert (await stand.position())["initialMargin"] == "60"
    assert await refusal(stand.enters("0.01", marginMode="cross")) == "45117"


async def test_the_position_mode_cannot_change_under_a_position(stand: Stand) -> None:
    await stand.ccxt.set_position_mode(True, BTC)
    await stand.ccxt.set_position_mode(False, BTC)
    await stand.enters("0.01")
    assert await refusal(stand.ccxt.set_position_mode(True, BTC)) == "40920"


async def test_in_hedge_mode_both_sides_stand_beside_each_other() -> None:
    async with stand_with(hedged=True) as stand:
        await stand.enters("0.01", "buy", hedged=True)
        await stand.enters("0.02", "sell", hedged=True)
        held = {one["side"]: one for one in await stand.ccxt.fetch_positions()}
        assert {side: one["contracts"] for side, one in held.items()} == {
            "long": "0.01", "short": "0.02",
        }  # fmt: skip
        assert held["long"]["hedged"] is True
        closing = await stand.exits("0.01", "sell", hedged=True)
        assert (closing["side"], closing["info"]["tradeSide"]) == ("sell", "close")
        assert [one["side"] for one in await stand.ccxt.fetch_positions()] == ["short"]
        assert await refusal(stand.enters("0.01", "buy")) == "40774"


async def test_flash_close_ends_what_is_open_and_nothing_else(stand: Stand) -> None:
    await stand.enters("0.01")
    await stand.ccxt.close_position(BTC)
    assert await stand.position() is None
    with pytest.raises(IndexError):
        await stand.ccxt.close_position(BTC)


async def test_cross_margin_takes_the_whole_wallet(stand: Stand) -> None:
    await stand.enters("0.02", marginMode="cross")
    position = await stand.position()
    assert position["marginMode"] == "cross"
    assert float(position["liquidationPrice"]) < 11_000


async def test_orders_and_fills_can_be_cut_by_time(stand: Stand) -> None:
    await stand.enters("0.001")
    stand.clock.advance(60)
    await stand.enters("0.002")
    since = stand.clock.now_ms() - 30_000
    assert len(await stand.ccxt.fetch_my_trades(BTC, since)) == 1
    assert len(await stand.ccxt.fetch_closed_orders(BTC, since)) == 1
    assert len(await stand.ccxt.fetch_my_trades(BTC, None, 1)) == 1


async def test_ccxt_takes_refusals_for_what_they_are(stand: Stand) -> None:
    with pytest.raises(ccxt.InsufficientFunds):
        await stand.enters("10")


async def test_named_orders_are_cancelled_and_the_rest_is_listed_with_its_code(
    stand: Stand,
) -> None:
    made = await stand.ccxt.create_order(BTC, "limit", "buy", "0.001", "59000")
    other = await stand.ccxt.create_order(BTC, "limit", "buy", "0.001", "58000")
    answer = await stand.ccxt.privateMixPostV2MixOrderBatchCancelOrders(
        {
            "symbol": "BTCUSDT",
            "productType": "USDT-FUTURES",
            "orderIdList": [{"orderId": made["id"]}, {"orderId": "17"}],
        }
    )
    assert [one["orderId"] for one in answer["data"]["successList"]] == [made["id"]]
    assert [one["errorCode"] for one in answer["data"]["failureList"]] == ["40768"]
    (left,) = await stand.ccxt.fetch_open_orders(BTC)
    assert left["id"] == other["id"]


@pytest.mark.parametrize("named", ["17", ["17"]])
async def test_a_list_of_orders_is_a_list_of_objects(stand: Stand, named: object) -> None:
    await stand.ccxt.load_markets()
    cancel = stand.ccxt.privateMixPostV2MixOrderBatchCancelOrders
    assert await refusal(cancel({"symbol": "BTCUSDT", "orderIdList": named})) == "40017"
