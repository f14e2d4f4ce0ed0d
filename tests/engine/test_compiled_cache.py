"""What other releases compiled is thrown away once nobody needs it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from bot.workers.compiled_cache import UNUSED_S, folder_in, hold, is_ready, mark_ready, prune

LONG, SHORT = UNUSED_S + 3_600, UNUSED_S - 3_600


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    assert hold(tmp_path)
    mark_ready(tmp_path)
    return folder_in(tmp_path)


def of_another_release(cache_dir: Path, name: str, unused_s: float) -> Path:
    folder = cache_dir / f"bar-loop-{name}"
    (folder / "loop_1").mkdir(parents=True)
    (folder / "loop_1" / "run_bars.nbc").write_bytes(b"code")
    for file in ("ready", "held"):
        (folder / file).touch()
    now = folder_in(cache_dir).stat().st_mtime
    os.utime(folder, (now - unused_s,) * 2)
    return folder


def test_what_nobody_used_for_long_is_thrown_away(tmp_path: Path, mine: Path) -> None:
    old = of_another_release(tmp_path, "old", LONG)
    prune(tmp_path)
    assert not old.exists()
    assert is_ready(tmp_path)
    assert mine.exists()


def test_what_was_made_before_there_were_holders_is_thrown_away_as_well(
    tmp_path: Path, mine: Path
) -> None:
    old = of_another_release(tmp_path, "old", 0.0)
    (old / "held").unlink()
    age = mine.stat().st_mtime - LONG
    os.utime(old, (age, age))
    prune(tmp_path)
    assert not old.exists()


def test_what_was_used_of_late_stays_for_who_goes_back_to_it(tmp_path: Path, mine: Path) -> None:
    recent = of_another_release(tmp_path, "recent", SHORT)
    prune(tmp_path)
    assert (recent / "ready").exists()
    assert mine.exists()


@pytest.mark.usefixtures("mine")
def test_what_a_process_of_another_release_holds_stays_whole(tmp_path: Path) -> None:
    held = of_another_release(tmp_path, "held", LONG)
    before = sorted(held.rglob("*"))
    with (held / "held").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        prune(tmp_path)
        assert sorted(held.rglob("*")) == before
    prune(tmp_path)
    assert not held.exists()


@pytest.mark.usefixtures("mine")
def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "candles").mkdir()
    os.utime(tmp_path / "candles", (0, 0))
    (tmp_path / "bar-loop-file").touch()
    os.utime(tmp_path / "bar-loop-file", (0, 0))
    prune(tmp_path)
    assert (tmp_path / "candles").exists()
    assert (tmp_path / "bar-loop-file").exists()


def test_where_nothing_can_be_written_nothing_is_held(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not hold(tmp_path / "file")
