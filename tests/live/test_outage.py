"""Three hours without the exchange and without the program, in the middle of trading."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.sandbox.bitget import Fault
from domain.trading.models import Order
from tests.support.live import LiveDesk

THREE_HOURS_S = 3 * 3_600


async def goes_dark(desk: LiveDesk, *moves: tuple[str, str]) -> None:
    """Three hours; the market goes on, with the stops that are in it."""
    desk.emulator.goes_down()
    await desk.restarts()
    desk.clock.advance(THREE_HOURS_S)
    for symbol, to in moves:
        desk.emulator.moves(symbol, to)


async def comes_back(desk: LiveDesk) -> None:
    """First the exchange, then the program."""
    desk.emulator.comes_up()
    await desk.restarts()
    for _ in range(3):
        desk.clock.advance(2)
        await desk.sender.send_due()
        await desk.watches()


async def state_of(desk: LiveDesk, order: Order) -> tuple[str, str | None]:
    row = await desk.order(order.client_order_id)
    return row.state, row.error_code


async def test_exits_are_honoured_and_stale_entries_dropped_and_told(desk: LiveDesk) -> None:
    desk.clock.advance(2 * 3_600)  # four hours later there is funding
    stopped = await desk.trades("buy", "0.01", stop_percent=2.0)
    leaving = await desk.trades("sell", "0.1", symbol="ETHUSDT", stop_percent=5.0)
    staying = await desk.trades("buy", "2", symbol="SOLUSDT", stop_percent=9.0)
    leave = await desk.intends("buy", "0", symbol="ETHUSDT", purpose="exit")
    late = await desk.intends("buy", "10", symbol="XRPUSDT")
    await goes_dark(desk, ("BTCUSDT", "-4%"), ("SOLUSDT", "3%"))
    await comes_back(desk)

    trades = {trade.symbol: trade for trade in await desk.closed()}
    assert trades.keys() == {"BTCUSDT", "ETHUSDT"}
    assert trades["BTCUSDT"].exit_reason.value == "stop_loss"
    assert trades["BTCUSDT"].exit_price == Decimal(58_800)
    assert trades["ETHUSDT"].exit_detail == "exit_signal"
    assert (await state_of(desk, leave))[0] == "filled"
    assert await state_of(desk, late) == ("expired", "too_late")
    (position,) = await desk.positions()
    assert (position.symbol, position.size) == ("SOLUSDT", 2.0)
    assert (position.funding or 0) > 0
    assert list(desk.account.positions) == [("SOLUSDT", "long")]
    assert {await state_of(desk, order) for order in (stopped, leaving, staying)} == {
        ("filled", None)
    }
    said = [kind for kind, _ in await desk.told()]
    assert sorted(said) == ["entry", "entry", "entry", "exit", "exit", "order_expired"]
    assert desk.emulator.bare() == []


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_entry_in_flight_is_what_the_exchange_says_it_is(
    desk: LiveDesk, arrived: bool
) -> None:
    order = await desk.intends("buy", "0.01", stop_percent=2.0)
    desk.emulator.fails(Fault("place-order", drop=True, done=arrived))
    await desk.sender.send_due()
    await goes_dark(desk, ("BTCUSDT", "1%"))
    await comes_back(desk)
    if arrived:
        assert await state_of(desk, order) == ("filled", "exchange_unreachable")
        (position,) = await desk.positions()
        assert (position.source, position.stop_price) == ("manual", Decimal(58_800))
        assert [kind for kind, _ in await desk.told()] == ["entry"]
    else:
        assert await state_of(desk, order) == ("expired", "too_late")
        assert desk.account.orders == {}
        assert [kind for kind, _ in await desk.told()] == ["order_expired"]
    assert desk.emulator.bare() == []


async def test_a_close_in_flight_is_sent_again_however_late(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=9.0)
    close = await desk.intends("sell", "0", purpose="close")
    desk.emulator.fails(Fault("place-order", drop=True))
    await desk.sender.send_due()
    await goes_dark(desk, ("BTCUSDT", "-2%"))
    await comes_back(desk)
    assert (await state_of(desk, close))[0] == "filled"
    assert desk.account.positions == {}
    assert len(await desk.closed()) == 1


async def test_a_close_that_the_stop_came_before_ends(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    close = await desk.intends("sell", "0", purpose="close")
    await goes_dark(desk, ("BTCUSDT", "-4%"))
    await comes_back(desk)
    assert await state_of(desk, close) == ("rejected", "position_gone")
    (trade,) = await desk.closed()
    assert trade.exit_reason.value == "stop_loss"
