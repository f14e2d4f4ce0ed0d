"""Any program of the language trades live as it was backtested.

More of them by LEVERFRAME_PROGRAMS: 1,000 take a quarter of an hour.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replay import live_rules, replay
from domain.backtests.engine import simulate
from domain.backtests.rules import Rules
from domain.strategies.language import compile_rules, evaluate
from tests.replay.markets import RULES, differences, funding_of
from tests.strategies.programs import programs
from tests.strategies.samples import BAR_MS, market, others_by

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

LEVELS = ("stop_loss = 1.2", "stop_loss = 3", "stop_loss = 8")


@st.composite
def trading_programs(draw: st.DrawFn) -> str:
    """Most with a level that lets them enter: a random one seldom does."""
    lines = draw(programs()).splitlines()
    level = draw(st.sampled_from([None, *LEVELS]))
    return "\n".join(level if level and line.startswith("stop") else line for line in lines)


@given(
    code=trading_programs(),
    seed=st.integers(1, 400),
    bars=st.integers(60, 260),
    values=st.fixed_dictionaries({}, optional=RULES),
    funded=st.booleans(),
)
@settings(max_examples=int(os.environ.get("LEVERFRAME_PROGRAMS", "12")))
async def test_a_random_program_replays_as_it_was_backtested(
    code: str, seed: int, bars: int, values: dict[str, Any], funded: bool
) -> None:
    candles, bound = market(bars, seed=seed), compile_rules(code).bind(None)
    funding = funding_of(seed, candles) if funded else None
    # A symbol that no program names: what it says of others is not said of the one it trades.
    rules = live_rules(Rules(symbol="XRPUSDT", timeframe="15m", funding=funding, **values))
    others = others_by(bound, candles, None)
    signals = evaluate(bound, candles, bar_ms=BAR_MS, others=others)
    expected = simulate(candles, signals, rules)
    if not expected.trades:
        return
    found = await replay(candles, code, rules, others=others)

    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8
