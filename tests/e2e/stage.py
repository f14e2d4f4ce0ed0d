"""A running demo, and people who talk to it over the client API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.support import processes
from tests.support.made_candles import write_swings
from tests.support.sandbox_client import SandboxClient

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "BTCUSD-1m-2017.parquet"
SPEED = "3600"
PATIENCE_S = 120.0


def candles(folder: Path) -> Path:
    """Real ones where they are, else a market that swings: 30 days of minutes."""
    if REAL.exists():
        return REAL
    return write_swings(folder / "candles", "BTCUSDT", 43_200, period=600, seed=5)


@contextmanager
def running_demo(folder: Path) -> Iterator[str]:
    """`leverframe demo` on a free port; its URL."""
    demo = processes.demo(folder, "--candles", str(candles(folder)), "--speed", SPEED)
    demo.start()
    try:
        yield demo.url()
    finally:
        demo.stop()


async def asks(people: SandboxClient, name: str, text: str, part: str) -> dict[str, Any]:
    """Say something; the first answer that has `part`."""
    sent = await people.send(name, text)
    return await people.wait_for_text(name, part, PATIENCE_S, sent["seq"])


def button(message: dict[str, Any], pattern: str) -> str:
    """The label of the first button that fits."""
    labels = [str(each["text"]) for row in message["buttons"] for each in row]
    return next(label for label in labels if re.search(pattern, label))


async def downloaded(url: str, path: str) -> bytes:
    """A photo's or a document's bytes."""
    async with aiohttp.ClientSession() as session, session.get(url + path) as answer:
        assert answer.status == 200
        return await answer.read()
