"""Stops and take profits on the emulator, and what ends a position without being asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.emulator.test_keys import refusal
from tests.support.bitget_client import BTC, Stand, stand_with

PRESETS: dict[str, Any] = {
    "stopLoss": {"triggerPrice": "58000"},
    "takeProfit": {"triggerPrice": "63000"},
}


async def last_closed(stand: Stand) -> dict[str, Any]:
    """The order that was closed last, as Bitget says it."""
    orders = await stand.ccxt.fetch_closed_orders(BTC)
    found: dict[str, Any] = max(orders, key=lambda order: int(order["id"]))["info"]
    return found


async def test_an_entry_brings_its_stop_and_take_profit(stand: Stand) -> None:
    await stand.enters("0.002", **PRESETS)
    listed = {one["info"]["planType"]: one for one in await stand.stops_listed()}
    assert {kind: one["triggerPrice"] for kind, one in listed.items()} == {
        "loss_plan": "58000", "profit_plan": "63000",
    }  # fmt: skip
    assert listed["loss_plan"]["amount"] == "0.002"
    assert listed["loss_plan"]["info"]["triggerType"] == "mark_price"
    assert await stand.ccxt.fetch_open_orders(BTC, None, None, {"trigger": True}) == []
    assert stand.emulator.bare() == []


async def test_the_stop_ends_the_position_and_takes_the_other_with_it(stand: Stand) -> None:
    await stand.enters("0.002", **PRESETS)
    stand.emulator.moves("BTCUSDT", "-10%")
    assert await stand.position() is None
    assert await stand.stops_listed() == []
    fill = stand.account.fills[-1]
    assert (fill.price, fill.source) == (Decimal("58000.0"), "loss_market")
    assert (await last_closed(stand))["orderSource"] == "loss_market"


async def test_the_take_profit_does_the_same(stand: Stand) -> None:
    await stand.enters("0.002", **PRESETS)
    stand.emulator.moves("BTCUSDT", "64000")
    assert await stand.position() is None
    assert stand.account.fills[-1].price == 63_000


async def test_a_jump_fills_the_stop_where_it_lands(stand: Stand) -> None:
    await stand.ccxt.set_leverage(5, BTC)
    await stand.enters("0.002", **PRESETS)
    stand.emulator.jumps("BTCUSDT", "56000")
    assert stand.account.fills[-1].price == 56_000


async def test_a_stop_by_the_last_price_ignores_the_mark(stand: Stand) -> None:
    await stand.ccxt.set_leverage(5, BTC)
    await stand.enters()
    await stand.stops("58000", triggerType="fill_price")
    stand.emulator.marks("BTCUSDT", "57000")
    assert await stand.position() is not None
    stand.emulator.moves("BTCUSDT", "58000")
    assert await stand.position() is None


async def test_a_stop_by_the_mark_ignores_the_last_price(stand: Stand) -> None:
    await stand.ccxt.set_leverage(5, BTC)
    await stand.enters()
    await stand.stops("58000", triggerType="mark_price")
    stand.emulator.marks("BTCUSDT", "62000")
    stand.emulator.moves("BTCUSDT", "57000")
    assert await stand.position() is not None
    stand.emulator.marks("BTCUSDT", "58000")
    assert await stand.position() is None


async def test_the_stop_of_the_whole_position_grows_with_it(stand: Stand) -> None:
    await stand.enters("0.01")
    made = await stand.stops("58000", clientOrderId="stop1")
    await stand.enters("0.01")
    assert stand.emulator.bare() == []
    stand.emulator.moves("BTCUSDT", "58000")
    assert stand.account.fills[-1].qty == Decimal("0.02")
    assert made["clientOrderId"] == "stop1"


async def test_a_second_stop_takes_the_place_of_the_first(stand: Stand) -> None:
    await stand.enters()
    first = await stand.stops("58000")
    second = await stand.stops("59000")
    assert [one["id"] for one in await stand.stops_listed()] == [second["id"]]
    assert await refusal(stand.ccxt.cancel_order(first["id"], BTC, {"trigger": True})) == "43025"


async def test_a_stop_can_be_moved_without_a_gap(stand: Stand) -> None:
    await stand.enters()
    made = await stand.stops("58000")
    stand.clock.advance(10)
    await stand.ccxt.edit_order(
        made["id"], BTC, "market", "sell", "0.01", None, {"stopLossPrice": "59000"}
    )
    (stop,) = await stand.stops_listed()
    assert (stop["id"], stop["triggerPrice"]) == (made["id"], "59000")
    assert stand.emulator.bare() == []


async def test_a_stop_can_be_cancelled_and_the_ledger_sees_the_gap(stand: Stand) -> None:
    await stand.enters()
    made = await stand.stops("58000")
    await stand.ccxt.cancel_order(made["id"], BTC, {"trigger": True})
    stand.clock.advance(7)
    await stand.stops("58500")
    (span,) = stand.emulator.bare()
    assert (span.end_ms or 0) - span.start_ms == span.up_ms == 7_000


async def test_time_without_the_exchange_is_counted_apart(stand: Stand) -> None:
    await stand.enters()
    stand.clock.advance(2)
    stand.emulator.goes_down()
    stand.clock.advance(60)
    stand.emulator.comes_up()
    stand.clock.advance(1)
    (span,) = stand.emulator.bare()
    assert (span.end_ms, span.up_ms) == (None, 3_000)


@pytest.mark.parametrize(
    ("trigger", "params", "code"),
    [
        ("61000", {}, "40917"),
        ("58000", {"planType": "loss_plan", "size": "0.02"}, "40808"),
        ("58000", {"triggerType": "index_price"}, "40017"),
        ("58000", {"holdSide": "sell"}, "22002"),
    ],
)
async def test_stops_that_make_no_sense_are_refused(
    stand: Stand, trigger: str, params: dict[str, str], code: str
) -> None:
    await stand.enters()
    assert await refusal(stand.stops(trigger, **params)) == code


async def test_a_take_profit_that_was_passed_is_refused(stand: Stand) -> None:
    await stand.enters()
    call = stand.ccxt.create_order(
        BTC, "market", "sell", "0.01", None, {"takeProfitPrice": "59000"}
    )
    assert await refusal(call) == "40808"


async def test_a_stop_without_a_position_is_refused(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    assert await refusal(stand.stops("58000")) == "22002"
    assert await refusal(stand.ccxt.cancel_order("17", BTC, {"trigger": True})) == "43025"


async def test_stops_belong_to_their_side_in_hedge_mode() -> None:
    async with stand_with(hedged=True) as stand:
        await stand.enters("0.01", "buy", hedged=True)
        await stand.enters("0.01", "sell", hedged=True)
        await stand.stops("58000", hedged=True)
        (stop,) = await stand.stops_listed()
        assert stop["info"]["posSide"] == "long"
        stand.emulator.moves("BTCUSDT", "57000")
        assert [one["side"] for one in await stand.ccxt.fetch_positions()] == ["short"]


async def test_an_isolated_position_loses_its_margin_and_no_more(stand: Stand) -> None:
    await stand.ccxt.set_leverage(20, BTC)
    await stand.enters("0.1")
    stand.emulator.moves("BTCUSDT", "-10%")
    assert await stand.position() is None
    fill = stand.account.fills[-1]
    assert fill.source == "liquidation"
    entry_fee = stand.account.fills[0].fee
    assert abs(stand.account.wallet - (700 - entry_fee)) < Decimal("0.00001")
    assert (await last_closed(stand))["tradeSide"] == "burst_sell"


async def test_a_stop_before_the_liquidation_saves_the_margin(stand: Stand) -> None:
    await stand.enters("0.1", stopLoss={"triggerPrice": "59000"})
    stand.emulator.moves("BTCUSDT", "-10%")
    assert stand.account.fills[-1].source == "loss_market"


async def test_a_cross_account_never_owes(stand: Stand) -> None:
    await stand.enters("0.3", marginMode="cross")
    stand.emulator.jumps("BTCUSDT", "40000")
    assert await stand.position() is None
    assert stand.account.wallet == 0
    assert stand.account.total("insurance") > 0


async def test_funding_is_charged_every_eight_hours(stand: Stand) -> None:
    await stand.enters("0.01")
    stand.clock.advance(12.5 * 3600)
    history = await stand.ccxt.fetch_funding_history(BTC)
    assert [one["amount"] for one in history] == ["-0.06", "-0.06"]
    assert stand.account.total("funding") == Decimal("-0.12")


async def test_all_stops_of_a_symbol_can_be_cancelled(stand: Stand) -> None:
    await stand.enters("0.01", **PRESETS)
    await stand.ccxt.privateMixPostV2MixOrderCancelPlanOrder(
        {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "planType": "loss_plan"}
    )
    assert [one["info"]["planType"] for one in await stand.stops_listed()] == ["profit_plan"]
    past = await stand.ccxt.fetch_canceled_orders(BTC, None, None, {"planType": "profit_loss"})
    assert [one["info"]["planType"] for one in past] == ["loss_plan"]


async def test_a_client_id_of_a_stop_is_not_used_again(stand: Stand) -> None:
    await stand.enters()
    await stand.stops("58000", clientOrderId="stop1")
    assert await refusal(stand.stops("58500", clientOrderId="stop1")) == "40786"
    assert await refusal(stand.enters("0.01", clientOrderId="stop1")) == "40786"
