"""Real processes to measure: the sandbox, our bot beside it, a bare bot on the same transport."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

TOKEN = "7000000001:benchmark-token-that-opens-nothing"  # noqa: S105 - of the sandbox
_START_S = 30.0


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`python <arguments>` for the length of the block."""
    running = subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if "LEVERFRAME_BENCH_LOUD" not in os.environ else None,
        text=True,
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextmanager
def sandbox() -> Iterator[str]:
    """A sandbox without rate limits; its URL."""
    with process("-m", "bot.cli", "sandbox", "--port", "0", "--no-limits") as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        address = line.partition("http://")[2].partition("/")[0]
        yield f"http://{address}"


@contextmanager
def our_bot(
    url: str, folder: Path, database_url: str | None = None, **settings: str
) -> Iterator[subprocess.Popen[str]]:
    """`leverframe run` against the sandbox, without limits of its own."""
    environment = {
        "LEVERFRAME_TELEGRAM_TOKEN": TOKEN,
        "LEVERFRAME_TELEGRAM_API_URL": url,
        "LEVERFRAME_DATA_DIR": str(folder),
        "LEVERFRAME_REGISTRATION": "open",
        "LEVERFRAME_MARKET": "simulated",
        "LEVERFRAME_LISTEN_PORT": "0",
        "LEVERFRAME_SEND_RATE": "100000",
        "LEVERFRAME_CHAT_RATE": "100000",
        "LEVERFRAME_CHAT_BURST": "100000",
        "LEVERFRAME_USER_RATE": "100000",
        "LEVERFRAME_USER_BURST": "100000",
        "LEVERFRAME_LOG_LEVEL": "warning",
    } | settings
    if database_url is not None:
        environment["LEVERFRAME_DATABASE_URL"] = database_url
    with process("-m", "bot.cli", "run", **environment) as running:
        yield running


@contextmanager
def bare_bot(url: str) -> Iterator[subprocess.Popen[str]]:
    """PTB with one handler that answers a fixed text, on our transport."""
    with process("-m", "benchmarks.bare_bot", url, TOKEN) as running:
        yield running


async def until_up(url: str) -> None:
    """Wait until a bot has come up (a long poll is only seen when it ends)."""
    deadline = time.monotonic() + _START_S
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline:
            async with session.get(f"{url}/sandbox/calls", params={"method": "getMe"}) as got:
                if (await got.json())["count"]:
                    return
    raise TimeoutError("the bot does not come up")


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(pid)
