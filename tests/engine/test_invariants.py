"""What holds for every market, every signal and every set of rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from domain.backtests.engine import simulate
from domain.backtests.metrics import compute
from domain.backtests.result import result_to_json
from domain.backtests.trade_metrics import costs
from domain.market.candles import Candles, Signals
from tests.engine.random_markets import Case, cases, simulated
from tests.engine.tables import HOUR

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

MANY = settings(max_examples=200, deadline=None)


@MANY
@given(case=cases())
def test_equity_is_the_start_plus_closed_plus_open_profit(case: Case) -> None:
    result = simulated(case)
    closed = sum(trade.pnl for trade in result.trades)
    assert result.final_balance == pytest.approx(case.rules.initial_balance + closed, abs=1e-6)
    taker = case.rules.taker_fee
    funding = case.rules.funding
    for bar, (time, value) in enumerate(
        zip(result.equity_time[:-1], result.equity[:-1], strict=True)
    ):
        expected = case.rules.initial_balance
        for trade, last in zip(result.trades, result.columns.exit_bar, strict=True):
            if last <= bar:
                expected += trade.pnl
            elif trade.entry_time < time:
                side = 1 if trade.side == "buy" else -1
                price = float(case.candles.close[bar])
                expected += side * trade.qty * (price - trade.entry_price)
                expected -= trade.qty * trade.entry_price * taker
                if funding is not None:
                    expected -= paid(case, trade.entry_time, bar, side * trade.qty)
        assert value == pytest.approx(expected, abs=1e-6)


def paid(case: Case, since: int, bar: int, qty: float) -> float:
    """Funding of the stamps after `since`, each at the first open at or after it, to this bar."""
    assert case.rules.funding is not None
    total, bars = 0.0, case.candles if case.detail is None else case.detail
    close = int(case.candles.time[bar]) + HOUR
    for stamp, rate in zip(*case.rules.funding, strict=True):
        place = int(np.searchsorted(bars.time, stamp))
        if since < stamp and place < len(bars) and bars.time[place] < close:
            total += qty * float(bars.open[place]) * float(rate)
    return total


@MANY
@given(case=cases())
def test_sizes_keep_to_the_markets_steps_and_limits(case: Case) -> None:
    rules = case.rules
    for trade in simulated(case).trades:
        if rules.fixed_qty is not None:
            assert trade.qty == rules.fixed_qty
            continue
        if rules.qty_step > 0.0:
            units = trade.qty / rules.qty_step
            assert units == pytest.approx(round(units), abs=1e-6)
        assert trade.qty >= rules.min_qty
        assert trade.qty <= (rules.max_qty or np.inf)


@MANY
@given(case=cases())
def test_trades_follow_one_another_and_hold_together(case: Case) -> None:
    result = simulated(case)
    end = int(case.candles.time[-1]) + HOUR
    free = 0
    for trade in result.trades:
        assert free <= trade.entry_time <= trade.exit_time <= end
        free = trade.exit_time
        assert trade.mae <= 0.0 <= trade.mfe
        side = 1 if trade.side == "buy" else -1
        gross = side * trade.qty * (trade.exit_price - trade.entry_price)
        assert trade.pnl == pytest.approx(gross - trade.fees - trade.funding, abs=1e-6)
        move = side * (trade.exit_price / trade.entry_price - 1.0) * 100.0
        assert trade.mae - 1e-9 <= move <= trade.mfe + 1e-9
        assert trade.fees >= 0.0
        assert trade.slippage >= 0.0


@MANY
@given(case=cases())
def test_the_report_is_json_and_its_costs_add_up(case: Case) -> None:
    result = simulated(case)
    split = costs(result.columns)
    assert split["net_usdt"] == pytest.approx(
        split["gross_usdt"] - split["slippage_usdt"] - split["fees_usdt"] - split["funding_usdt"]
    )
    document = result_to_json(result, compute(result, case.candles, case.rules))
    assert len(document["equity"]) == len(case.candles)
    assert document["metrics"]["trades"] == len(document["trades"])


@MANY
@given(case=cases())
def test_the_future_changes_no_trade_that_has_ended(case: Case) -> None:
    half = len(case.candles) // 2
    if half == 0:
        return
    said, scripts = case.signals, case.signals.scripts
    if scripts is not None:
        scripts = replace(scripts, columns=tuple(column[:half] for column in scripts.columns))
    past = Signals(
        said.buy[:half],
        said.sell[:half],
        said.exit_long[:half],
        said.exit_short[:half],
        said.stop_loss[:half],
        said.take_profit[:half],
        scripts=scripts,
    )
    early: Candles = case.candles.slice(0, half)
    short = simulate(early, past, case.rules, detail=case.detail)
    whole = simulated(case)
    end = int(early.time[-1]) + HOUR
    ended = [trade for trade in short.trades if trade.exit_time < end]
    assert whole.trades[: len(ended)] == ended
