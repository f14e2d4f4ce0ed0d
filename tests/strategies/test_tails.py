"""What a sweep says block by block is what an evaluation says, whatever it remembers."""

from __future__ import annotations

import os
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.market import scripts
from domain.market.candles import Floats
from domain.market.said import Said, said_of
from domain.strategies.language import blockwise, compile_rules
from domain.strategies.language.params import Value
from domain.strategies.language.sweeping import Sweeper
from domain.strategies.language.telling import Say, Teller
from tests.strategies.programs import columnar_programs
from tests.strategies.samples import BAR_MS, market, others_by, run

CANDLES = market(150, seed=5)
BLOCK = 32  # bars; so that there are several
VALUES: dict[str, tuple[Value, ...]] = {
    "fast": (5, 9, 40),
    "ratio": (1.5, 0.1),
    "wanted": (True, False),
}
CODES = {
    scripts.ABS, scripts.ADD, scripts.AND, scripts.DIV, scripts.EQ, scripts.IS_NA, scripts.LE,
    scripts.LT, scripts.MAX, scripts.MIN, scripts.MUL, scripts.NE, scripts.NEG, scripts.NOT,
    scripts.NZ, scripts.OR, scripts.SELECT, scripts.SUB, blockwise.AGO, blockwise.AGO_IF,
    blockwise.SELECT_IF, blockwise.TELL,
}  # fmt: skip
EVERY_STEP = """
fast = param(5, min=2, max=50)
ratio = param(1.5, min=0.1, max=9.0)
wanted = param(True)
mean = ema(close, fast)
gap = mean - open * ratio
steep = nz(1 / gap[1], ratio) * (ratio if gap > 0 else mean)
far = max(abs(gap * ratio), min(-gap, mean / (gap - gap[2]), ratio)) + steep
near = gap != mean and gap == gap or not (far <= mean) if wanted else na(far[3])
buy = near[2] and (crossover(far, mean) or far >= ratio)
sell = crossunder(gap, 0) or not near and far < mean < close
exit_long = not wanted
exit_short = near or close > far
stop_loss = 100 * abs(gap) / close
take_profit = 1 / (ratio - 0.1)
confidence = far
"""


def filled(levels: Floats, bars: int) -> Floats:
    """A level that no bar has may be an empty column."""
    return levels if len(levels) else np.full(bars, np.nan)


def same(one: Said, other: Said) -> None:
    np.testing.assert_array_equal(one.flags, other.flags)
    bars = len(one.flags)
    for level, wanted in zip(one[1:3], other[1:3], strict=True):
        np.testing.assert_array_equal(filled(level, bars), filled(wanted, bars))
    assert np.count_nonzero(other.flags & 3) <= one.entries


def every_combination_is_said_as_evaluated(code: str, swept: list[str], say: Say) -> None:
    """Twice: the second time most is remembered."""
    program = compile_rules(code)
    others = others_by(program.bind(), CANDLES, None)
    sweeper = Sweeper(program, CANDLES, swept, bar_ms=BAR_MS, others=others)
    teller = Teller(sweeper, say, BLOCK)
    trials = [
        dict(zip(swept, values, strict=True)) for values in product(*(VALUES[n] for n in swept))
    ]
    for trial in [*trials, *trials]:
        with np.errstate(all="ignore"):
            said = teller.said(trial)
        try:
            bound = program.bind(trial)
        except DomainError:
            assert said is None
        else:
            assert said is not None
            same(said, said_of(run(bound, CANDLES)))


@settings(max_examples=int(os.environ.get("LEVERFRAME_PROGRAMS", "30")), deadline=None)
@given(
    code=columnar_programs(2),
    swept=st.sampled_from([["fast", "ratio"], ["ratio"], ["fast", "wanted"]]),
)
def test_every_combination_of_a_random_program_is_said_as_evaluated(
    code: str, swept: list[str]
) -> None:
    every_combination_is_said_as_evaluated(code, swept, blockwise.say)


@pytest.mark.parametrize("swept", [["fast", "ratio", "wanted"], ["fast"], ["wanted"], []])
def test_every_step_says_what_an_evaluation_says(swept: list[str]) -> None:
    every_combination_is_said_as_evaluated(EVERY_STEP, swept, blockwise.say)


def test_every_step_is_among_them() -> None:
    assert set(codes_of(EVERY_STEP, "fast", "ratio")) == CODES


def codes_of(code: str, *swept: str) -> list[int]:
    """The steps that each combination takes."""
    sweeper = Sweeper(compile_rules(code), CANDLES, swept, bar_ms=BAR_MS)
    tail = Teller(sweeper, blockwise.say).tail
    return [] if tail is None else tail.words[:: blockwise.WORDS].tolist()


def test_only_what_differs_between_combinations_is_said_anew() -> None:
    rules = """
fast = param(5, min=2, max=50)
slow = param(9, min=2, max=50)
buy = ema(close, fast) > ema(close, slow) and rsi(close, 14) < 70 and open > close[1] * 1.01
"""
    assert codes_of(rules, "fast", "slow") == [scripts.LT, scripts.AND, scripts.AND, blockwise.TELL]
    assert codes_of(rules, "fast") == [scripts.LT, scripts.AND, scripts.AND, blockwise.TELL]


def test_what_is_made_into_a_column_again_stays_one() -> None:
    rules = """
fast = param(5, min=2, max=50)
slow = param(9, min=2, max=50)
gap = ema(close, fast) - ema(close, slow)
buy = gap > sma(gap, 9)
stop_loss = abs(gap) + 1
"""
    assert codes_of(rules, "fast", "slow") == [
        scripts.LT,
        scripts.IS_NA,
        scripts.NOT,
        scripts.AND,
        blockwise.TELL,
    ]


@pytest.mark.parametrize(
    "line",
    [
        "exit_long = bars_held > fast",
        "trail = fast",
        f"sell = close > max(fast * slow, {', '.join(f'sma(close, {n})' for n in range(2, 10))})",
    ],
)
def test_a_program_that_the_steps_cannot_say_has_none(line: str) -> None:
    rules = "fast = param(5, min=2)\nslow = param(9, min=2)\nbuy = close > fast * slow\n"
    assert codes_of(rules + "sell = close < fast * slow", "fast", "slow")
    assert codes_of(rules + line, "fast", "slow") == []


@pytest.mark.parametrize("wrong", [{"fast": 1}, {"fast": 9, "slow": 51}, {"fast": 5, "slow": True}])
def test_values_that_a_program_refuses_are_refused_after_others_were_taken(
    wrong: dict[str, Value],
) -> None:
    rules = """
fast = param(5, min=2, max=50)
slow = param(9, min=1, max=50)
buy = ema(close, fast) > ema(close, slow)
sell = sma(close, slow - fast + 1) < close
"""
    sweeper = Sweeper(compile_rules(rules), CANDLES, ["fast", "slow"], bar_ms=BAR_MS)
    teller = Teller(sweeper, blockwise.say)
    for fast, slow in [(5, 9), (5, 1), (9, 9), (9, 5)]:
        assert (teller.said({"fast": fast, "slow": slow}) is None) == (slow < fast)
    assert teller.said(wrong) is None
