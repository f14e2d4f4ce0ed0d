"""A sweep's signals are those of an evaluation, whatever was kept of earlier combinations."""

from __future__ import annotations

from dataclasses import fields
from itertools import product

import numpy as np
import pytest

from domain.errors import DomainError
from domain.market.candles import Candles, Signals
from domain.strategies.builtins import load_builtins
from domain.strategies.language import compile_rules, evaluate
from domain.strategies.language.params import Param
from domain.strategies.language.sweeping import Sweeper
from tests.engine.random_markets import random_candles

HOUR_MS = 3_600_000
HELD = """
fast  = param(5, min=2, max=50)
room  = param(2.0, min=0.5, max=9.0)
patience = param(10, min=1, max=99)
steep = ema(close, fast) - ema(close, fast + patience)
higher = timeframe("4h", sma(close, fast))
buy   = crossover(steep, 0) and close > higher
sell  = crossunder(steep, 0)
exit_long = bars_held > patience or profit < 0 - room
stop_loss = room if is_long else room + 1
trail = room
"""


def made() -> Candles:
    return random_candles(np.random.default_rng(3), 700, 0.01)


def values_of(param: Param) -> tuple[float | bool, ...]:
    """The default and a neighbour that is allowed."""
    if param.kind == "bool":
        return (param.default, not param.default)
    other = param.default + (1 if param.kind == "int" else 0.25)
    if param.maximum is not None and other > param.maximum:
        other = param.default - (1 if param.kind == "int" else 0.25)
    return (param.default, other)


def same(one: Signals, other: Signals) -> None:
    for field in fields(Signals):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, field.name)
    assert (one.scripts is None) == (other.scripts is None)
    if one.scripts is not None and other.scripts is not None:
        assert one.scripts.stop_loss == other.scripts.stop_loss
        assert one.scripts.exit_long == other.scripts.exit_long
        for left, right in zip(one.scripts.columns, other.scripts.columns, strict=True):
            np.testing.assert_array_equal(left, right)


CODES = {builtin.name: builtin.code for builtin in load_builtins()} | {"held": HELD}


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("kept_bytes", [0, 10**9])
def test_every_combination_says_what_an_evaluation_says(name: str, kept_bytes: int) -> None:
    program, candles = compile_rules(CODES[name]), made()
    swept = {param.name: values_of(param) for param in program.params[:3]}
    sweeper = Sweeper(program, candles, swept, bar_ms=HOUR_MS, kept_bytes=kept_bytes)
    for values in product(*swept.values()):
        bound = program.bind(dict(zip(swept, values, strict=True)))
        same(
            sweeper.signals(bound),
            evaluate(bound, candles, bar_ms=HOUR_MS, explain=False),
        )


def test_a_program_that_holds_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.strategies.language.sweeping.MAX_CELLS", 1_000)
    program = compile_rules(CODES["EMA cross"])
    sweeper = Sweeper(program, made(), ["fast"], bar_ms=HOUR_MS)
    with pytest.raises(DomainError, match="program_too_heavy"):
        sweeper.signals(program.bind({"fast": 9}))
