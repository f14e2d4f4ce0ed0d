"""Isolated margin: liquidation, what it costs, and the funding that moves it."""

from __future__ import annotations

import numpy as np
import pytest

from domain.backtests.rules import Rules
from domain.market.ports import Funding
from domain.trading.costs import Costs, liquidation_distance, liquidation_price
from tests.engine.tables import HOUR, QUIET, START, Bar, price, run, with_rules

BOTH_SIDES = pytest.mark.parametrize("side", ["buy", "sell"])
RATES = Costs(taker=0.0006, take_profit=0.0006, slippage=0.0, maintenance=0.004)


def funding(*at: tuple[int, float]) -> Funding:
    """Rates at hours after the first bar's open."""
    hours, rates = zip(*at, strict=True)
    return Funding(START + np.array(hours, np.int64) * HOUR, np.array(rates))


def liquidated_at(side: str, leverage: float) -> float:
    return liquidation_price(1 if side == "buy" else -1, 1.0, 100.0, 100.0 / leverage, FREE_RATES)


FREE_RATES = Costs(taker=0.0, take_profit=0.0, slippage=0.0, maintenance=0.004)


def test_a_hundredfold_long_is_liquidated_at_054_percent() -> None:
    assert liquidation_distance(1, 100.0, RATES) == pytest.approx(0.5425, abs=1e-4)


@BOTH_SIDES
def test_at_the_liquidation_price_the_margin_left_is_maintenance_and_fee(side: str) -> None:
    s, qty, entry, margin = (1 if side == "buy" else -1), 3.0, 100.0, 60.0
    at = liquidation_price(s, qty, entry, margin, RATES)
    assert margin + s * qty * (at - entry) == pytest.approx(qty * at * (0.004 + 0.0006))


def test_a_long_without_leverage_is_never_liquidated() -> None:
    assert liquidation_price(1, 2.0, 100.0, 200.0, RATES) == pytest.approx(0.0)


@BOTH_SIDES
@pytest.mark.parametrize(
    ("stop", "denied"), [(9.0, 0), (9.7, 1), (20.0, 1)], ids=["nearer", "beyond", "far beyond"]
)
def test_a_stop_beyond_liquidation_refuses_the_entry(side: str, stop: float, denied: int) -> None:
    rules = with_rules(leverage=10.0, auto_sl=stop)
    result = run([QUIET] * 3, side, rules, buy=[0])
    assert result.counters.denied_liquidation == denied
    assert len(result.trades) == 1 - denied


@BOTH_SIDES
@pytest.mark.parametrize(
    "bar", [(85.0, 90.0, 84.0, 88.0), (88.0, 130.0, 80.0, 120.0)], ids=["falling", "wild"]
)
def test_a_bar_that_opens_beyond_liquidation_is_a_liquidation(side: str, bar: Bar) -> None:
    rules = with_rules(leverage=10.0, auto_sl=5.0, auto_tp=20.0)
    trade = run([QUIET, QUIET, bar, QUIET], side, rules, buy=[0]).trades[0]
    assert (trade.exit_reason, trade.exit_detail) == ("liquidation", "gap")
    assert trade.exit_price == pytest.approx(liquidated_at(side, 10.0))
    assert trade.pnl == pytest.approx(-10.0)


@BOTH_SIDES
def test_a_nearer_stop_comes_before_liquidation(side: str) -> None:
    rules = with_rules(leverage=10.0, auto_sl=5.0)
    trade = run([QUIET, QUIET, (100.0, 100.5, 80.0, 85.0), QUIET], side, rules, buy=[0]).trades[0]
    assert (trade.exit_reason, trade.exit_price) == ("stop_loss", price(side, 95.0))


