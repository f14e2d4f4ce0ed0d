"""What may be written, and what it means."""

from __future__ import annotations

import numpy as np
import pytest

from domain.strategies.language import compile_rules
from tests.strategies.samples import START_MS, candles_of, market, rules, run, same, value

CANDLES = market(120)
C, P, H, L = CANDLES.close, CANDLES.open, CANDLES.high, CANDLES.low


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("close + open * 2", C + P * 2),
        ("(close + open) * 2", (C + P) * 2),
        ("-close + 2 ** 3 ** 2", -C + 512),
        ("-(close - open) ** 2", -((C - P) ** 2)),
        ("+close // 7", C // 7),
        ("(open - close) % 7", (P - C) % 7),
        ("close * .5 + 1e-3 + 2.", C * 0.5 + 2.001),
        ("close > open", C > P),
        ("open < close <= high", (P < C) & (C <= H)),
        ("close != open", C != P),
        ("close == open", C == P),
        ("close >= 1000", C >= 1000),
        ("not close > open", ~(C > P)),
        ("close > open or close < 990 and open > 1000", (C > P) | ((C < 990) & (P > 1000))),
        ("(close > open or close < 990) and open > 1000", ((C > P) | (C < 990)) & (P > 1000)),
        ("close if close > open else open", np.where(C > P, C, P)),
        ("True if close > open else open > 1000", np.where(C > P, True, P > 1000)),
        ("1 if close > 1010 else 2 if close > 1000 else 3",
         np.where(C > 1010, 1, np.where(C > 1000, 2, 3))),
        ("close[0]", C),
        ("hl2 + hlc3 + ohlc4", (H + L) / 2 + (H + L + C) / 3 + (P + H + L + C) / 4),
        ("abs(  close\n   - open )", abs(C - P)),
        ("max(close, 1000, open)", np.maximum(np.maximum(C, 1000), P)),
        ("clip(high_=1010, x=close, low_=990)", np.clip(C, 990, 1010)),
        ("sum(volume, 1)", CANDLES.volume),
        ("sma(close, 40 // 20 - 1)", C),
        ("ema(close, max(1, 0))", C),
        ("close * sqrt(16) / 4", C),
    ],
)  # fmt: skip
def test_an_expression_means_what_it_means_in_python(expression: str, expected: object) -> None:
    assert same(value(expression, CANDLES), expected)


def test_an_index_counts_bars_back() -> None:
    assert same(value("close[3]", CANDLES), [*[np.nan] * 3, *C[:-3]])
    assert value("(close > 0)[2]", CANDLES)[:4].tolist() == [0, 0, 1, 1]
    assert np.isnan(value("close[200]", CANDLES)).all()


def test_a_constant_was_always_the_same() -> None:
    assert value("close > 1000[2]", CANDLES).tolist() == (C > 1000).tolist()
    assert value("crossover(close, 1000)", CANDLES).any()
    assert same(value("close + change(5)[1]", CANDLES), C)
    assert same(value("sma(5, 3) + 0 * close", CANDLES)[2:], np.full(118, 5.0))
    assert value("barssince(True) + 0 * close", CANDLES).tolist() == [0.0] * 120


def test_the_calendar_is_that_of_the_bars_open_in_utc() -> None:
    week = candles_of(np.linspace(1, 2, 4 * 24 * 8))
    assert value("minute", week)[:5].tolist() == [0, 15, 30, 45, 0]
    assert value("hour", week)[[0, 3, 4, 95, 96]].tolist() == [0, 0, 1, 23, 0]
    assert value("dayofweek", week)[::96].tolist() == [1, 2, 3, 4, 5, 6, 7, 1]
    months = candles_of(np.linspace(1, 2, 365))
    months.time[:] = START_MS + 86_400_000 * np.arange(365)
    assert value("month", months)[[0, 30, 31, 364]].tolist() == [1, 1, 2, 12]


def test_lines_may_end_as_on_windows_begin_with_a_mark_and_carry_any_comment() -> None:
    program = compile_rules("\ufeff# 주석 ≤\r\nbuy = close > open  # 한국어 \u2028\r\n\r\n")
    assert program.canonical == "buy = close > open\n"


def test_an_output_may_be_read_further_down() -> None:
    signals = run(rules("buy = close > open", "sell = not buy", "exit_long = sell"), CANDLES)
    assert (signals.sell == ~signals.buy).all()
    assert (signals.exit_long == signals.sell).all()


def test_a_condition_output_may_be_the_same_at_every_bar() -> None:
    signals = run(rules("buy = True", "sell = False", "stop_loss = 2"), CANDLES)
    assert signals.buy.all()
    assert not signals.sell.any()
    assert (signals.stop_loss == 2).all()


def test_buy_and_sell_together_are_both_told_and_the_engine_decides() -> None:
    signals = run(rules("buy = close > open", "sell = close > open"), CANDLES)
    assert (signals.buy & signals.sell).any()


def test_a_switch_param_turns_a_part_on_and_off() -> None:
    program = compile_rules(
        "filtered = param(True)\nbuy = close > open and (not filtered or close > 1000)"
    )
    assert (run(program.bind(), CANDLES).buy == ((C > P) & (C > 1000))).all()
    assert (run(program.bind({"filtered": False}), CANDLES).buy == (C > P)).all()
