"""One fill on a ledger: positions, trades, and the words that tell of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.trading.booking import Ledger, book
from domain.trading.models import ExitReason, Order
from domain.trading.notices import fill_key, plain, short_ref
from domain.trading.ports import (
    ExchangeFill,
)
from tests.support.market import START_MS

ENTRY = ExchangeFill(
    fill_id="1",
    client_order_id="L1",
    symbol="BTCUSDT",
    side="buy",
    qty=Decimal("0.4"),
    price=Decimal(60_000),
    fee=Decimal(12),
    funding=Decimal(0),
    slippage=Decimal(4),
    reason="entry",
    detail=None,
    at_ms=START_MS,
)
EXIT = replace(
    ENTRY,
    fill_id="2",
    client_order_id=None,
    side="sell",
    qty=Decimal("0.1"),
    price=Decimal(61_000),
    fee=Decimal(4),
    funding=Decimal(2),
    slippage=Decimal(1),
    reason="take_profit",
    detail="level",
    at_ms=START_MS + 60_000,
)


def a_ledger(*orders: Order) -> Ledger:
    return Ledger(1, "live", orders={order.client_order_id: order for order in orders})


def test_parts_of_a_close_add_up_to_the_whole() -> None:
    ledger = a_ledger(Order(client_order_id="L1", leverage=5, strategy_id=3, signal_id=9))
    book(ledger, ENTRY)
    parts = [
        book(ledger, replace(EXIT, fill_id=str(number), qty=Decimal("0.1"))) for number in range(4)
    ]
    trades = [part.trade for part in parts if part.trade is not None]
    assert [part.left for part in parts] == [Decimal("0.3"), Decimal("0.2"), Decimal("0.1"), 0]
    assert sum(trade.fees or 0 for trade in trades) == 12 + 4 * 4
    assert sum(trade.pnl for trade in trades) == 400 - 28 - 4 * 2
    assert trades[0].pnl_percent == pytest.approx(float(trades[0].pnl) / 6_000 * 100)
    assert {(trade.strategy_id, trade.signal_id, trade.leverage) for trade in trades} == {(3, 9, 5)}
    assert (ledger.positions, ledger.added, ledger.removed) == ({}, [], [])


def test_a_second_entry_averages_the_price() -> None:
    ledger = a_ledger(Order(client_order_id="L1", leverage=4))
    book(ledger, ENTRY)
    book(ledger, replace(ENTRY, fill_id="2", qty=Decimal("0.2"), price=Decimal(63_000)))
    [position] = ledger.positions.values()
    assert (position.size, position.entry_price) == (0.6, Decimal(61_000))
    assert (position.fees, position.margin) == (Decimal(24), Decimal(9_150))
    assert position.source == "manual"


def test_the_profit_is_the_exchanges_word_where_it_gives_one() -> None:
    ledger = a_ledger(Order(client_order_id="L1", leverage=5))
    book(ledger, ENTRY)
    trade = book(ledger, replace(EXIT, qty=Decimal("0.4"), pnl=Decimal("123.45"))).trade
    assert trade is not None
    assert trade.pnl == Decimal("123.45")


def test_a_stranger_that_comes_and_goes_is_no_trade_of_ours() -> None:
    ledger = a_ledger()
    opened = book(ledger, replace(ENTRY, client_order_id=None))
    assert opened.position is not None
    assert opened.position.source == "external"
    assert book(ledger, EXIT).trade is None
    assert book(ledger, replace(EXIT, qty=Decimal("0.3"))).left == 0
    assert book(ledger, EXIT).position is None, "nothing is left to close"


def test_what_a_hand_sells_beyond_the_position_is_no_part_of_its_trade() -> None:
    ledger = a_ledger(Order(client_order_id="L1", leverage=5))
    book(ledger, ENTRY)
    turned = book(ledger, replace(EXIT, qty=Decimal("1.6"), fee=Decimal(16)))
    trade = turned.trade
    assert trade is not None
    assert (trade.qty, trade.pnl) == (0.4, Decimal(400 - 12 - 4 - 2))
    assert (trade.fees, trade.slippage) == (Decimal(16), Decimal("4.25"))
    assert trade.pnl_percent == pytest.approx(float(trade.pnl) / 24_000 * 100)
    assert turned.left == 0
    assert not ledger.positions


def test_a_strangers_position_closed_by_our_order_is_a_trade() -> None:
    ledger = a_ledger(Order(client_order_id="L2", exit_detail="panic"))
    book(ledger, replace(ENTRY, client_order_id=None))
    closing = replace(EXIT, client_order_id="L2", reason="manual", detail=None, qty=ENTRY.qty)
    trade = book(ledger, closing).trade
    assert trade is not None
    assert (trade.exit_reason, trade.exit_detail) == (ExitReason.MANUAL, "panic")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.1000", "0.1"),
        ("100", "100"),
        ("0E-8", "0"),
        ("-1E+3", "-1000"),
        ("0.000000014", "0.00000001"),
    ],
)
def test_amounts_are_told_plainly(value: str, shown: str) -> None:
    assert plain(Decimal(value)) == shown


def test_references_are_short_and_keys_fit() -> None:
    assert short_ref("Labcdef0123456789") == "456789"
    assert short_ref(None) == ""
    long = {fill_key(10**9, "paper", f"{number}{'9' * 63}") for number in range(2)}
    assert len(long) == 2
    assert all(len(key) <= 80 for key in long)
