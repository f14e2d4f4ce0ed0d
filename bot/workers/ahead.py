"""Has what long backtests run compiled before the next one asks for it, by a process beside.

What it runs (`bot.workers.warming`) is named by string: whoever asks need not load the compiler.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def begin(cache_dir: Path) -> subprocess.Popen[bytes] | None:
    """Starts it and returns at once; None where another process is at it already, or where it
    cannot be done: it is a favour to the next backtest, and this one goes on without.

    It outlives who asked for it, for some seconds.
    """
    try:
        with alone(cache_dir, patient=False) as free:
            if not free:
                return None
        # -P: no code of the folder that somebody happens to be in.
        return subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "bot.workers.warming", str(cache_dir)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None


@contextmanager
def alone(cache_dir: Path, *, patient: bool) -> Iterator[bool]:
    """Whether nobody else compiles into it; `patient`: after waiting until that is so."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    with (cache_dir / "compiling").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if patient else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
