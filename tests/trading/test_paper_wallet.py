"""One wallet at the paper exchange: parts, reversals, several positions, funding."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.market.ports import MarginTier
from tests.support.market import contract
from tests.support.trading import Desk


async def test_half_of_a_position_is_closed_and_the_rest_keeps_its_levels(desk: Desk) -> None:
    desk.market.rests()
    entry = await desk.enters(qty=Decimal("0.2"))
    desk.market.rests()
    await desk.catches_up()
    [before] = await desk.account().positions()
    await desk.closes(qty=Decimal("0.05"))
    desk.market.goes_to(60_600)
    desk.market.rests()
    await desk.catches_up()
    [after] = await desk.account().positions()
    assert after.qty == Decimal("0.15")
    assert after.margin == pytest.approx(before.margin * 3 / 4)
    assert (after.stop_price, after.liquidation_price) == (
        before.stop_price,
        before.liquidation_price,
    )
    [part] = await desk.trades()
    assert (part.qty, part.exit_detail) == (0.05, "by_hand")
    [position] = await desk.positions()
    assert position.size == 0.15
    assert (await desk.told())[-1][1]["left"] == "0.15"

    await desk.closes(qty=Decimal("0.15"))
    desk.market.rests()
    await desk.catches_up()
    trades = await desk.trades()
    assert [trade.position_ref for trade in trades] == [entry.client_order_id] * 2
    balance = await desk.account().balance()
    total = sum(trade.pnl for trade in trades)
    assert balance.balance == pytest.approx(Decimal(10_000) + total, abs=Decimal("1e-7"))


async def test_what_is_left_of_a_position_may_fall_into_a_lower_margin_tier(desk: Desk) -> None:
    tiers = (MarginTier(Decimal(10_000), Decimal("0.05")),)
    desk.market.contracts["BTCUSDT"] = contract(tiers=tiers)
    desk.market.rests()
    await desk.enters(qty=Decimal("0.2"))
    desk.market.rests()
    await desk.catches_up()
    [before] = await desk.account().positions()
    await desk.closes(qty=Decimal("0.1"))
    desk.market.rests()
    await desk.catches_up()
    [after] = await desk.account().positions()
    assert before.liquidation_price is not None
    assert after.liquidation_price is not None
    ratio = (1 - 0.05 - 0.0006) / (1 - 0.004 - 0.0006)
    assert float(after.liquidation_price / before.liquidation_price) == pytest.approx(ratio)


async def test_a_reversal_is_sized_anew_from_what_the_close_left(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters(qty=Decimal("1.0"), leverage=10)
    desk.market.goes_to(61_000)
    await desk.steps()
    await desk.intend_all(
        "alice",
        [
            {"purpose": "reverse", "side": "sell"},
            {"side": "sell", "qty": Decimal(0), "risk_percent": 1.0, "leverage": 10},
        ],
    )
    await desk.sender.send_due()
    desk.market.rests()
    await desk.catches_up()
    _, left, entered = await desk.executed()
    assert (left.reason, left.detail, left.at_ms) == ("signal_reverse", "reverse", entered.at_ms)
    wallet = float(10_000 + (left.pnl or 0))
    loss_per_coin = 61_000 * 0.02 + 2 * 61_000 * (0.0006 + 0.0002)
    assert float(entered.qty) == pytest.approx(wallet * 0.01 / loss_per_coin, abs=0.001)
    [trade] = await desk.trades()
    assert (trade.exit_reason.value, trade.exit_detail) == ("signal_reverse", "reverse")
    [position] = await desk.positions()
    assert (position.side, position.size) == ("short", float(entered.qty))


async def test_a_fixed_quantity_is_entered_only_when_the_margin_carries_it(desk: Desk) -> None:
    desk.market.rests()
    sound = await desk.enters(qty=Decimal("0.3"), risk_percent=1.0, leverage=5)
    beyond = await desk.enters("bob", qty=Decimal(3), risk_percent=1.0, leverage=5)
    desk.market.rests()
    await desk.catches_up()
    assert (await desk.order(sound)).filled_qty == Decimal("0.3")
    row = await desk.order(beyond)
    assert (row.state, row.error_code) == ("rejected", "below_minimum")


async def test_an_entry_where_a_position_is_open_is_rejected(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await desk.steps()
    order = await desk.enters()
    desk.market.rests()
    await desk.catches_up()
    assert await desk.at_exchange(order) == ("rejected", "position_open")
    kinds = [kind for kind, _ in await desk.told()]
    assert kinds == ["entry", "order_rejected"]


async def test_a_stop_beyond_liquidation_is_rejected_at_the_fill(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(leverage=100, stop_percent=1.5)
    desk.market.rests()
    await desk.steps()
    assert await desk.at_exchange(order) == ("rejected", "stop_beyond_liquidation")


async def test_what_other_positions_hold_is_not_there_for_a_new_one(desk: Desk) -> None:
    desk.market.rests()
    desk.market.rests(symbol="ETHUSDT")
    await desk.enters(qty=Decimal("0.7"), leverage=5)
    second = await desk.enters(symbol="ETHUSDT", qty=Decimal(3), leverage=5)
    third = await desk.enters(symbol="ETHUSDT", qty=Decimal(1), leverage=5)
    desk.market.rests()
    desk.market.rests(symbol="ETHUSDT")
    await desk.steps()
    assert await desk.at_exchange(second) == ("rejected", "insufficient_balance")
    assert (await desk.at_exchange(third))[0] == "filled"
    balance = await desk.account().balance()
    assert balance.free == pytest.approx(balance.balance - Decimal("9001.68"), abs=Decimal(1))


async def test_positions_on_several_symbols_share_one_wallet(desk: Desk) -> None:
    desk.market.rests()
    desk.market.rests(symbol="ETHUSDT")
    await desk.enters(qty=Decimal("0.1"))
    await desk.enters(symbol="ETHUSDT", side="sell", qty=Decimal(1))
    desk.market.moves("1%")
    desk.market.moves("-1%", symbol="ETHUSDT")
    await desk.steps()
    assert {each.symbol: each.side for each in await desk.account().positions()} == {
        "BTCUSDT": "long",
        "ETHUSDT": "short",
    }
    balance = await desk.account().balance()
    gains = sum(each.unrealized_pnl for each in await desk.account().positions())
    assert balance.equity == pytest.approx(balance.balance + gains)
    assert balance.equity > 10_000


async def test_funding_is_paid_by_a_long_that_is_held_at_the_stamp(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await desk.steps()
    wallet = (await desk.account().balance()).balance
    desk.market.funds(0.001)
    desk.market.rests()
    await desk.catches_up()
    paid = wallet - (await desk.account().balance()).balance
    assert paid == pytest.approx(Decimal("6.0"))
    [position] = await desk.positions()
    assert position.funding == Decimal("6.0")
    await desk.closes()
    desk.market.rests()
    await desk.catches_up()
    [trade] = await desk.trades()
    assert trade.funding == Decimal("6.0")


async def test_a_position_filled_at_the_stamp_pays_nothing(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.funds(0.001)
    desk.market.rests()
    await desk.steps()
    assert (await desk.account().positions())[0].funding == 0
