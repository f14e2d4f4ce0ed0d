"""Where compiled code is kept, and whether it is there: known without loading the compiler.

numba's cache notices a change in the file of the compiled function, not in the files of the
functions it calls; so it lies in a folder named by a hash of them all and of the compiler's
release. What is there is whole once the folder says so (`bot.workers.ahead`).
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from bot.workers import ahead
from domain.backtests import blocks, booking, columns, depth, excursions, loop, measure, scan
from domain.backtests.engine import COMPILED_FROM_BARS, PLAIN, Gear
from domain.market import said
from domain.market import scripts as operations
from domain.strategies.language import blockwise
from domain.trading import barstep, costs, fills, following, levels, scripts, sizing

SOURCES = (
    said, operations, fills, costs, sizing, levels, barstep, scripts, following, blocks, columns,
    depth, excursions, scan, booking, loop, measure, blockwise,
)  # fmt: skip
UNUSED_S = 7 * 86_400.0
"""Seconds after which what no process holds is thrown away; a release that is rolled back to within
a week finds its own again.
"""
_HERE = Path(__file__).parent
_NAME = "bar-loop-"
_READY = "ready"
_HELD = "held"


def fingerprint(files: Iterable[Path], release: str = "") -> str:
    """A name for the contents of `files`, in their order, and a release: 16 hex digits."""
    digest = hashlib.sha256(release.encode())
    for file in files:
        content = file.read_bytes()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:16]


def folder_in(cache_dir: Path) -> Path:
    """Of the code as it is now."""
    files = [_HERE / "compiled.py", _HERE / "prefetch.py", *map(_file, SOURCES)]
    return cache_dir / f"{_NAME}{fingerprint(files, version('numba'))}"


def _file(module: ModuleType) -> Path:
    return Path(inspect.getfile(module))


def is_ready(cache_dir: Path) -> bool:
    """Whether all of it is compiled."""
    return (folder_in(cache_dir) / _READY).exists()


def mark_ready(cache_dir: Path) -> None:
    """All of it is compiled."""
    (folder_in(cache_dir) / _READY).touch()


@cache
def hold(cache_dir: Path) -> bool:
    """Keeps the code as it is now from being thrown away while this process lives, and notes that
    it is in use. False where nothing can be written: nobody throws away anything there.
    """
    folder = folder_in(cache_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        never_closed = os.open(folder / _HELD, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(never_closed, fcntl.LOCK_SH)
        os.utime(folder)
    except OSError:
        return False
    return True


def prune(cache_dir: Path) -> None:
    """Throws away what other releases compiled, where no process holds it and none began to within
    a week before this release last did. For one process at a time (`bot.workers.ahead.alone`).

    One that has loaded its code without holding it, of a release before there was this, compiles
    anew what it still lacks: numba makes the folder again.
    """
    mine = folder_in(cache_dir)
    since = mine.stat().st_mtime - UNUSED_S
    for folder in cache_dir.glob(f"{_NAME}*"):
        if folder != mine and folder.is_dir() and folder.stat().st_mtime < since:
            with (folder / _HELD).open("a") as file, suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                (folder / _READY).unlink(missing_ok=True)  # first: nobody takes half for all
                shutil.rmtree(folder, ignore_errors=True)


def gear_for(
    bars: int, cache_dir: Path, compile_ahead: Callable[[Path], object] = ahead.begin
) -> Gear:
    """The faster gear for so many bars: plain lists until loading what is compiled pays.

    Where it is not compiled yet, lists as well: a year of minutes takes them less than half a
    second, the compiler ten. It is set to work beside, for the next time.
    """
    if bars < COMPILED_FROM_BARS:
        return PLAIN
    if not is_ready(cache_dir):
        compile_ahead(cache_dir)
        return PLAIN
    from bot.workers.compiled import compiled_gear  # noqa: PLC0415 - 100 MB: only where it pays

    return compiled_gear(cache_dir)
