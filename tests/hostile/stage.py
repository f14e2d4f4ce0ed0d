"""The bot and the chat as real programs, the exchange in this process: for what only files and
processes can show.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.bitget import Emulator, RunningEmulator, start
from domain.clock import SystemClock
from tests.support import processes
from tests.support.ports import kept_port
from tests.support.processes import Command
from tests.support.sandbox_client import SandboxClient

PATIENCE_S = 60.0


@dataclass
class Stage:
    """The exchange is ours and in this process; the chat and the bot are real programs."""

    folder: Path
    exchange: RunningEmulator
    bot: Command
    people: SandboxClient
    page_url: str
    seq: int = 0

    async def says(self, text: str, expect: str) -> str:
        """Alice writes; the answer with `expect` in it."""
        sent = await self.people.send("alice", text)
        answer = await self.people.wait_for_text("alice", expect, PATIENCE_S, sent["seq"])
        self.seq = int(answer["seq"])
        return str(answer["text"] or answer["caption"])

    async def taps(self, label: str, expect: str) -> None:
        """The newest button with this label."""
        messages = await self.people.messages("alice")
        shown = [m for m in messages if label in str(m.get("buttons")) and not m["deleted"]]
        after = int(messages[-1]["seq"])
        await self.people.tap("alice", int(shown[-1]["message_id"]), label)
        await self.people.wait_for_text("alice", expect, PATIENCE_S, after)

    async def page(self) -> str:
        """The address that /connect offers."""
        await self.says("/connect", "Connect an exchange key")
        messages = [m for m in await self.people.messages("alice") if "/key/" in str(m)]
        found = re.findall(r"/key/[\w-]+", str(messages[-1]["buttons"]))
        return self.page_url + str(found[0])


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    with kept_port() as port:
        async with _stage(folder, port) as made:
            yield made


@asynccontextmanager
async def _stage(folder: Path, port: int) -> AsyncIterator[Stage]:
    exchange = await start(Emulator(SystemClock()))
    api = processes.sandbox(folder, "--no-limits", "--state", str(folder / "chat.db"))
    bot = processes.run(
        folder,
        "",
        LEVERFRAME_MARKET="simulated",
        LEVERFRAME_LOG_LEVEL="debug",
        LEVERFRAME_USER_BURST="10000",
        LEVERFRAME_LISTEN_PORT=str(port),
        LEVERFRAME_PUBLIC_URL=f"http://127.0.0.1:{port}",
        LEVERFRAME_EXCHANGE_URLS=f'{{"bitget": {{"rest": "{exchange.url}"}}}}',
    )
    try:
        await asyncio.to_thread(api.start)
        bot.settings["LEVERFRAME_TELEGRAM_API_URL"] = await asyncio.to_thread(api.url)
        bot.start()
        async with SandboxClient(bot.settings["LEVERFRAME_TELEGRAM_API_URL"]) as people:
            yield Stage(folder, exchange, bot, people, f"http://127.0.0.1:{port}")
    finally:
        bot.end()
        await asyncio.to_thread(api.stop)
        await exchange.stop()


async def number(s: Stage) -> int:
    return int((await s.people.user("alice"))["id"])


def command(s: Stage, *arguments: str) -> str:
    """Beside the running bot, with its environment; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        env=processes.environment(s.bot.settings, measured=False),
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    return (done.stdout + done.stderr).decode()
