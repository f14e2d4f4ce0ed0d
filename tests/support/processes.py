"""The program as real processes: the sandbox, `leverframe run` beside it, and the demo.

Killed processes leave no coverage data worth having: `kill -9` on one that measures itself would
leave half-written files, so those are started without it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = "7000000001:token-that-opens-nothing"
START_S = 300.0
STOP_S = 120.0
_POLL_S = 0.02
_ADDRESS = re.compile(rb"(http://127\.0\.0\.1:\d+)/")


class ProcessError(Exception):
    """It ended, or said nothing, where it should have run; the text holds the end of its log."""


def environment(settings: Mapping[str, str], *, measured: bool) -> dict[str, str]:
    """This one's environment without anybody's settings, and with these."""
    dropped = ("LEVERFRAME_",) if measured else ("LEVERFRAME_", "COVERAGE_PROCESS_", "COV_CORE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, **settings}


@dataclass
class Command:
    """`leverframe <arguments>`; what it says is appended to `log`."""

    arguments: tuple[str, ...]
    log: Path
    settings: dict[str, str] = field(default_factory=dict)
    measured: bool = True
    running: subprocess.Popen[bytes] | None = None
    _read_from: int = 0

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        return self._alive().pid

    def start(self) -> None:
        """Start it, (again) in the same folder; does not wait."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._read_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", *self.arguments],
                env=environment(self.settings, measured=self.measured),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> bytes:
        """What it said since it was last started."""
        return self.log.read_bytes()[self._read_from :]

    def wait_until_says(self, pattern: re.Pattern[bytes], timeout_s: float = START_S) -> str:
        """The first group of what it says. Raises ProcessError."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if found := pattern.search(self.said()):
                return found[1].decode()
            if self._alive().poll() is not None:
                raise ProcessError(f"ended with {self._alive().returncode}:\n{self._tail()}")
            time.sleep(_POLL_S)
        raise ProcessError(f"nothing like {pattern.pattern!r} in {timeout_s} s:\n{self._tail()}")

    def url(self) -> str:
        """Where it answers, once it says so."""
        return self.wait_until_says(_ADDRESS)

    def kill(self) -> None:
        """`kill -9`: no last words."""
        process = self._alive()
        if process.poll() is not None:
            raise ProcessError(f"ended by itself with {process.returncode}:\n{self._tail()}")
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code (negative: it had to be killed)."""
        process = self._alive()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ProcessError(f"did not end in {STOP_S} s:\n{self._tail()}") from None

    def end(self) -> None:
        """In whatever state it is: at the end it does not run."""
        if self.running is not None and self.running.poll() is None:
            self.running.kill()
            self.running.wait()

    def _alive(self) -> subprocess.Popen[bytes]:
        if self.running is None:
            raise ProcessError("it was never started")
        return self.running

    def _tail(self) -> str:
        return self.log.read_bytes()[-4000:].decode(errors="replace")


def sandbox(folder: Path, *arguments: str) -> Command:
    """`leverframe sandbox` on a free port."""
    return Command(("sandbox", "--port", "0", *arguments), folder / "sandbox.log", measured=False)


def run(folder: Path, api_url: str, **settings: str) -> Command:
    """`leverframe run` on a database of its own below `folder`, for everybody who asks."""
    wanted = {
        "LEVERFRAME_TELEGRAM_TOKEN": TOKEN,
        "LEVERFRAME_TELEGRAM_API_URL": api_url,
        "LEVERFRAME_DATA_DIR": str(folder / "data"),
        "LEVERFRAME_REGISTRATION": "open",
        "LEVERFRAME_LISTEN_PORT": "0",
    }
    return Command(("run",), folder / "run.log", wanted | settings, measured=False)


def demo(folder: Path, *arguments: str) -> Command:
    """`leverframe demo` on a free port, its state below `folder`."""
    given = ("demo", "--no-browser", "--port", "0", "--data", str(folder / "data"), *arguments)
    return Command(given, folder / "demo.log")


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that run now."""
    return [other for other, parent in _alive() if parent == pid]


def until_ended(pids: Collection[int], timeout_s: float = STOP_S) -> None:
    """Wait for processes that are not ours to wait for. Raises ProcessError."""
    deadline = time.monotonic() + timeout_s
    while left := [pid for pid, _ in _alive() if pid in pids]:
        if time.monotonic() > deadline:
            raise ProcessError(f"still there after {timeout_s} s: {left}")
        time.sleep(_POLL_S)


def _alive() -> Iterator[tuple[int, int]]:
    """(pid, parent's pid) of every process that has not ended."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            yield int(stat.parent.name), int(parent)
