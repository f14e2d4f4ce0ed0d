"""Each figure against an independent computation: plain Python from the definitions."""

from __future__ import annotations

import math
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.backtests.daily import alpha_beta, daily_values, returns, sharpe, sortino, volatility
from domain.backtests.drawdown import drawdowns
from domain.backtests.engine import simulate
from domain.backtests.metrics import compute
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.backtests.trade_metrics import longest_run
from domain.market.candles import Candles
from domain.market.timeframes import DAY_MS
from tests.engine.random_markets import random_candles, random_signals
from tests.engine.tables import HOUR, QUIET, START, run, with_rules

RULES = Rules(timeframe="1h", auto_tp=2.0, auto_sl=1.0)


@pytest.fixture(scope="module")
def market() -> tuple[Result, Candles]:
    random = np.random.default_rng(5)
    candles = random_candles(random, 3_000, 0.01)
    return simulate(candles, random_signals(random, 3_000, 0.05), RULES), candles


@pytest.fixture(scope="module")
def figures(market: tuple[Result, Candles]) -> dict[str, Any]:
    return compute(*market, RULES)


def by_day(result: Result, values: list[float]) -> list[float]:
    """The last value at or before each UTC midnight, walking day by day."""
    marks = list(zip(result.equity_time.tolist(), values, strict=True))
    midnight = datetime.fromtimestamp(result.start_time / 1000, UTC)
    midnight = midnight.replace(hour=0, minute=0, second=0, microsecond=0)
    found, place = [], 0
    while place < len(marks):
        midnight += timedelta(days=1)
        while place < len(marks) and marks[place][0] <= midnight.timestamp() * 1000:
            place += 1
        if place:
            found.append(marks[place - 1][1])
    return found


def changes(start: float, values: list[float]) -> list[float]:
    return [after / before - 1 for before, after in zip([start, *values], values, strict=False)]


def test_return_and_growth(market: tuple[Result, Candles], figures: dict[str, Any]) -> None:
    result, candles = market
    days = (candles.time[-1] + HOUR - candles.time[0]) / DAY_MS
    grown = result.final_balance / 10_000.0
    assert figures["total_return_percent"] == pytest.approx((grown - 1) * 100)
    assert figures["cagr_percent"] == pytest.approx(
        (math.exp(math.log(grown) * 365 / days) - 1) * 100
    )
    held = candles.close[-1] / candles.open[0]
    assert figures["buy_and_hold_percent"] == pytest.approx((held - 1) * 100)


def test_ratios_of_daily_returns(market: tuple[Result, Candles], figures: dict[str, Any]) -> None:
    result, candles = market
    daily = changes(10_000.0, by_day(result, result.equity.tolist()))
    market_daily = changes(float(candles.open[0]), by_day(result, candles.close.tolist()))
    mean, spread = statistics.fmean(daily), statistics.stdev(daily)
    below = math.sqrt(statistics.fmean([min(value, 0.0) ** 2 for value in daily]))
    assert figures["volatility_percent"] == pytest.approx(spread * math.sqrt(365) * 100)
    assert figures["sharpe"] == pytest.approx(mean / spread * math.sqrt(365))
    assert figures["sortino"] == pytest.approx(mean / below * math.sqrt(365))
    slope, intercept = statistics.linear_regression(market_daily, daily)
    assert figures["beta"] == pytest.approx(slope)
    assert figures["alpha_percent"] == pytest.approx(intercept * 365 * 100)