@BOTH_SIDES
def test_liquidation_comes_before_the_stop_when_funding_has_brought_it_nearer(side: str) -> None:
    rate = 0.05 if side == "buy" else -0.05
    rules = with_rules(leverage=10.0, auto_sl=9.0, auto_tp=20.0, funding=funding((2, rate)))
    bars = [QUIET, QUIET, (100.0, 121.0, 90.0, 92.0), QUIET]
    result = run(bars, side, rules, buy=[0])
    trade = result.trades[0]
    assert (trade.exit_reason, trade.exit_detail) == ("liquidation", "level")
    # margin 10, of which funding took 5: the loss is the whole of it
    assert trade.pnl == pytest.approx(-10.0)
    assert trade.funding == pytest.approx(5.0)
    assert price(side, trade.exit_price) == pytest.approx(95.4, abs=0.05)
    assert result.counters.both_touched == 1


@BOTH_SIDES
def test_funding_that_eats_the_margin_costs_no_more_than_it_took(side: str) -> None:
    rate = 0.2 if side == "buy" else -0.2
    rules = with_rules(leverage=10.0, auto_sl=5.0, funding=funding((2, rate)))
    result = run([QUIET] * 4, side, rules, buy=[0])
    assert result.trades[0].exit_reason == "liquidation"
    assert result.final_balance == pytest.approx(1_000.0 - 20.0)


@pytest.mark.parametrize(("side", "paid"), [("buy", 1.0), ("sell", -1.0)])
def test_a_long_pays_a_positive_rate_and_a_short_receives_it(side: str, paid: float) -> None:
    rules = with_rules(funding=funding((8, 0.01)))
    result = run([QUIET] * 10, side, rules, buy=[0])
    assert result.trades[0].funding == pytest.approx(paid)
    assert result.final_balance == pytest.approx(1_000.0 - paid)
    assert result.trades[0].pnl == pytest.approx(-paid)


@BOTH_SIDES
def test_a_position_filled_exactly_at_the_stamp_pays_nothing(side: str) -> None:
    rules = with_rules(funding=funding((8, 0.01)))
    assert run([QUIET] * 10, side, rules, buy=[7]).trades[0].funding == 0.0


@BOTH_SIDES
def test_a_position_closed_exactly_at_the_stamp_was_held_and_pays(side: str) -> None:
    rules = with_rules(funding=funding((8, 0.01)))
    trade = run([QUIET] * 10, side, rules, buy=[0], exit_long=[7]).trades[0]
    assert trade.exit_time == START + 8 * HOUR
    assert abs(trade.funding) == pytest.approx(1.0)


@BOTH_SIDES
def test_stamps_inside_missing_bars_are_charged_together_at_the_next_open(side: str) -> None:
    rules = with_rules(funding=funding((8, 0.01), (16, 0.02)))
    times = [0, 1, 2, 20, 21]
    trade = run([QUIET] * 5, side, rules, times=times, buy=[0]).trades[0]
    assert abs(trade.funding) == pytest.approx(3.0)


@BOTH_SIDES
def test_a_stamp_at_the_very_last_close_is_charged(side: str) -> None:
    rules = with_rules(funding=funding((4, 0.01), (8, 0.01)))
    assert abs(run([QUIET] * 8, side, rules, buy=[0]).trades[0].funding) == pytest.approx(2.0)


def test_stamps_while_flat_cost_nothing() -> None:
    result = run([QUIET] * 10, "buy", with_rules(funding=funding((8, 0.5))))
    assert result.final_balance == 1_000.0


def test_missing_rates_are_said_never_silently_zero() -> None:
    bars = [QUIET] * 25
    without = run(bars, "buy", with_rules(funding=None))
    partly = run(bars, "buy", with_rules(funding=funding((8, 0.01), (24, np.nan))))
    whole = run(bars, "buy", with_rules(funding=funding((8, 0.01), (16, 0.01), (24, 0.01))))
    empty = Funding(np.zeros(0, np.int64), np.zeros(0))
    assert "funding_not_charged: stamps=3" in map(str, without.notes)
    assert "funding_rates_missing: stamps=2" in map(str, partly.notes)
    assert "funding_rates_missing: stamps=3" in map(
        str, run(bars, "buy", with_rules(funding=empty)).notes
    )
    assert not [note for note in whole.notes if note.code.startswith("funding")]


def test_rates_before_the_first_bar_are_not_charged_later() -> None:
    early = funding((-16, 0.5), (-8, 0.5), (0, 0.5))
    result = run([QUIET] * 4, "buy", with_rules(funding=early), buy=[0])
    assert result.final_balance == 1_000.0


