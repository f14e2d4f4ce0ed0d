"""Trades of a bot beside those of a backtest."""

from __future__ import annotations

import pytest

from domain.research.parity import Deal, Said, compared, match

BAR = 60_000


def deal(entry_ms: int, side: int = 1, **changes: object) -> Deal:
    fields: dict[str, object] = {
        "symbol": "BTCUSDT",
        "side": side,
        "entry_ms": entry_ms,
        "entry_price": 100.0,
        "exit_ms": entry_ms + BAR,
        "exit_price": 101.0,
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
    found = compared(pairs, said, expected)
    assert found["entry_slippage_bps"] == pytest.approx(10.0)
    assert found["exit_slippage_bps"] == pytest.approx(1e4 * 0.1 / 101.0)
    assert found["drag_percent"] == pytest.approx(0.1)
    assert (found["matched"], found["same_reason"]) == (2, 1)
    assert (found["signals_same"], found["signals_missing"], found["signals_extra"]) == (0, 1, 1)


def test_nothing_matched_has_no_means() -> None:
    found = compared(match([], [deal(0, -1)], BAR), set(), set())
    assert found["drag_percent"] is None
    assert found["first_missing"] == [{"symbol": "BTCUSDT", "side": -1, "entry_ms": 0}]