def test_drawdown_figures(market: tuple[Result, Candles], figures: dict[str, Any]) -> None:
    result, _ = market
    peak, peak_time = 10_000.0, result.start_time
    deepest = lasted = squares = 0.0
    depths: list[float] = []
    low, long = 0.0, 0.0
    for time, value in zip(result.equity_time.tolist(), result.equity.tolist(), strict=True):
        depth = max(0.0, (1 - value / peak) * 100)
        squares += depth**2
        if value >= peak:
            if low > 0.0:
                depths.append(low)
                deepest, lasted = max((deepest, lasted), (low, time - peak_time))
            peak, peak_time, low = value, time, 0.0
        low, long = max(low, depth), time - peak_time
    if low > 0.0:
        depths.append(low)
        deepest, lasted = max((deepest, lasted), (low, long))
    assert figures["max_drawdown_percent"] == pytest.approx(deepest)
    assert figures["max_drawdown_days"] == pytest.approx(lasted / DAY_MS)
    assert figures["average_drawdown_percent"] == pytest.approx(statistics.fmean(depths))
    assert figures["ulcer_index"] == pytest.approx(math.sqrt(squares / len(result.equity)))
    assert figures["calmar"] == pytest.approx(figures["cagr_percent"] / deepest)


def test_figures_of_the_trades(market: tuple[Result, Candles], figures: dict[str, Any]) -> None:
    result, candles = market
    trades = result.trades
    wins = [trade.pnl for trade in trades if trade.pnl > 0]
    losses = [-trade.pnl for trade in trades if trade.pnl < 0]
    multiples = [trade.pnl / trade.risk for trade in trades]
    assert min(len(wins), len(losses)) > 10
    assert figures["win_rate_percent"] == pytest.approx(len(wins) / len(trades) * 100)
    assert figures["profit_factor"] == pytest.approx(sum(wins) / sum(losses))
    assert figures["payoff"] == pytest.approx(statistics.fmean(wins) / statistics.fmean(losses))
    assert figures["expectancy_usdt"] == pytest.approx(
        (result.final_balance - 10_000.0) / len(trades)
    )
    assert figures["expectancy_r"] == pytest.approx(statistics.fmean(multiples))
    quality = statistics.fmean(multiples) / statistics.stdev(multiples) * math.sqrt(len(trades))
    assert figures["sqn"] == pytest.approx(quality)
    assert figures["best_trade_usdt"] == max(wins)
    assert figures["worst_trade_usdt"] == -max(losses)
    held = [trade.exit_time - trade.entry_time for trade in trades]
    assert figures["average_holding_minutes"] == pytest.approx(statistics.fmean(held) / 60_000)
    bars = sum(trade.bars_held for trade in trades)
    assert figures["average_bars_held"] == pytest.approx(bars / len(trades))
    assert figures["exposure_percent"] == pytest.approx(bars / len(candles) * 100)
    traded = sum(trade.qty * (trade.entry_price + trade.exit_price) for trade in trades)
    assert figures["turnover"] == pytest.approx(traded / statistics.fmean(result.equity.tolist()))
    counted = dict.fromkeys(figures["exit_reasons"], 0)
    for trade in trades:
        counted[trade.exit_reason] += 1
    assert figures["exit_reasons"] == counted
    assert figures["liquidations"] == counted["liquidation"]


def test_excursions_of_each_trade(market: tuple[Result, Candles], figures: dict[str, Any]) -> None:
    result, candles = market
    opens = candles.time.tolist()
    worst, best = [], []
    for trade in result.trades:
        side = 1 if trade.side == "buy" else -1
        prices = [trade.entry_price, trade.exit_price]
        for place, time in enumerate(opens):
            if trade.entry_time <= time < trade.exit_time:
                prices += [float(candles.high[place]), float(candles.low[place])]
            if time == trade.exit_time and (trade.exit_reason, trade.exit_detail) == (
                "take_profit",
                "level",
            ):
                prices.append(float((candles.low if side > 0 else candles.high)[place]))
        moves = [side * (price / trade.entry_price - 1) * 100 for price in prices]
        assert trade.mae == pytest.approx(min(moves), abs=1e-9)
        assert trade.mfe == pytest.approx(max(moves), abs=1e-9)
        worst.append(min(moves))
        best.append(max(moves))
    assert figures["average_mae_percent"] == pytest.approx(statistics.fmean(worst))
    assert figures["average_mfe_percent"] == pytest.approx(statistics.fmean(best))


