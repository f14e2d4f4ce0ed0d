"""One bar step: skipping quiet bars, stepping every bar, and compiled, agree to the bit."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from bot.workers.ahead import alone, begin
from bot.workers.compiled import compiled_gear
from bot.workers.compiled_cache import fingerprint, gear_for
from domain.backtests.engine import COMPILED_FROM_BARS, PLAIN, Gear
from domain.backtests.result import Result
from tests.engine.random_markets import Case, cases, simulated
from tests.engine.stepping import Closed, stepped

SAME = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def compiled(compiled_dir: Path) -> Gear:
    return compiled_gear(compiled_dir)


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
    assert fingerprint([one, two], "0.68.1") != fingerprint([one, two], "0.68.2")


def test_long_runs_take_what_is_compiled_and_short_ones_do_not(compiled_dir: Path) -> None:
    begun: list[Path] = []
    assert gear_for(COMPILED_FROM_BARS - 1, compiled_dir, begun.append) is PLAIN
    assert gear_for(COMPILED_FROM_BARS, compiled_dir, begun.append).run is not PLAIN.run
    assert begun == []


def test_a_long_run_does_not_wait_for_the_compiler_but_sets_it_to_work(tmp_path: Path) -> None:
    begun: list[Path] = []
    assert gear_for(COMPILED_FROM_BARS - 1, tmp_path, begun.append) is PLAIN
    assert begun == []
    assert gear_for(COMPILED_FROM_BARS, tmp_path, begun.append) is PLAIN
    assert begun == [tmp_path]


@pytest.fixture
def own_compiled_dir(compiled_dir: Path, tmp_path: Path) -> Path:
    """A copy that no other test process looks at, nor compiles into."""
    return Path(shutil.copytree(compiled_dir, tmp_path / "compiled"))


def test_one_process_compiles_and_none_where_all_is_compiled(own_compiled_dir: Path) -> None:
    before = sorted(own_compiled_dir.rglob("*"))
    with alone(own_compiled_dir, patient=True):
        assert begin(own_compiled_dir) is None
    beside = begin(own_compiled_dir)
    assert beside is not None
    assert beside.wait() == 0
    assert sorted(own_compiled_dir.rglob("*")) == before


def test_no_code_of_the_folder_that_somebody_works_in_is_run(
    own_compiled_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    beside = begin(own_compiled_dir)
    assert beside is not None
    assert beside.wait() == 0


def test_where_nothing_can_be_written_nothing_is_compiled(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert begin(tmp_path / "file") is None
