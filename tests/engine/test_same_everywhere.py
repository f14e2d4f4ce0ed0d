"""One bar step: skipping quiet bars, stepping every bar, and compiled, agree to the bit."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from bot.workers.compiled import compiled_gear, fingerprint, gear_for
from domain.backtests.engine import COMPILED_FROM_BARS, PLAIN, Gear
from domain.backtests.result import Result
from tests.engine.random_markets import Case, cases, simulated
from tests.engine.stepping import Closed, stepped

SAME = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Gear:
    return compiled_gear(tmp_path_factory.mktemp("compiled"))


def as_closed(result: Result) -> list[Closed]:
    return [
        Closed(
            trade.side,
            trade.qty,
            trade.entry_time,
            trade.entry_price,
            trade.exit_time,
            trade.exit_price,
            trade.pnl,
            trade.exit_reason,
            trade.exit_detail,
        )
        for trade in result.trades
    ]


@SAME
@given(case=cases())
def test_skipping_quiet_bars_changes_nothing(case: Case) -> None:
    result, desk = simulated(case), stepped(case)
    assert as_closed(result) == desk.closed
    assert result.final_balance == desk.wallet


@SAME
@given(case=cases())
def test_both_gears_give_the_same_bits(compiled: Gear, case: Case) -> None:
    plain = simulated(case)
    fast = simulated(case, loop=compiled)
    assert plain.trades == fast.trades
    assert np.array_equal(plain.equity, fast.equity)
    assert (plain.final_balance, plain.counters) == (fast.final_balance, fast.counters)
    for field in fields(plain.columns):
        one, other = getattr(plain.columns, field.name), getattr(fast.columns, field.name)
        assert one.tobytes() == other.tobytes(), field.name


@given(case=cases())
def test_chunks_change_nothing(case: Case) -> None:
    told: list[float] = []
    whole = simulated(case)
    parts = simulated(case, progress=told.append)
    assert (whole.trades, whole.final_balance) == (parts.trades, parts.final_balance)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_cache_is_named_by_every_source_it_compiles(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1")
    two.write_text("b = 1")
    before = fingerprint([one, two])
    two.write_text("b = 2")
    assert fingerprint([one, two]) != before
    one.write_text("a = 1b")
    two.write_text(" = 2")
    assert fingerprint([one, two]) != before


def test_long_runs_are_compiled_and_short_ones_are_not(tmp_path: Path) -> None:
    assert gear_for(COMPILED_FROM_BARS - 1, tmp_path) is PLAIN
    assert gear_for(COMPILED_FROM_BARS, tmp_path).run is not PLAIN.run
    assert len(list(tmp_path.iterdir())) == 1
