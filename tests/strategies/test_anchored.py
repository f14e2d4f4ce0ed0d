"""Lines, totals and sums that would remember for ever say the same from a bounded past."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.market.candles import Floats
from domain.market.timeframes import to_ms
from domain.strategies.language import compile_rules, reach
from domain.strategies.language.kernels import parabola, stops, totals
from domain.strategies.language.kernels.anchored import BLOCK, MEMORY
from tests.strategies import paper_indicators as paper
from tests.strategies import paper_lines as lines
from tests.strategies.paper_basics import each
from tests.strategies.paper_indicators import Bars
from tests.strategies.samples import START_MS, market, refusals, rules, run, same, value

LONG = market(3_500, seed=8)
BARS = Bars.of(LONG)


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        ("supertrend()", lambda: lines.supertrend(BARS)[0]),
        ("supertrend_dir(10, 6)", lambda: lines.supertrend(BARS, 10, 6)[1]),
        ("psar()", lambda: lines.psar(BARS)),
        (
            "ratchet(close - 4 * atr(10), close + 4 * atr(10))",
            lambda: [
                *[None] * 10,
                *lines.ratchet(
                    each(lambda c, a: c - 4 * a, BARS.close, paper.atr(BARS, 10))[10:],
                    each(lambda c, a: c + 4 * a, BARS.close, paper.atr(BARS, 10))[10:],
                    BARS.close[10:],
                ),
            ],
        ),
    ],
)
def test_a_line_that_starts_anew_is_the_line_that_never_does(
    expression: str, formula: object
) -> None:
    assert callable(formula)
    expected = np.array([np.nan if v is None else v for v in formula()])
    assert same(value(expression, LONG), expected)


@st.composite
def tapes(draw: st.DrawFn) -> tuple[Floats, Floats, Floats, Floats]:
    """(bar numbers with gaps, lower, upper, close), lines of any shape, some values not known."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = MEMORY + draw(st.integers(1, 900))
    close = 100 * np.exp(np.cumsum(random.normal(0, draw(st.sampled_from([1e-4, 0.01])), size)))
    spread = close * draw(st.sampled_from([0.001, 0.03, 0.5])) * random.random(size)
    close[random.random(size) < draw(st.sampled_from([0.0, 0.02]))] = np.nan
    steps = np.where(random.random(size) < draw(st.sampled_from([0.0, 0.01])), 700, 1)
    bars = draw(st.integers(0, 2 * BLOCK)) + np.cumsum(steps)
    return bars.astype(np.float64), close - spread, close + spread, close


def parabolic(bars: Floats, low: Floats, high: Floats, close: Floats) -> Floats:
    return parabola.psar(bars, high, low, close, 0.02, 0.02, 0.2)


@given(tape=tapes())
@settings(max_examples=25)
def test_a_window_of_the_memory_says_bit_by_bit_what_all_history_says(
    tape: tuple[Floats, Floats, Floats, Floats],
) -> None:
    bars, lower, upper, close = tape
    window = slice(len(bars) - MEMORY - 1, None)
    short = (bars[window], lower[window], upper[window], close[window])
    pairs = [
        (stops.ratchet(*tape), stops.ratchet(*short)),
        *zip(stops.supertrend(*tape), stops.supertrend(*short), strict=True),
        (parabolic(*tape), parabolic(*short)),
    ]
    for whole, part in pairs:
        assert np.array_equal(whole[-1:], part[-1:], equal_nan=True)