@BOTH_SIDES
def test_fees_and_slippage_of_entry_and_stop(side: str) -> None:
    rules = with_rules(taker_fee=0.001, slippage_bps=10.0)
    trade = run([QUIET, QUIET, (100.0, 100.5, 97.0, 98.0)], side, rules, buy=[0]).trades[0]
    s = 1 if side == "buy" else -1
    entry = 100.0 * (1 + s * 0.001)
    stop = entry * (1 - s * 0.02)
    left = stop * (1 - s * 0.001)
    assert trade.entry_price == pytest.approx(entry)
    assert trade.exit_price == pytest.approx(left)
    assert trade.fees == pytest.approx(0.001 * (entry + left))
    assert trade.slippage == pytest.approx(abs(entry - 100.0) + abs(left - stop))
    assert trade.pnl == pytest.approx(s * (left - entry) - trade.fees)
    assert trade.pnl_percent == pytest.approx(trade.pnl / entry * 100)
    assert trade.risk == pytest.approx(abs(entry - stop))


@BOTH_SIDES
@pytest.mark.parametrize(("maker", "fee"), [(False, 0.001), (True, 0.0002)])
def test_a_take_profit_fills_at_its_price_without_slippage(
    side: str, maker: bool, fee: float
) -> None:
    rules = with_rules(taker_fee=0.001, maker_fee=0.0002, tp_maker=maker, slippage_bps=10.0)
    trade = run([QUIET, QUIET, (100.0, 110.0, 99.9, 105.0)], side, rules, buy=[0]).trades[0]
    take = trade.entry_price * (1.04 if side == "buy" else 0.96)
    assert trade.exit_price == pytest.approx(take)
    assert trade.fees == pytest.approx(0.001 * trade.entry_price + fee * take)


@BOTH_SIDES
def test_a_take_profit_gap_is_a_market_fill_with_slippage_and_taker_fee(side: str) -> None:
    rules = with_rules(taker_fee=0.001, maker_fee=0.0, tp_maker=True, slippage_bps=10.0)
    trade = run([QUIET, QUIET, (110.0, 111.0, 109.0, 110.0)], side, rules, buy=[0]).trades[0]
    s = 1 if side == "buy" else -1
    assert trade.exit_price == pytest.approx(price(side, 110.0) * (1 - s * 0.001))
    assert trade.fees == pytest.approx(0.001 * (trade.entry_price + trade.exit_price))


@BOTH_SIDES
def test_a_stop_nearer_than_the_slippage_of_its_entry_fills_at_the_open(side: str) -> None:
    rules = with_rules(slippage_bps=100.0, auto_sl=0.5)
    trade = run([QUIET, QUIET, QUIET], side, rules, buy=[0]).trades[0]
    s = 1 if side == "buy" else -1
    assert (trade.exit_reason, trade.bars_held) == ("stop_loss", 0)
    assert trade.exit_price == pytest.approx(100.0 * (1 - s * 0.01))


@BOTH_SIDES
def test_levels_are_rounded_to_the_tick_towards_the_entry(side: str) -> None:
    rules = with_rules(price_tick=0.5, auto_sl=2.2, auto_tp=4.3)
    stopped = run([QUIET, QUIET, (100.0, 100.5, 97.9, 98.0)], side, rules, buy=[0]).trades[0]
    taken = run([QUIET, QUIET, (100.0, 104.2, 99.0, 104.0)], side, rules, buy=[0]).trades[0]
    assert stopped.exit_price == price(side, 98.0)
    assert taken.exit_price == price(side, 104.0)


@BOTH_SIDES
def test_a_tick_coarser_than_the_level_leaves_the_level(side: str) -> None:
    rules = with_rules(price_tick=50.0)
    stopped = run([QUIET, QUIET, (100.0, 100.5, 97.0, 98.0)], side, rules, buy=[0]).trades[0]
    assert stopped.exit_price == price(side, 98.0)


def test_the_default_costs_are_the_designs() -> None:
    assert Rules().costs() == Costs(0.0006, 0.0006, 0.0002, 0.004)
