"""`leverframe replay` and `leverframe backtest`, as typed: the same trades, one for one.

On a month of real candles where they lie beside the repository, else on a month made here. The live
path takes its time: a plain run compares ten days of it, LEVERFRAME_PARITY_DAYS=30 all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.bars import NEW_YEAR_MS
from tests.support.made_candles import write_swings
from tests.support.processes import environment

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "BTCUSD-1m-2017.parquet"
MONTH = datetime.fromisoformat("2017-06-01T00:00+00:00")
WARM_UP = timedelta(days=2)
DAYS = int(os.environ.get("LEVERFRAME_PARITY_DAYS", "10"))
LEAST_TRADES = 17
"""Of each of the three: at least 51 in all."""

SAME = ("symbol", "side", "qty", "entry_time", "exit_time", "exit_reason", "exit_detail")
STORED = ("entry_price", "exit_price", "pnl", "fees", "pnl_percent")
"""What passes through columns of eight decimals."""


@pytest.mark.parametrize("strategy", ["ema_cross", "rsi_reversion", "donchian_breakout"])
def test_replay_makes_the_backtests_trades_one_for_one(strategy: str, tmp_path: Path) -> None:
    candles, start = _month(tmp_path)
    end = start + timedelta(days=DAYS)
    span = ("--from", start.isoformat(), "--to", end.isoformat())
    typed = ("--candles", str(candles), "--strategy", strategy, "--timeframe", "15m", *span)
    tested, replayed = (
        _leverframe(command, *typed, "--json", folder=tmp_path)
        for command in ("backtest", "replay")
    )
    assert len(tested["trades"]) >= min(LEAST_TRADES, LEAST_TRADES * DAYS // 10)
    assert _differences(tested["trades"], replayed["trades"]) == []
    times = [[time for time, _ in document["equity"]] for document in (tested, replayed)]
    assert times[0] == times[1]
    values = [[value for _, value in document["equity"]] for document in (tested, replayed)]
    assert values[0] == pytest.approx(values[1], abs=1e-4)


def _month(folder: Path) -> tuple[Path, datetime]:
    """A file and when its month begins, with a past before it."""
    if REAL.is_file():
        return REAL, MONTH
    minutes = int((WARM_UP + timedelta(days=31)) / timedelta(minutes=1))
    made = write_swings(folder / "candles", "BTCUSDT", minutes, period=450, seed=11)
    return made, datetime.fromisoformat("2026-01-01T00:00+00:00") + WARM_UP


def test_the_made_month_begins_where_the_tests_say() -> None:
    assert datetime.fromisoformat("2026-01-01T00:00+00:00").timestamp() * 1000 == NEW_YEAR_MS


def _leverframe(command: str, *arguments: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", command, *arguments],
        env=environment({"LEVERFRAME_DATA_DIR": str(folder / "data")}, measured=False),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _differences(tested: list[dict[str, Any]], replayed: list[dict[str, Any]]) -> list[str]:
    found = [] if len(tested) == len(replayed) else [f"{len(tested)} and {len(replayed)} trades"]
    for number, (one, other) in enumerate(zip(tested, replayed, strict=False)):
        found += [
            f"{number} {name}: {one[name]} {other[name]}"
            for name in SAME
            if one[name] != other[name]
        ]
        found += [
            f"{number} {name}: {one[name]} {other[name]}"
            for name in STORED
            if other[name] != pytest.approx(one[name], rel=1e-9, abs=2e-8)
        ]
    return found