TOTALS_THAT_MAY_DECIDE = [
    "obv() > ema(obv(), 20)", "ema(obv(), 5) < sma(obv(), 30)", "slope(ad(), 14) > 0",
    "change(obv(), 3) > 100", "crossover(ad(), ema(ad(), 9))", "rising(obv(), 3)",
    "obv() >= highest(obv(), 20)", "zscore(obv(), 20) > 1", "rsi(obv(), 14) < 40",
    "correlation(close, obv(), 20) < 0", "obv() > obv()[5] + 3", "macd(obv()) > 0",
    "obv() > bb_upper(obv(), 20, 2)", "(obv() + obv()[1]) / 2 < obv()", "rank(obv(), 9) > 5",
    "2 * obv() - obv() > obv()[1]", "-obv() < -wma(obv(), 4)", "last(obv()) > obv()[2]",
    "median(obv(), 5) < obv()", "sum(obv(), 4) > 4 * obv()", "kama(obv()) < obv()",
    "(obv() if close > open else obv()[1]) > sma(obv(), 7)", "t3(obv()) > obv()",
    "valuewhen(close > open, obv()) < obv()", "max(obv(), obv()[1]) > obv()[2]",
]  # fmt: skip


@pytest.mark.parametrize("condition", TOTALS_THAT_MAY_DECIDE)
def test_what_a_total_may_decide_does_not_depend_on_where_history_starts(condition: str) -> None:
    bound = rules(f"buy = {condition}")
    candles = market(1_500, seed=4)
    whole = run(bound, candles).buy
    for bar in range(bound.memory, len(candles), 97):
        part = run(bound, candles.slice(bar - bound.memory, bar + 1)).buy
        assert part[-1] == whole[bar], bar


@pytest.mark.parametrize(
    "condition",
    ["obv() > 0", "obv() > volume", "obv() / ema(obv(), 9) > 1", "obv() * obv() > obv()",
     "abs(obv()) > 3", "obv() > ad() * 2", "roc(obv(), 3) > 1", "max(obv(), 0) > obv()[1]",
     "(obv() if close > open else 0) > obv()", "sign(obv()) > 0", "2 * obv() > obv()",
     "sum(obv(), 3) > obv()", "cum(obv()) > 0", "smooth(obv(), 0.5) > 1",
     'timeframe("4h", obv()) > obv()'],
)  # fmt: skip
def test_the_level_of_a_total_decides_nothing(condition: str) -> None:
    assert [error.code for error in refusals(f"buy = {condition}")] == ["depends_on_start"]


def test_a_plot_may_show_a_total_and_an_unused_name_may_hold_it() -> None:
    bound = rules("level = obv()", "buy = close > open", "plot(level)")
    assert np.isfinite(run(bound, market(50)).plots["level"][1:]).all()


def test_a_param_cannot_make_a_level_decide() -> None:
    program = compile_rules("k = param(1.0)\nbuy = k * obv() > ema(obv(), 9)")
    assert program.bind({"k": 1.0}).values["k"] == 1
    with pytest.raises(DomainError, match="depends_on_start"):
        program.bind({"k": 1.5})


@given(
    start=st.integers(0, 8 * 86_400 // 900),
    gaps=st.lists(st.integers(1, 150), min_size=1, max_size=60),
    period=st.sampled_from(["1h", "1d", "1w"]),
)
@settings(max_examples=60)
def test_sums_begin_with_the_period_and_are_na_before_a_whole_one(
    start: int, gaps: list[int], period: str
) -> None:
    times = [START_MS + 900_000 * (start + sum(gaps[:i])) for i in range(len(gaps))]
    time, x = np.array(times, dtype=np.float64), np.array(gaps, dtype=np.float64)
    expected = [np.nan if v is None else v for v in lines.cum(times, list(x), period)]
    assert same(totals.period_total(time, x, period), expected)
    assert totals.new_period(time, period).tolist() == lines.new_period(times, period)


@pytest.mark.parametrize(
    ("period", "timeframe", "bars"), [("1d", "15m", 96), ("1d", "1m", 1_440), ("1w", "1h", 168)]
)
def test_a_chart_needs_a_period_in_its_own_bars(period: str, timeframe: str, bars: int) -> None:
    bound = rules(f'buy = close > vwap("{period}")')
    assert reach(bound, to_ms(timeframe)).memory == bars
