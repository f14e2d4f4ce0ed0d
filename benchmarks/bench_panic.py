"""From the tap on /panic to an account that is flat: the demo as a process of its own, an emulated
Bitget in it, ten positions that were entered by hand and are looked after meanwhile.
"""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
from sqlalchemy import create_engine, text

from bot.adapters.key_file import KEY_FILE, KeyFileCipher
from tests.support import processes
from tests.support.made_candles import write_swings
from tests.support.processes import Command
from tests.support.sandbox_client import SandboxClient

COINS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "BNB", "LINK", "ADA", "DOT", "LTC")
ROUNDS = 3
_PATIENCE_S = 60.0
_LOOK_S = 0.005


class Trader:
    """Alice in a running demo: what she says, and her account as the exchange has it."""

    def __init__(self, people: SandboxClient, emulator: str, http: aiohttp.ClientSession) -> None:
        self.people, self._emulator, self._http = people, emulator, http
        self._app = pyotp.TOTP(pyotp.random_base32())

    async def asks(self, words: str, part: str) -> dict[str, Any]:
        """The answer that holds `part`."""
        sent = await self.people.send("alice", words)
        return await self.people.wait_for_text("alice", part, _PATIENCE_S, sent["seq"])

    async def taps(self, card: dict[str, Any], pattern: str) -> None:
        """The first button of a card that fits."""
        labels = [str(each["text"]) for row in card["buttons"] for each in row]
        label = next(label for label in labels if re.search(pattern, label))
        await self.people.tap("alice", card["message_id"], label)

    async def goes_live(self, data: Path, key: Sequence[str]) -> None:
        """The second factor first: beside a key it would freeze her limits for a day."""
        await self.asks("/start", "👋")
        await self.asks("/risk set max_positions 10", "10")
        card = await self.asks("/twofa", "is off")
        await self.taps(card, "Turn it on")
        await self.people.wait_for_text("alice", "six digits", _PATIENCE_S)
        self._app = app = pyotp.TOTP(_totp_secret(data))
        await self.asks(app.now(), "That fits")
        await self.asks("/connect", "six digits")
        card = await self.asks(app.at(time.time() + 30), "Connect an exchange key")
        await self.taps(card, "Type it here")
        for part, asked in zip(
            key, ("secret key", "passphrase", "asking the exchange"), strict=True
        ):
            await self.asks(part, asked)
        await self.people.wait_for_text("alice", "connected", _PATIENCE_S)
        await self.asks("/mode live", "LIVE")

    async def held(self) -> int:
        """How many positions her account holds."""
        async with self._http.get(f"{self._emulator}/emulator/audit") as answer:
            standing = await answer.json()
        return len(standing["accounts"][0]["positions"])

    async def until_held(self, count: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while await self.held() != count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not {count} positions in {_PATIENCE_S} s")
            await asyncio.sleep(_LOOK_S)

    async def weather(self, **fault: Any) -> None:
        """A fault from now on; without one the sky is clear."""
        url = f"{self._emulator}/emulator/faults"
        await (await self._http.delete(url)).release()
        if fault:
            await (await self._http.post(url, json=fault)).release()

    async def enters_all(self) -> None:
        """Ten positions, told of."""
        cards = {}
        for coin in COINS:
            cards[coin] = await self.asks(f"/long {coin} 0.1%", f"{coin}USDT")
            await self.taps(cards[coin], "Buy ")
        for coin, card in cards.items():
            await self.people.wait_for_text("alice", f"Long {coin}USDT", _PATIENCE_S, card["seq"])
        await self.until_held(len(COINS))

    async def panics(self) -> tuple[float, float]:
        """Seconds from the tap to a flat account, and until that is told."""
        await asyncio.sleep(random.uniform(0, 2))  # noqa: S311 - anywhere between two looks
        card = await self.asks("/panic", "LINKUSDT")
        began = time.perf_counter()
        await self.taps(card, "Close everything now")
        await self.until_held(0)
        flat = time.perf_counter() - began
        await self.people.wait_for_text("alice", "Flat.", _PATIENCE_S, card["seq"])
        told = time.perf_counter() - began
        await self.weather()
        await self._resumes()
        return flat, told

    async def _resumes(self) -> None:
        """With a code when the last one is five minutes ago."""
        sent = await self.people.send("alice", "/resume")
        said = await self.people.wait_for(
            "alice", lambda m: m["from"] == "bot", _PATIENCE_S, sent["seq"]
        )
        if "six digits" in said["text"]:
            await self.asks(self._app.now(), "may enter again")


def run() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory(prefix="leverframe-bench-") as folder:
        demo = _demo(Path(folder))
        demo.start()
        try:
            asyncio.run(_measured(demo, Path(folder)))
        finally:
            demo.end()


def _demo(folder: Path) -> Command:
    files = [
        write_swings(folder / "candles", f"{coin}USDT", 10_000, period=600, seed=number)
        for number, coin in enumerate(COINS)
    ]
    joined = ",".join(map(str, files))
    return processes.demo(folder, "--exchange-emulator", "--candles", joined, "--speed", "1")


async def _measured(demo: Command, folder: Path) -> None:
    url = demo.url()
    emulator = demo.wait_until_says(re.compile(rb"keys on is at (\S+)\. "))
    key = [
        demo.wait_until_says(re.compile(rf"  {name} (\S+)\n".encode()))
        for name in ("key", "secret", "passphrase")
    ]
    async with SandboxClient(url) as people, aiohttp.ClientSession() as http:
        alice = Trader(people, emulator, http)
        await alice.goes_live(folder / "data", key)
        for about, weather in (
            ("", {}),
            (", half of the calls failing", {"status": 502, "chance": 0.5, "times": 0}),
        ):
            flat, told = list[float](), list[float]()
            for _ in range(ROUNDS):
                await alice.enters_all()
                await alice.weather(**weather)
                took = await alice.panics()
                flat.append(took[0])
                told.append(took[1])
            print(
                f"tap to flat, {len(COINS)} positions{about}: median"
                f" {statistics.median(flat):.2f} s, worst {max(flat):.2f} s of {len(flat)}"
                + ("" if about else " (asked for: at most 2)")
                + f"; told after {statistics.median(told):.2f} s, worst {max(told):.2f} s"
            )


def _totp_secret(data: Path) -> str:
    """What her authenticator app read from the picture."""
    engine = create_engine(f"sqlite:///{data / 'leverframe.db'}")
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT totp_secret FROM users")).scalar_one()
    engine.dispose()
    return KeyFileCipher(data / KEY_FILE).decrypt(str(stored))
