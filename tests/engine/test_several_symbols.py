"""Several symbols on one balance: whose turn it is, what is shared, what stays each one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from domain.backtests.engine import simulate
from domain.backtests.lanes import lane_of
from domain.backtests.markets import Market, market_of
from domain.backtests.metrics import compute
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.backtests.several import account_of
from domain.errors import DomainError
from domain.market.ports import Funding
from domain.market.specification import derived_contract
from tests.engine.random_markets import Case, cases, simulated
from tests.engine.tables import FREE, HOUR, QUIET, START, Bar, candles, signals, with_rules
from tests.engine.test_fills import ended

BTC, ETH, XRP = "BTCUSDT", "ETHUSDT", "XRPUSDT"
RISK = with_rules(fixed_qty=None, leverage=10.0)
Market_ = tuple[Sequence[Bar], dict[str, Any]]


def run(rules: Rules = FREE, times: dict[str, list[int]] | None = None, **at: Market_) -> Result:
    """`BTC=([bars], {"buy": [0]})`: symbols in the order in which they are written."""
    hours = times or {}
    return simulate(
        {
            f"{name}USDT": (candles(bars, hours.get(name)), signals(len(bars), **said))
            for name, (bars, said) in at.items()
        },
        None,
        rules,
    )


def told(result: Result) -> list[tuple[str, str, int]]:
    """(symbol, exit detail, bar of the entry) of every trade."""
    return [
        (trade.symbol, trade.exit_detail, (trade.entry_time - START) // HOUR)
        for trade in result.trades
    ]


@settings(max_examples=150, deadline=None)
@given(case=cases())
def test_one_symbol_alone_is_the_backtest_of_one(case: Case) -> None:
    expected = simulated(case)
    lane = lane_of(BTC, case.candles, case.signals, case.rules, case.detail)
    account = account_of({BTC: lane}, case.rules)
    account.run(None, None)
    assert account.wallet == expected.final_balance
    assert account.equity == pytest.approx(expected.equity.tolist(), abs=1e-8)
    assert lane.state.trades == len(expected.trades)
    # A twin that never says anything changes nothing either, and the trades come out the same.
    silent = signals(len(case.candles))
    both = {BTC: (case.candles, case.signals), ETH: (case.candles, silent)}
    detail = {} if case.detail is None else {BTC: case.detail}
    assert simulate(both, None, case.rules, detail=detail).trades == expected.trades


def test_each_trade_names_its_symbol_and_they_share_the_balance() -> None:
    up = [QUIET, QUIET, (100.0, 105.0, 99.5, 104.0), QUIET]
    down = [QUIET, QUIET, (100.0, 100.5, 97.0, 98.0), QUIET]
    result = run(BTC=(up, {"buy": [0]}), ETH=(down, {"buy": [0]}))
    assert [(t.symbol, ended(t)[0]) for t in result.trades] == [
        (BTC, "take_profit"),
        (ETH, "stop_loss"),
    ]
    assert result.final_balance == 1_000.0 + 4.0 - 2.0
    assert result.equity[1] == 1_000.0
    assert result.symbol == "BTCUSDT, ETHUSDT"


def test_the_margin_of_the_first_is_not_free_for_the_second() -> None:
    rules = replace(RISK, max_risk_percent=100.0, auto_sl=5.0)
    result = run(rules, BTC=([QUIET] * 3, {"buy": [0]}), ETH=([QUIET] * 3, {"buy": [0]}))
    first, second = result.trades
    assert first.qty == pytest.approx(0.99 * 1_000.0 / 10.0)
    # what is promised to the first is taken off at the same close
    assert second.qty == pytest.approx(0.99 * (1_000.0 - first.qty * 100.0 / 10.0) / 10.0)


def test_the_listed_order_decides_who_gets_the_last_place() -> None:
    rules = replace(FREE, max_positions=1)
    said = {"buy": [0]}
    one = run(rules, BTC=([QUIET] * 3, said), ETH=([QUIET] * 3, said))
    other = run(rules, ETH=([QUIET] * 3, said), BTC=([QUIET] * 3, said))
    assert [trade.symbol for trade in one.trades] == [BTC]
    assert [trade.symbol for trade in other.trades] == [ETH]
    assert one.counters.denied_positions == 1
    assert "denied_positions: count=1" in map(str, one.notes)


def test_a_reversal_keeps_its_place() -> None:
    rules = replace(FREE, max_positions=1)
    result = run(
        rules,
        BTC=([QUIET] * 5, {"buy": [0], "sell": [2]}),
        ETH=([QUIET] * 5, {"buy": [2]}),
    )
    assert told(result) == [(BTC, "reverse", 1), (BTC, "end_of_data", 3)]


def test_a_place_that_is_being_left_is_not_free_before_it_is_left() -> None:
    rules = replace(FREE, max_positions=1)
    result = run(
        rules,
        BTC=([QUIET] * 6, {"buy": [0], "exit_long": [2]}),
        ETH=([QUIET] * 6, {"buy": [2, 3]}),
    )
    assert told(result) == [(BTC, "exit_signal", 1), (ETH, "end_of_data", 4)]


def test_a_reversal_is_sized_at_its_fill_from_what_is_then_free() -> None:
    falls = [QUIET, QUIET, (99.0, 99.0, 98.5, 99.0), (99.0, 99.0, 98.5, 99.0)]
    result = run(
        RISK,
        BTC=(falls, {"buy": [0], "sell": [1]}),
        ETH=([QUIET] * 4, {"buy": [0]}),
    )
    bought = next(trade for trade in result.trades if trade.side == "buy")
    sold = next(trade for trade in result.trades if trade.side == "sell")
    equity = 1_000.0 - bought.qty * 1.0
    assert sold.qty == pytest.approx(min(equity * 0.01 / 2.0, sold.qty))
    assert sold.entry_price == 99.0


def test_a_fill_that_the_free_margin_no_longer_carries_is_refused() -> None:
    rules = replace(RISK, max_risk_percent=100.0, auto_sl=5.0)
    gap = [QUIET, (104.0, 104.5, 103.5, 104.0), (104.0, 104.5, 103.5, 104.0)]
    result = run(rules, BTC=([QUIET] * 3, {"buy": [0]}), ETH=(gap, {"buy": [0]}))
    assert [trade.symbol for trade in result.trades] == [BTC]
    assert result.counters.denied_margin == 1


def test_the_daily_loss_is_that_of_the_whole_account() -> None:
    down = [QUIET, QUIET, (100.0, 100.0, 97.0, 98.0), *[QUIET] * 3]
    rules = replace(FREE, daily_loss_limit=3.0)
    result = run(
        rules,
        BTC=(down, {"buy": [0]}),
        ETH=(down, {"buy": [0]}),
        XRP=([QUIET] * 6, {"buy": [3]}),
    )
    assert sorted({trade.symbol for trade in result.trades}) == [BTC, ETH]
    assert (result.counters.halts, result.counters.denied_halted) == (1, 1)


def test_a_symbol_without_a_bar_waits_and_its_entry_expires() -> None:
    result = run(
        times={"ETH": [0, 2, 3]},
        BTC=([QUIET] * 4, {"buy": [0]}),
        ETH=([QUIET] * 3, {"buy": [0]}),
    )
    assert told(result) == [(BTC, "end_of_data", 1)]
    assert result.counters.expired == 1
    assert f"data_gaps: symbol={ETH}, count=1, missing=1" in str(result.notes[1])


def test_an_expired_entry_holds_no_place() -> None:
    result = run(
        replace(FREE, max_positions=1),
        times={"BTC": [0, 3, 4], "ETH": [0, 1, 2, 3]},
        BTC=([QUIET] * 3, {"buy": [0]}),
        ETH=([QUIET] * 4, {"buy": [0, 1]}),
    )
    assert told(result) == [(ETH, "end_of_data", 2)]


def test_each_market_has_its_own_steps_costs_and_funding() -> None:
    stamps = Funding(np.array([START + 2 * HOUR]), np.array([0.01]))
    rules = replace(
        RISK,
        markets={
            BTC: Market(qty_step=1.0, taker_fee=0.001),
            ETH: Market(qty_step=0.1, max_leverage=2.0, funding=stamps),
        },
    )
    said = {"buy": [0]}
    first, second = run(rules, BTC=([QUIET] * 4, said), ETH=([QUIET] * 4, said)).trades
    assert (first.qty, first.funding, second.fees) == (4.0, 0.0, 0.0)
    assert (first.fees, second.qty) == pytest.approx((0.8, 5.0))
    assert second.funding == pytest.approx(second.qty)
    assert rules.for_symbol(ETH).terms().leverage == 2.0
    assert rules.for_symbol(XRP).terms() == RISK.terms()


def test_a_market_is_made_of_a_contract() -> None:
    contract = derived_contract(BTC, np.array([50_000.0]))
    own = Rules(markets={BTC: market_of(contract)}).for_symbol(BTC)
    assert own == Rules().for_contract(contract)


def test_markets_are_tables_in_the_file_of_rules() -> None:
    rules = Rules.from_values({"max_positions": 2, "markets": {ETH: {"qty_step": 0.01}}})
    assert (rules.max_positions, rules.for_symbol(ETH).qty_step) == (2, 0.01)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"markets": {ETH: {"qty_stop": 1}}}, "unknown_rule"),
        ({"markets": {ETH: {"qty_step": "1"}}}, "bad_rule"),
        ({"markets": {ETH: {"mmr": -1.0}}}, "bad_rule"),
        ({"markets": {ETH: 3}}, "bad_rule"),
        ({"markets": 3}, "bad_rule"),
        ({"max_positions": 0}, "bad_rule"),
        ({"max_positions": 1.5}, "bad_rule"),
    ],
)
def test_a_senseless_market_is_refused(values: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError, match=code):
        Rules.from_values(values)


def test_bars_of_different_length_are_refused() -> None:
    hours, days = candles([QUIET] * 3), candles([QUIET] * 3, [0, 24, 48])
    silent = signals(3)
    rules = with_rules(timeframe=None)
    with pytest.raises(DomainError, match="several_lengths") as refused:
        simulate({BTC: (hours, silent), ETH: (days, silent)}, None, rules)
    assert refused.value.params["minutes"] == "60, 1440"


def test_the_report_compares_with_equal_parts_of_all() -> None:
    doubled = [QUIET, (100.0, 200.0, 100.0, 200.0)]
    result = run(BTC=(doubled, {}), ETH=([QUIET] * 2, {}))
    figures = compute(result, result.candles, FREE)
    assert figures["buy_and_hold_percent"] == pytest.approx(50.0)
    assert figures["exposure_percent"] == 0.0
    alone = simulate({BTC: (candles(doubled), signals(2))}, None, FREE)
    assert figures["data_hash"] != alone.data_hash


def test_exposure_counts_a_close_once_however_many_are_held() -> None:
    said = {"buy": [0]}
    result = run(BTC=([QUIET] * 4, said), ETH=([QUIET] * 4, said))
    assert compute(result, result.candles, FREE)["exposure_percent"] == 75.0


def test_progress_is_told_and_a_run_can_be_cancelled() -> None:
    shares: list[float] = []
    pair = (candles([QUIET] * 3), signals(3))
    simulate({BTC: pair, ETH: pair}, None, FREE, progress=shares.append)
    assert shares == [0.0, 1.0]
    with pytest.raises(DomainError, match="backtest_cancelled"):
        simulate({BTC: pair, ETH: pair}, None, FREE, cancelled=lambda: True)
