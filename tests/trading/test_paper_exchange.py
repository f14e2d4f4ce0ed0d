"""The paper exchange as an exchange: orders, fills, expiry, and several positions on one wallet."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bot.adapters.paper_book import PaperRules
from bot.adapters.paper_exchange import PaperExchanges, price_bars
from domain.errors import DomainError
from domain.market.timeframes import MINUTE_MS
from domain.trading.fills import END_OF_DATA
from domain.trading.intents import to_request
from domain.trading.models import Order
from domain.trading.ports import Exchange, ExchangeFill, Exchanges
from tests.support.market import FakeMarket
from tests.support.trading import MODE, Desk


def account(desk: Desk, name: str = "alice") -> Exchange:
    exchanges: Exchanges = desk.exchanges
    return exchanges.of(desk.users[name], MODE)


async def steps(desk: Desk) -> set[int]:
    return await desk.exchanges.step_to(desk.market.clock.now_ms())


async def executed(desk: Desk, name: str = "alice") -> Sequence[ExchangeFill]:
    return await account(desk, name).fills(None)


async def state(desk: Desk, order: Order) -> tuple[str, str | None]:
    report = await account(desk).find(order.client_order_id, order.symbol)
    assert report is not None
    return report.state, report.error_code


async def test_an_account_begins_with_10_000_usdt(desk: Desk) -> None:
    await desk.user()
    balance = await account(desk).balance()
    assert balance.balance == balance.equity == balance.free == Decimal(10_000)
    assert await account(desk).positions() == ()


async def test_only_paper_accounts_are_here(desk: Desk) -> None:
    with pytest.raises(DomainError, match="no_key"):
        desk.exchanges.of(1, "live")


async def test_an_order_for_an_unknown_symbol_is_refused(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.intends()
    desk.market.prices = {"ETHUSDT": 3_000.0}
    await desk.sender.send_due()
    row = await desk.order(order)
    assert (row.state, row.error_code) == ("rejected", "unknown_symbol")


async def test_an_order_placed_twice_is_one_order(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters()
    report = await account(desk).find(order.client_order_id, order.symbol)
    assert await account(desk).place(to_request(order)) == report
    desk.market.rests()
    await steps(desk)
    again = await account(desk).place(to_request(order))
    assert (again.state, again.filled_qty) == ("filled", Decimal("0.1"))
    assert len(await executed(desk)) == 1


async def test_an_order_nobody_placed_is_not_found(desk: Desk) -> None:
    await desk.user()
    assert await account(desk).find("L404", "BTCUSDT") is None


async def test_stepping_twice_changes_nothing(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.moves("1%")
    assert await steps(desk) == {desk.users["alice"]}
    before = await account(desk).balance()
    assert await steps(desk) == set()
    assert await account(desk).balance() == before


async def test_a_decision_fills_at_the_open_of_the_bar_under_way_not_before_it_arrived(
    desk: Desk,
) -> None:
    desk.market.rests()
    decided_ms = desk.market.clock.now_ms()
    desk.market.clock.advance(90)
    await desk.enters(decided_ms=decided_ms, valid_until_ms=decided_ms + 120_000)
    desk.market.bar(60_000, 60_000, 60_000, 60_500)
    desk.market.bar(60_500, 60_500, 60_500, 60_500)
    await steps(desk)
    [fill] = await executed(desk)
    assert (fill.at_ms, fill.price) == (decided_ms + 60_000, Decimal("60512.1"))


async def test_an_entry_expires_when_the_next_bar_is_missing(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(fill_within_ms=15 * MINUTE_MS)
    desk.market.silence(minutes=14)
    await steps(desk)
    assert (await state(desk, order))[0] == "accepted"
    desk.market.silence(minutes=1)
    await desk.catches_up()
    assert await state(desk, order) == ("expired", "bar_missing")
    assert (await desk.order(order)).state == "expired"
    assert [(kind, params["code"]) for kind, params in await desk.told()] == [
        ("order_expired", "bar_missing")
    ]


async def test_a_bar_that_opens_too_late_does_not_fill_an_entry(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(fill_within_ms=MINUTE_MS)
    desk.market.silence(minutes=1)
    desk.market.rests()
    await steps(desk)
    assert await state(desk, order) == ("expired", "bar_missing")


async def test_a_close_waits_for_a_bar_however_long(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await steps(desk)
    order = await desk.closes()
    desk.market.silence(minutes=60)
    await steps(desk)
    assert (await state(desk, order))[0] == "accepted"
    desk.market.rests()
    await steps(desk)
    assert (await state(desk, order))[0] == "filled"


async def test_a_close_of_nothing_is_cancelled(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.closes()
    desk.market.rests()
    await desk.catches_up()
    assert await state(desk, order) == ("cancelled", "nothing_to_close")
    assert (await desk.order(order)).state == "cancelled"
    assert await desk.told() == []


async def test_the_second_of_two_closes_is_cancelled(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await steps(desk)
    first, second = await desk.closes(), await desk.closes(purpose="panic")
    desk.market.rests()
    await desk.catches_up()
    assert (await desk.order(first)).state == "filled"
    assert (await desk.order(second)).state == "cancelled"
    assert len(await desk.trades()) == 1


async def test_a_gap_over_the_stop_closes_before_the_order_does(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters(stop_percent=2.0)
    desk.market.rests()
    await steps(desk)
    order = await desk.closes()
    desk.market.bar(50_000, 50_000, 50_000, 50_000)
    await steps(desk)
    left = (await executed(desk))[-1]
    assert (left.reason, left.detail, left.client_order_id) == ("stop_loss", "gap", None)
    assert await state(desk, order) == ("cancelled", "nothing_to_close")


async def test_half_of_a_position_is_closed_and_the_rest_keeps_its_levels(desk: Desk) -> None:
    desk.market.rests()
    entry = await desk.enters(qty=Decimal("0.2"))
    desk.market.rests()
    await desk.catches_up()
    [before] = await account(desk).positions()
    await desk.closes(qty=Decimal("0.05"))
    desk.market.goes_to(60_600)
    desk.market.rests()
    await desk.catches_up()
    [after] = await account(desk).positions()
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
    balance = await account(desk).balance()
    total = sum(trade.pnl for trade in trades)
    assert balance.balance == pytest.approx(Decimal(10_000) + total, abs=Decimal("1e-7"))


async def test_a_reversal_is_sized_anew_from_what_the_close_left(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters(qty=Decimal("1.0"), leverage=10)
    desk.market.goes_to(61_000)
    await steps(desk)
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
    _, left, entered = await executed(desk)
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
    await steps(desk)
    order = await desk.enters()
    desk.market.rests()
    await desk.catches_up()
    assert await state(desk, order) == ("rejected", "position_open")
    kinds = [kind for kind, _ in await desk.told()]
    assert kinds == ["entry", "order_rejected"]


async def test_a_stop_beyond_liquidation_is_rejected_at_the_fill(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(leverage=100, stop_percent=1.5)
    desk.market.rests()
    await steps(desk)
    assert await state(desk, order) == ("rejected", "stop_beyond_liquidation")


async def test_what_other_positions_hold_is_not_there_for_a_new_one(desk: Desk) -> None:
    desk.market.rests()
    desk.market.rests(symbol="ETHUSDT")
    await desk.enters(qty=Decimal("0.7"), leverage=5)
    second = await desk.enters(symbol="ETHUSDT", qty=Decimal(3), leverage=5)
    third = await desk.enters(symbol="ETHUSDT", qty=Decimal(1), leverage=5)
    desk.market.rests()
    desk.market.rests(symbol="ETHUSDT")
    await steps(desk)
    assert await state(desk, second) == ("rejected", "insufficient_balance")
    assert (await state(desk, third))[0] == "filled"
    balance = await account(desk).balance()
    assert balance.free == pytest.approx(balance.balance - Decimal("9001.68"), abs=Decimal(1))


async def test_positions_on_several_symbols_share_one_wallet(desk: Desk) -> None:
    desk.market.rests()
    desk.market.rests(symbol="ETHUSDT")
    await desk.enters(qty=Decimal("0.1"))
    await desk.enters(symbol="ETHUSDT", side="sell", qty=Decimal(1))
    desk.market.moves("1%")
    desk.market.moves("-1%", symbol="ETHUSDT")
    await steps(desk)
    assert {each.symbol: each.side for each in await account(desk).positions()} == {
        "BTCUSDT": "long",
        "ETHUSDT": "short",
    }
    balance = await account(desk).balance()
    gains = sum(each.unrealized_pnl for each in await account(desk).positions())
    assert balance.equity == pytest.approx(balance.balance + gains)
    assert balance.equity > 10_000


async def test_funding_is_paid_by_a_long_that_is_held_at_the_stamp(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await steps(desk)
    wallet = (await account(desk).balance()).balance
    desk.market.funds(0.001)
    desk.market.rests()
    await desk.catches_up()
    paid = wallet - (await account(desk).balance()).balance
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
    await steps(desk)
    assert (await account(desk).positions())[0].funding == 0


async def test_an_order_can_be_taken_back_until_it_fills(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters()
    await account(desk).cancel(order.client_order_id, order.symbol)
    desk.market.rests()
    await desk.catches_up()
    assert (await desk.order(order)).state == "cancelled"
    assert await executed(desk) == ()

    filled = await desk.enters()
    desk.market.rests()
    await steps(desk)
    await account(desk).cancel(filled.client_order_id, filled.symbol)
    assert (await state(desk, filled))[0] == "filled"


async def test_a_symbol_that_can_not_be_read_waits_and_is_stepped_later(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    desk.market.fails = DomainError("exchange_unreachable")
    assert await steps(desk) == set()
    desk.market.fails = None
    assert await steps(desk) == {desk.users["alice"]}


async def test_a_live_price_is_a_bar_of_four_equal_values(desk: Desk, market: FakeMarket) -> None:
    live = PaperExchanges(desk.database, market, market.clock, bars=price_bars(market), grid_ms=1)
    live_desk = Desk.opened(desk.database, market, live)
    market.rests()
    await live_desk.enters(stop_percent=2.0, fill_within_ms=15 * MINUTE_MS)
    market.moves("1%")
    await live.step_to(market.clock.now_ms() + 1)
    [entry] = await live_desk.exchanges.of(live_desk.users["alice"], MODE).fills(None)
    assert entry.price == Decimal(repr(60_600 * 1.0002))
    market.moves("-5%")
    await live.step_to(market.clock.now_ms() + 1)
    _, left = await live_desk.exchanges.of(live_desk.users["alice"], MODE).fills(None)
    assert (left.reason, left.detail) == ("stop_loss", "gap")
    assert await live.step_to(market.clock.now_ms() + 1) == set()


async def test_fills_are_read_in_pages(desk: Desk) -> None:
    desk.market.rests()
    for _ in range(2):
        await desk.enters()
        desk.market.rests()
        await steps(desk)
        await desk.closes()
        desk.market.rests()
        await steps(desk)
    assert [fill.fill_id for fill in await account(desk).fills(None)] == ["1", "2", "3", "4"]
    assert [fill.fill_id for fill in await account(desk).fills("1", limit=2)] == ["2", "3"]


async def test_at_the_end_of_a_replay_everything_is_closed_at_the_last_price(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.moves("1%")
    await steps(desk)
    pending = await desk.enters(symbol="ETHUSDT")
    now_ms = desk.market.clock.now_ms()
    await desk.exchanges.close_out(now_ms, END_OF_DATA)
    await desk.reconciler.run(MODE)
    [trade] = await desk.trades()
    assert (trade.exit_reason.value, trade.exit_detail) == ("manual", "end_of_data")
    assert trade.exit_price == Decimal("60600") * Decimal("0.9998")
    assert (await desk.order(pending)).state == "cancelled"
    with pytest.raises(ValueError, match="exit detail"):
        await desk.exchanges.close_out(now_ms, 0)


async def test_one_user_can_be_stepped_alone(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters("alice")
    await desk.enters("bob")
    desk.market.rests()
    bob = desk.users["bob"]
    assert await desk.exchanges.step_to(desk.market.clock.now_ms(), [bob]) == {bob}
    assert await executed(desk, "alice") == ()


async def test_conventions_are_the_backtests_unless_said_otherwise(
    desk: Desk, market: FakeMarket
) -> None:
    rules = PaperRules(start_balance=500.0, slippage_bps=10.0, maker_take_profit=True)
    rich = PaperExchanges(desk.database, market, market.clock, rules)
    own = Desk.opened(desk.database, market, rich)
    market.rests()
    await own.enters(qty=Decimal("0.01"), take_profit_percent=1.0)
    market.rests()
    market.moves("3%")
    await own.catches_up()
    entry, left = await rich.of(own.users["alice"], MODE).fills(None)
    assert entry.price == pytest.approx(Decimal(60_060))
    assert left.reason == "take_profit"
    assert left.fee == pytest.approx(left.qty * left.price * Decimal("0.0002"))
    assert (await rich.balances(MODE, [999]))[999].balance == 500
