"""Whole years of real candles: every shipped strategy replays as it was backtested.

Hours of work, so only with LEVERFRAME_YEARS=1; a part of it by `-k`: "1h and 2018 and macd".
"""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from bot.commands.research import prepare
from bot.replay import live_rules, replay_together
from bot.workers.backtest import study_markets
from domain.strategies.builtins import BUILTINS, Builtin
from tests.replay.markets import differences

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

DATA = Path(__file__).parents[3] / "shared" / "data"
SHORT = 1_000  # bars, in which some strategy may find nothing
FILES = (
    "BTCUSD-1m-2017.parquet",
    "ETHUSD-1m-2018.parquet",
    "BTCPERP-1m-2022-01.csv",
    "XRPUSDT-5m-2021-11.parquet",
)


@pytest.mark.skipif(not os.environ.get("LEVERFRAME_YEARS"), reason="takes hours")
@pytest.mark.parametrize("builtin", BUILTINS, ids=[builtin.slug for builtin in BUILTINS])
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("timeframe", ["1h", "15m"])
async def test_a_builtin_replays_a_file_as_it_was_backtested(
    builtin: Builtin, file: str, timeframe: str, tmp_path: Path
) -> None:
    asked = dict.fromkeys(("start", "end", "symbol", "config", "balance", "funding", "detail"))
    wanted = prepare(
        Namespace(candles=str(DATA / file), strategy=builtin.slug, timeframe=timeframe, **asked)
    )
    rules = live_rules(wanted.rules)
    if len(next(iter(wanted.markets.values())).candles) <= wanted.bound.warmup + 1:
        pytest.skip("the file is shorter than the warm-up")
    expected, _ = study_markets(
        wanted.markets, wanted.bound, rules, compiled=tmp_path, start_ms=wanted.start_ms
    )
    found = await replay_together(
        wanted.markets, builtin.code, wanted.rules, start_ms=wanted.start_ms
    )
    assert expected.trades or len(expected.candles) < SHORT
    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8