def test_the_monthly_table(market: tuple[Result, Candles], figures: dict[str, Any]) -> None:
    result, _ = market
    last: dict[str, float] = {}
    for time, value in zip(result.equity_time.tolist(), result.equity.tolist(), strict=True):
        moment = datetime.fromtimestamp((time - 1) / 1000, UTC)
        last[f"{moment:%Y-%m}"] = value
    expected = changes(10_000.0, list(last.values()))
    assert [row["month"] for row in figures["monthly"]] == list(last)
    assert len(last) > 4
    assert [row["return_percent"] for row in figures["monthly"]] == pytest.approx(
        [change * 100 for change in expected]
    )


def test_ratios_are_not_said_before_thirty_days_nor_growth_before_ninety() -> None:
    def figures_after(hours: int) -> dict[str, Any]:
        bars = [QUIET] * hours
        bars[5] = (100.0, 100.0, 97.0, 98.0)
        result = run(bars, "buy", buy=[0, 40, 90])
        return compute(result, result.candles, with_rules())

    short, month, quarter = figures_after(29 * 24), figures_after(30 * 24), figures_after(90 * 24)
    for name in ("sharpe", "sortino", "volatility_percent", "alpha_percent", "beta"):
        assert short[name] is None
    assert month["sharpe"] is not None
    assert month["cagr_percent"] is None
    assert month["calmar"] is None
    assert quarter["cagr_percent"] is not None
    assert quarter["calmar"] is not None


def test_a_run_without_trades_divides_by_nothing() -> None:
    result = run([QUIET] * 24 * 100, "buy")
    found = compute(result, result.candles, with_rules())
    assert found["trades"] == found["longest_win_streak"] == found["liquidations"] == 0
    for name in ("win_rate_percent", "profit_factor", "payoff", "sqn", "sharpe", "calmar"):
        assert found[name] is None
    assert found["max_drawdown_percent"] == found["turnover"] == 0.0


def test_ruin_is_minus_one_hundred_percent_and_no_crash() -> None:
    assert returns(100.0, np.array([50.0, 0.0, 0.0])).tolist() == [-0.5, -1.0, 0.0]


def test_flat_days_are_counted_and_midnight_closes_the_day_before() -> None:
    time = START + np.array([12, 24, 100], np.int64) * HOUR
    days, values = daily_values(time, np.array([1.0, 2.0, 3.0]))
    assert (days - START // DAY_MS).tolist() == [0, 1, 2, 3, 4]
    assert values.tolist() == [2.0, 2.0, 2.0, 2.0, 3.0]


def test_ratios_without_variation_are_not_defined() -> None:
    flat = np.zeros(5)
    assert volatility(np.zeros(1)) is None
    assert sharpe(flat) is None
    assert sharpe(np.zeros(1)) is None
    assert sortino(np.ones(5)) is None
    assert alpha_beta(np.ones(5), flat) == (None, None)
    assert alpha_beta(np.ones(1), np.ones(1)) == (None, None)


def test_a_drawdown_from_the_start_balance_that_never_recovers() -> None:
    time = START + np.array([24, 48, 72], np.int64) * HOUR
    found = drawdowns(START, 100.0, time, np.array([90.0, 80.0, 95.0]))
    assert found.deepest == pytest.approx(20.0)
    assert found.days == pytest.approx(3.0)
    assert found.average == pytest.approx(20.0)


def test_streaks() -> None:
    assert longest_run(np.array([True, True, False, True])) == 2
    assert longest_run(np.array([False])) == 0
    assert longest_run(np.zeros(0, np.bool_)) == 0


@pytest.mark.parametrize("document", ["metrics.md", "metrics.ko.md"])
def test_every_figure_is_defined_in_the_documents(figures: dict[str, Any], document: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / document).read_text(encoding="utf-8")
    assert not [name for name in figures if f"`{name}`" not in text]
