"""From an intent to a trade and the notification that tells of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.clock import to_ms
from domain.market.timeframes import MINUTE_MS
from domain.portfolio.models import Equity
from domain.trading.models import ExitReason
from tests.support.market import START_MS
from tests.support.trading import Desk


async def test_an_entry_fills_at_the_next_open_plus_slippage_and_is_told(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(stop_percent=2.0, take_profit_percent=4.0)
    assert (await desk.order(order)).state == "accepted"

    desk.market.bar(60_100, 60_200, 60_050, 60_150)
    await desk.catches_up()

    [position] = await desk.positions()
    assert (position.side, position.size, position.source) == ("long", 0.1, "manual")
    assert position.entry_price == Decimal("60112.02")
    assert position.stop_price == Decimal("58909.8")
    assert position.mark_price == Decimal(60_150)
    assert position.pnl == Decimal("3.798")
    assert to_ms(position.opened_at or desk.now) == START_MS + MINUTE_MS
    done = await desk.order(order)
    assert (done.state, done.filled_qty, done.fill_price) == (
        "filled",
        Decimal("0.1"),
        Decimal("60112.02"),
    )
    [(kind, params)] = await desk.told()
    assert kind == "entry"
    assert params["price"] == "60112.02"
    assert (params["side"], params["qty"], params["leverage"]) == ("long", "0.1", 5)
    assert (params["stop"], params["take_profit"]) == ("58909.8", "62516.5")
    assert params["ref"] == order.client_order_id[-6:].upper()


async def test_a_stop_closes_with_a_trade_an_equity_point_and_a_notification(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters(stop_percent=2.0)
    desk.market.rests()
    await desk.catches_up()
    desk.market.moves("-4%")
    await desk.catches_up()

    [trade] = await desk.trades()
    assert trade.exit_reason is ExitReason.STOP_LOSS
    assert (trade.exit_detail, trade.side, trade.leverage) == ("level", "buy", 5)
    assert trade.position_ref == order.client_order_id
    gross = (trade.exit_price or 0) - trade.entry_price
    assert trade.fees is not None
    assert trade.pnl == pytest.approx(gross * Decimal("0.1") - trade.fees, abs=Decimal("1e-8"))
    assert await desk.positions() == []
    account = desk.exchanges.of(desk.users["alice"], "paper")
    balance = await account.balance()
    assert balance.balance == pytest.approx(Decimal(10_000) + trade.pnl, abs=Decimal("1e-8"))
    [point] = await desk.rows(Equity)
    assert (point.equity, point.unrealized_pnl) == (round(balance.equity, 8), 0)
    kind, params = (await desk.told())[-1]
    assert kind == "exit"
    assert (params["reason"], params["detail"], params["left"]) == ("stop_loss", "level", "0")
    assert Decimal(params["pnl"]) == trade.pnl
    assert params["held_ms"] == MINUTE_MS
