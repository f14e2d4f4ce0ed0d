"""The paper exchange as an exchange: orders, fills, expiry, and several positions on one wallet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.adapters.paper_book import PaperRules
from bot.adapters.paper_exchange import PaperExchanges
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.timeframes import MINUTE_MS
from domain.trading.fills import END_OF_DATA
from domain.trading.intents import to_request
from tests.support.market import FakeMarket
from tests.support.trading import MODE, Desk


async def test_an_account_begins_with_10_000_usdt(desk: Desk) -> None:
    await desk.user()
    balance = await desk.account().balance()
    assert balance.balance == balance.equity == balance.free == Decimal(10_000)
    assert await desk.account().positions() == ()


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
    report = await desk.account().find(order.client_order_id, order.symbol)
    assert await desk.account().place(to_request(order)) == report
    desk.market.rests()
    await desk.steps()
    again = await desk.account().place(to_request(order))
    assert (again.state, again.filled_qty) == ("filled", Decimal("0.1"))
    assert len(await desk.executed()) == 1


async def test_an_order_nobody_placed_is_not_found(desk: Desk) -> None:
    await desk.user()
    assert await desk.account().find("L404", "BTCUSDT") is None


async def test_stepping_twice_changes_nothing(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.moves("1%")
    assert await desk.steps() == {desk.users["alice"]}
    before = await desk.account().balance()
    assert await desk.steps() == set()
    assert await desk.account().balance() == before


async def test_a_decision_fills_at_the_open_of_the_bar_under_way_not_before_it_arrived(
    desk: Desk,
) -> None:
    desk.market.rests()
    decided_ms = desk.market.clock.now_ms()
    desk.market.clock.advance(90)
    await desk.enters(decided_ms=decided_ms, valid_until_ms=decided_ms + 120_000)
    desk.market.bar(60_000, 60_000, 60_000, 60_500)
    desk.market.bar(60_500, 60_500, 60_500, 60_500)
    await desk.steps()
    [fill] = await desk.executed()
    assert (fill.at_ms, fill.price) == (decided_ms + 60_000, Decimal("60512.1"))


async def test_an_entry_expires_when_the_next_bar_is_missing(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(fill_within_ms=15 * MINUTE_MS)
    desk.market.silence(minutes=14)
    await desk.steps()
    assert (await desk.at_exchange(order))[0] == "accepted"
    desk.market.silence(minutes=1)
    await desk.catches_up()
    assert await desk.at_exchange(order) == ("expired", "bar_missing")
    assert (await desk.order(order)).state == "expired"
    assert [(kind, params["code"]) for kind, params in await desk.told()] == [
        ("order_expired", "bar_missing")
    ]


async def test_a_bar_that_opens_too_late_does_not_fill_an_entry(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(fill_within_ms=MINUTE_MS)
    desk.market.silence(minutes=1)
    desk.market.rests()
    await desk.steps()
    assert await desk.at_exchange(order) == ("expired", "bar_missing")


async def test_a_close_waits_for_a_bar_however_long(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await desk.steps()
    order = await desk.closes()
    desk.market.silence(minutes=60)
    await desk.steps()
    assert (await desk.at_exchange(order))[0] == "accepted"
    desk.market.rests()
    await desk.steps()
    assert (await desk.at_exchange(order))[0] == "filled"


async def test_a_close_of_nothing_is_cancelled(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.closes()
    desk.market.rests()
    await desk.catches_up()
    assert await desk.at_exchange(order) == ("cancelled", "nothing_to_close")
    assert (await desk.order(order)).state == "cancelled"
    assert await desk.told() == []


async def test_the_second_of_two_closes_is_cancelled(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await desk.steps()
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
    await desk.steps()
    order = await desk.closes()
    desk.market.bar(50_000, 50_000, 50_000, 50_000)
    await desk.steps()
    left = (await desk.executed())[-1]
    assert (left.reason, left.detail, left.client_order_id) == ("stop_loss", "gap", None)
    assert await desk.at_exchange(order) == ("cancelled", "nothing_to_close")


async def test_an_order_can_be_taken_back_until_it_fills(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters()
    await desk.account().cancel(order.client_order_id, order.symbol)
    desk.market.rests()
    await desk.catches_up()
    assert (await desk.order(order)).state == "cancelled"
    assert await desk.executed() == ()

    filled = await desk.enters()
    desk.market.rests()
    await desk.steps()
    await desk.account().cancel(filled.client_order_id, filled.symbol)
    assert (await desk.at_exchange(filled))[0] == "filled"


async def test_a_symbol_that_can_not_be_read_waits_and_is_stepped_later(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    desk.market.fails = DomainError("exchange_unreachable")
    assert await desk.steps() == set()
    desk.market.fails = None
    assert await desk.steps() == {desk.users["alice"]}


async def test_fills_are_read_in_pages(desk: Desk) -> None:
    desk.market.rests()
    for _ in range(2):
        await desk.enters()
        desk.market.rests()
        await desk.steps()
        await desk.closes()
        desk.market.rests()
        await desk.steps()
    assert [fill.fill_id for fill in await desk.account().fills(None)] == ["1", "2", "3", "4"]
    assert [fill.fill_id for fill in await desk.account().fills("1", limit=2)] == ["2", "3"]


async def test_at_the_end_of_a_replay_everything_is_closed_at_the_last_price(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.moves("1%")
    await desk.steps()
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
    assert await desk.executed("alice") == ()


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


async def test_a_late_order_does_not_reach_back_over_what_was_stepped(
    desk: Desk, market: FakeMarket
) -> None:
    market.rests()
    await desk.enters()
    market.rests(minutes=3)
    await desk.steps()
    behind = ManualClock(market.clock.now_ms() - 2 * MINUTE_MS)
    lagging = PaperExchanges(desk.database, market, behind)
    close = await desk.intends(purpose="close", side="sell", decided_ms=behind.now_ms())
    await lagging.of(desk.users["alice"], MODE).place(to_request(close))
    await desk.steps()
    assert (await desk.at_exchange(close))[0] == "accepted"
    market.rests()
    await desk.steps()
    assert (await desk.executed())[-1].at_ms == market.clock.now_ms() - MINUTE_MS


async def test_a_late_order_on_one_symbol_does_not_step_the_others_again(
    desk: Desk, market: FakeMarket
) -> None:
    market.rests(minutes=2)
    market.rests(minutes=2, symbol="ETHUSDT")
    await desk.enters(stop_percent=1.0)
    market.bar(60_000, 60_000, 59_500, 60_000)
    market.rests(symbol="ETHUSDT")
    await desk.steps()
    before = await desk.account().positions()
    behind = ManualClock(market.clock.now_ms() - MINUTE_MS)
    lagging = PaperExchanges(desk.database, market, behind)
    late = await desk.intends(symbol="ETHUSDT", qty=Decimal(1), decided_ms=behind.now_ms())
    await lagging.of(desk.users["alice"], MODE).place(to_request(late))
    others = await desk.intends("bob", decided_ms=behind.now_ms())
    await lagging.of(desk.users["bob"], MODE).place(to_request(others))
    assert await desk.steps() == set(desk.users.values())
    assert (await desk.at_exchange(late))[0] == "filled"
    assert (await desk.account().positions())[:1] == before
