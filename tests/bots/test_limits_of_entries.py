"""Bots keep to what their owner lets be open, also where an entry is sized at its fill."""

from __future__ import annotations

from decimal import Decimal

from tests.support.bots import Floor

TURNS = "buy = close > 61000\nsell = close < 59000\nstop_loss = 10\ntake_profit = 20"


async def test_an_entry_is_made_smaller(floor: Floor) -> None:
    await floor.limits(max_order_usdt=500)
    await floor.starts(code=TURNS)
    await floor.closes_at(61_500, 61_510)
    (position,) = await floor.desk.positions()
    assert position.size == 0.008


async def test_a_position_that_is_turned_round_keeps_to_the_limit(floor: Floor) -> None:
    """On paper the new size is only known at the fill."""
    await floor.limits(max_order_usdt=2_000)
    await floor.starts(code=TURNS)
    await floor.closes_at(61_500, 61_510)
    await floor.limits(max_order_usdt=500)
    await floor.closes_at(58_900, 58_890)
    (position,) = await floor.desk.positions()
    assert (position.side, position.size) == ("short", 0.008)
    order = (await floor.orders())[-1]
    assert order.max_qty == Decimal("0.008")


async def test_without_a_limit_the_formula_sizes_it(floor: Floor) -> None:
    await floor.starts(code=TURNS)
    await floor.closes_at(61_500, 61_510, 58_900, 58_890)
    (position,) = await floor.desk.positions()
    assert position.size == 0.016
    assert (await floor.orders())[-1].max_qty is None


async def test_together_they_stay_within_what_may_be_open(floor: Floor) -> None:
    code = "buy = close > 61000 or (close > 3050 and close < 9000)"
    await floor.limits(max_exposure_usdt=4_000, max_order_usdt=3_000)
    await floor.starts(code=code, symbols=("BTCUSDT", "ETHUSDT"))
    await floor.closes_at(61_500, 61_510)
    floor.market.rests(minutes=2, symbol="ETHUSDT")
    await floor.closes_at(3_100, 3_101, symbol="ETHUSDT")
    bitcoin, ether = await floor.desk.positions()
    assert bitcoin.size == 0.048
    worth = bitcoin.size * 61_510 + ether.size * 3_100
    assert worth <= 4_000
    assert ether.size > 0.3
