"""Other bars than the chart's: a longer timeframe's last closed one, another market's same one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.market.candles import Candles, Floats
from domain.market.resample import resample
from domain.strategies.language import Frame, compile_rules, evaluate, reach
from tests.strategies.samples import BAR_MS, START_MS, market, other, others_by, rules, run, same

CANDLES = market(400)
HOUR = 4 * BAR_MS


def asked(expression: str, candles: Candles = CANDLES) -> Floats:
    return run(rules(f"asked = {expression}", "buy = True"), candles).values["asked"]


def test_a_longer_bar_counts_from_its_close_on() -> None:
    hours = resample(CANDLES, "1h")
    expected = [np.nan] * 3 + [hours.close[(bar - 3) // 4] for bar in range(3, 400)]
    assert same(asked('timeframe("1h", close)'), expected)


def test_a_longer_timeframe_computes_on_its_own_bars() -> None:
    hours = resample(CANDLES, "1h")
    averages = asked("sma(close, 5)", hours)
    expected = [np.nan] * 3 + [averages[(bar - 3) // 4] for bar in range(3, 400)]
    assert same(asked('timeframe("1h", sma(close, 5))'), expected)


def test_a_longer_bar_that_began_before_the_history_is_no_whole_bar() -> None:
    late = CANDLES.slice(2)
    assert np.isnan(asked('timeframe("1h", close)', late)[:5]).all()
    assert same(asked('timeframe("1h", close)', late)[5:], asked('timeframe("1h", close)')[7:])


def test_the_charts_own_timeframe_says_what_the_chart_says() -> None:
    assert same(asked('timeframe("15m", ema(close, 9))'), asked("ema(close, 9)"))


def test_another_market_is_read_at_the_same_open_and_never_filled() -> None:
    there = dict(zip(other("BTCUSDT").time.tolist(), other("BTCUSDT").close, strict=True))
    expected = [there.get(time, np.nan) for time in CANDLES.time.tolist()]
    assert np.isnan(expected).any()
    assert same(asked('symbol("BTCUSDT", close)'), expected)


def test_a_condition_of_a_missing_bar_is_false() -> None:
    missing = np.isnan(asked('symbol("BTCUSDT", close)'))
    held = asked('symbol("BTCUSDT", close > 0)')
    assert np.array_equal(held == 0, missing)


def test_another_market_may_be_read_in_a_longer_timeframe() -> None:
    bars = other("BTCUSDT")
    hours = resample(bars, "1h")
    closed = [hours.close[hours.time + HOUR <= time + BAR_MS][-1] for time in CANDLES.time]
    found = asked('symbol("BTCUSDT", timeframe("1h", close))')
    there = np.isin(CANDLES.time, bars.time)
    assert same(found[there], np.array(closed)[there])
    assert np.isnan(found[~there]).all()


def test_a_name_inside_stands_for_its_line_over_those_bars() -> None:
    lines = ("n = param(5)", "base = sma(close, n)", "gap = close - base")
    named = run(rules(*lines, 'asked = timeframe("1h", gap)', "buy = True"), CANDLES)
    assert same(named.values["asked"], asked('timeframe("1h", close - sma(close, 5))'))
    assert same(named.values["gap"], asked("close - sma(close, 5)"))


def test_a_long_chain_of_names_is_read_anew_without_recursion() -> None:
    chain = "\n".join(["a0 = close", *(f"a{i} = a{i - 1} + 1" for i in range(1, 300))])
    code = f'{chain}\nasked = timeframe("1h", a299)\nbuy = asked > a299'
    program = compile_rules(code)
    assert len(program.canonical) < 6_000
    assert same(run(program.bind(), CANDLES).values["asked"], asked('timeframe("1h", close + 299)'))


def test_what_was_doubled_by_names_stays_short_in_the_canonical_text() -> None:
    doubled = "\n".join(["a0 = close", *(f"a{i} = a{i - 1} + a{i - 1}" for i in range(1, 60))])
    program = compile_rules(
        f'{doubled}\nbuy = timeframe("1h", a59 > 1)\nplot(timeframe("1h", a59))'
    )
    assert compile_rules(program.canonical).hash == program.hash
    assert len(program.canonical) < 2_000
    assert list(run(program.bind(), CANDLES).plots) == ['timeframe("1h", a59)']


@pytest.mark.parametrize(
    ("expression", "warmup", "memory", "others"),
    [
        ('timeframe("1h", close)', 6, 6, {("", "1h"): 0}),
        ('timeframe("15m", sma(close, 9))', 8, 8, {("", "15m"): 8}),
        ('timeframe("4h", sma(close, 50))', 814, 814, {("", "4h"): 49}),
        ('timeframe("4h", ema(close, 50))', 814, 9_134, {("", "4h"): 569}),
        ('sma(timeframe("1h", close), 9)', 14, 18, {("", "1h"): 3}),
        ('symbol("BTCUSDT", sma(close, 9))', 8, 8, {("BTCUSDT", ""): 8}),
        ('symbol("BTCUSDT", timeframe("1h", sma(close, 9)))', 38, 38,
         {("BTCUSDT", ""): 0, ("BTCUSDT", "1h"): 8}),
        ('timeframe("1h", close) - timeframe("4h", close) - sma(close, 99)', 98, 98,
         {("", "1h"): 0, ("", "4h"): 0}),
    ],
)  # fmt: skip
def test_history_is_counted_in_each_series_own_bars(
    expression: str, warmup: int, memory: int, others: dict[tuple[str, str], int]
) -> None:
    found = reach(rules(f"buy = {expression} > 1"), BAR_MS)
    assert (found.warmup, found.memory, dict(found.others)) == (warmup, memory, others)


def test_what_a_program_reads_is_known() -> None:
    bound = rules(
        'buy = timeframe("4h", close > 1) and symbol("ETHUSDT", timeframe("1h", close > 1))',
        'plot(symbol("BTCUSDT", close))',
    )
    assert bound.timeframes == ("1h", "4h")
    assert bound.symbols == ("BTCUSDT", "ETHUSDT")
    assert bound.frames == (
        Frame("", "4h"), Frame("BTCUSDT"), Frame("ETHUSDT"), Frame("ETHUSDT", "1h"),
    )  # fmt: skip
    assert rules('x = timeframe("4h", 3)', "buy = close > x").frames == ()


def test_a_chart_must_divide_the_longer_timeframe() -> None:
    bound = rules('buy = timeframe("1h", close > open)')
    for ask in (
        lambda: evaluate(bound, CANDLES, bar_ms=2 * HOUR),
        lambda: reach(bound, 2 * HOUR),
    ):
        with pytest.raises(DomainError, match="rules_timeframe"):
            ask()


def test_a_market_without_candles_is_not_guessed() -> None:
    with pytest.raises(DomainError, match="series_missing"):
        evaluate(rules('buy = symbol("BTCUSDT", close > open)'), CANDLES, bar_ms=BAR_MS)
    empty = CANDLES.slice(0, 0)
    signals = evaluate(
        rules('buy = symbol("BTCUSDT", close > open)'), CANDLES, bar_ms=BAR_MS,
        others={Frame("BTCUSDT"): empty},
    )  # fmt: skip
    assert not signals.buy.any()


def test_signals_wait_until_every_series_is_warm() -> None:
    signals = run(rules('buy = not timeframe("1h", close > sma(close, 20) * 9)'), CANDLES)
    assert not signals.buy[:79].any()
    assert signals.buy[79:].all()


FOUR = [
    'buy = timeframe("1h", crossover(ema(close, 5), ema(close, 9)))',
    'buy = close > timeframe("4h", ema(close, 20)) and symbol("BTCUSDT", rsi(close, 9) > 40)',
    'buy = ema(timeframe("1h", rsi(close, 7)), 5) > 50',
    'buy = symbol("ETHUSDT", timeframe("2h", macd_hist() > 0)) and sma(close, 9)[3] > open',
]


@pytest.mark.parametrize("code", FOUR)
@given(bar=st.integers(4_500, 5_999))
@settings(max_examples=25)
def test_windows_as_long_as_declared_say_what_all_history_says(code: str, bar: int) -> None:
    whole, bound = market(6_000, seed=6), compile_rules(code).bind()
    need = reach(bound, BAR_MS)
    window = whole.slice(bar - need.own, bar + 1)
    signals = evaluate(bound, window, bar_ms=BAR_MS, others=others_by(bound, window, need))
    history = whole.slice(0, bar + 1)
    expected = evaluate(bound, history, bar_ms=BAR_MS, others=others_by(bound, history, None))
    assert bool(signals.buy[-1]) == bool(expected.buy[-1])
    assert int(whole.time[0]) == START_MS
