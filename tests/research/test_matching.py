"""Trades of a bot beside those of a backtest."""

from __future__ import annotations

import pytest

from domain.research.parity import Deal, Purse, Said, compared, match

BAR = 60_000
PURSE = Purse(10_000.0, {"BTCUSDT": 0.001})


def deal(entry_ms: int, side: int = 1, **changes: object) -> Deal:
    fields: dict[str, object] = {
        "symbol": "BTCUSDT",
        "side": side,
        "entry_ms": entry_ms,
        "entry_price": 100.0,
        "exit_ms": entry_ms + BAR,
        "exit_price": 101.0,
        "qty": 2.0,
        "pnl": 1.8,
        "pnl_percent": 0.9,
        "reason": "take_profit",
    } | changes
    return Deal(**fields)  # type: ignore[arg-type]


def test_the_nearest_of_the_same_market_and_side_is_matched_once() -> None:
    real = [deal(50), deal(BAR * 5, symbol="ETHUSDT"), deal(BAR * 9)]
    tested = [deal(0), deal(40), deal(BAR * 5), deal(BAR * 9, -1)]
    found = match(real, tested, BAR)
    assert found.pairs == [(real[0], tested[1])]
    assert found.missing == [tested[0], tested[2], tested[3]]
    assert found.extra == real[1:]


def test_a_whole_bar_apart_is_another_trade() -> None:
    assert match([deal(BAR)], [deal(0)], BAR).pairs == []


def test_slippage_is_positive_when_reality_was_worse_on_either_side() -> None:
    pairs = match(
        [
            deal(0, entry_price=100.1, exit_price=100.9, pnl_percent=0.7),
            deal(BAR * 9, -1, entry_price=99.9, exit_price=101.1, reason="stop_loss"),
        ],
        [deal(0), deal(BAR * 9, -1)],
        BAR,
    )
    said, expected = {Said("BTCUSDT", 1, "BUY")}, {Said("BTCUSDT", 2, "BUY")}
    found = compared(pairs, said, expected, PURSE)
    assert found["entry_slippage_bps"] == pytest.approx(10.0)
    assert found["exit_slippage_bps"] == pytest.approx(1e4 * 0.1 / 101.0)
    assert found["drag_percent"] == pytest.approx(0.1)
    assert (found["matched"], found["same_reason"]) == (2, 1)
    assert (found["signals_same"], found["signals_missing"], found["signals_extra"]) == (0, 1, 1)


def test_nothing_matched_has_no_means() -> None:
    found = compared(match([], [deal(0, -1)], BAR), set(), set(), PURSE)
    assert found["drag_percent"] is None
    assert found["first_missing"] == [{"symbol": "BTCUSDT", "side": -1, "entry_ms": 0}]


def test_sizes_are_shares_of_the_balance_that_each_side_had() -> None:
    lost = deal(0, qty=50.0, pnl=-5_000.0)
    won = deal(0, qty=50.0, pnl=0.0)
    later = [deal(BAR * 9, qty=qty, pnl=0.0) for qty in (1.0, 2.0)]
    found = compared(match([lost, later[0]], [won, later[1]], BAR), set(), set(), PURSE)
    assert (found["matched"], found["same_size"]) == (2, 2)
    assert found["size_percent"] == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("real", "tested", "is_same"),
    [(2.019, 2.0, True), (1.97, 2.0, False), (0.003, 0.002, True), (0.004, 0.002, False)],
)
def test_a_size_is_the_same_within_one_percent_or_one_step(
    real: float, tested: float, is_same: bool
) -> None:
    pair = match([deal(0, qty=real)], [deal(0, qty=tested)], BAR)
    found = compared(pair, set(), set(), PURSE)
    assert found["same_size"] == int(is_same)
    assert found["size_percent"] == pytest.approx((real / tested - 1.0) * 100.0)
