"""A bot's life at the closes: signals, entries, exits, reversals, each once."""

from __future__ import annotations

from domain.signals.evaluate import Series
from tests.support.bots import EXCHANGE, Floor


async def test_a_buy_signal_becomes_an_order_that_fills_at_the_next_open(floor: Floor) -> None:
    await floor.starts()

    await floor.closes_at(60_100, 61_500)
    assert [order.state for order in await floor.orders()] == ["accepted"]
    await floor.closes_at(61_600)

    (order,) = await floor.orders()
    assert (order.side, order.purpose, order.state) == ("buy", "entry", "filled")
    (position,) = await floor.desk.positions()
    assert (position.side, position.source) == ("long", "bot")
    assert position.signal_id == (await floor.signals())[0].id


async def test_a_signal_is_told_with_its_price_and_what_was_decided(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(61_500)

    (alert,) = await floor.alerts()
    (order,) = await floor.orders()
    assert (alert["type"], alert["symbol"], alert["timeframe"]) == ("BUY", "BTCUSDT", "1m")
    assert alert["price"] == 61_500.0
    assert alert["at_ms"] == floor.market.clock.now_ms()
    assert alert["ref"] == f"S{(await floor.signals())[0].id}"
    decided = alert["decided"]
    assert decided["placed"] is True
    assert decided["qty"] == str(order.qty.normalize())
    assert (decided["side"], decided["leverage"], decided["stop_percent"]) == ("long", 5, 1.5)


async def test_holding_the_same_side_the_signal_is_kept_but_nothing_is_done_or_told(
    floor: Floor,
) -> None:
    await floor.starts()
    await floor.closes_at(61_500, 61_600, 61_700)

    assert len(await floor.orders()) == 1
    assert len(await floor.signals()) == 3
    assert [alert["decided"]["placed"] for alert in await floor.alerts()] == [True]


async def test_an_exit_closes_at_the_next_open_and_is_not_a_signal(floor: Floor) -> None:
    await floor.starts(code="long_only")
    await floor.closes_at(61_500, 61_400, 60_800, 60_850)

    entry, exit_ = await floor.orders()
    assert (exit_.purpose, exit_.reduce_only, exit_.side) == ("exit", True, "sell")
    (trade,) = await floor.trades()
    assert (trade.exit_reason.value, trade.exit_detail) == ("signal_reverse", "exit_signal")
    assert {signal.signal_type for signal in await floor.signals()} == {"BUY"}
    assert exit_.strategy_id == entry.strategy_id


async def test_an_opposite_signal_reverses_and_the_new_size_is_made_from_the_new_equity(
    floor: Floor,
) -> None:
    await floor.limits(auto_sl=40.0, auto_tp=45.0, leverage=2)
    await floor.starts()
    await floor.closes_at(61_500, 61_400, 58_900, 58_800)

    _, close, entry = await floor.orders()
    assert (close.purpose, entry.purpose) == ("reverse", "entry")
    (position,) = await floor.desk.positions()
    assert position.side == "short"
    (trade,) = await floor.trades()
    assert trade.exit_detail == "reverse"
    alert = (await floor.alerts())[-1]
    assert alert["decided"]["reverses"] is True
    assert alert["decided"]["qty"] is None


async def test_buy_and_sell_together_are_nothing_at_all(floor: Floor) -> None:
    await floor.starts(code="buy = close > 1\nsell = close > 2")
    await floor.closes_at(61_500, 61_600)

    assert await floor.orders() == []
    assert await floor.signals() == []
    assert set((await floor.seen()).values()) == {floor.market.clock.now_ms()}


async def test_the_same_close_is_acted_upon_once_however_often_the_chunk_runs(
    floor: Floor,
) -> None:
    await floor.starts()
    user_id = floor.desk.users["alice"]
    floor.market.goes_to(61_500)
    close_ms = floor.market.clock.now_ms()
    await floor.ticks()
    chunk = {"exchange": "bitget", "timeframe": "1m", "close_ms": close_ms, "users": [user_id]}

    await floor.worker.run_chunk(chunk)
    await floor.worker.run_chunk(chunk)

    assert len(await floor.orders()) == len(await floor.signals()) == 1


async def test_a_missing_bar_is_no_tick_for_the_symbol_and_never_invented(floor: Floor) -> None:
    await floor.starts(code="buy = close > 59000")
    floor.market.silence(minutes=3)
    assert await floor.ticks() == 3

    assert await floor.signals() == []
    assert set((await floor.seen()).values()) == {floor.market.clock.now_ms()}


async def test_several_symbols_are_decided_in_the_listed_order(floor: Floor) -> None:
    await floor.limits(max_positions=1)
    await floor.starts(code="buy = close > 1", symbols=("ETHUSDT", "BTCUSDT"), inputs=None)
    floor.market.bar(60_000, 60_000, 60_000, 60_000)
    floor.market.bar(3_000, 3_000, 3_000, 3_000, symbol="ETHUSDT")
    await floor.ticks()

    (order,) = await floor.orders()
    assert order.symbol == "ETHUSDT"
    first, second = await floor.alerts()
    assert first["decided"]["placed"] is True
    assert second["decided"] == {
        "placed": False,
        "reason": "max_positions",
        "used": 1,
        "limit": 1,
        "closes": False,
    }


async def test_each_timeframe_ticks_at_its_own_closes_in_order(floor: Floor) -> None:
    await floor.starts("alice", timeframe="1m")
    await floor.starts("bob", timeframe="5m")
    floor.market.rests(minutes=10)

    assert await floor.ticks() == 12
    assert await floor.ticks() == 0


async def test_what_somebody_else_opened_by_hand_blocks_the_bots_entry(floor: Floor) -> None:
    await floor.starts()
    await floor.desk.enters("alice")
    await floor.closes_at(60_100, 61_500)

    (alert,) = await floor.alerts()
    assert alert["decided"]["reason"] == "position_open"


async def test_a_close_that_is_passed_over_is_never_ticked_and_the_next_one_is(
    floor: Floor,
) -> None:
    await floor.starts()
    await floor.closes_at(60_100)
    floor.market.goes_to(60_200)
    passed = floor.market.clock.now_ms()
    floor.ticker.pass_over(Series(EXCHANGE, "1m", passed))
    assert await floor.ticks() == 0

    await floor.closes_at(61_500)
    assert [order.state for order in await floor.orders()] == ["accepted"]
    assert await floor.seen() == {"BTCUSDT": floor.market.clock.now_ms()}
