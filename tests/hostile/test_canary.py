"""Secrets planted through every path, in real processes at their most talkative: none of them is in
a log, a message, or in clear in a file of the bot's or of the chat's.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pyotp

from bot.adapters.key_file import KEY_FILE, KeyFileCipher
from bot.sandbox.bitget import Account, Emulator, RunningEmulator, start
from domain.clock import SystemClock
from domain.database import Database
from domain.users.models import User
from tests.support import processes
from tests.support.processes import TOKEN, Command
from tests.support.sandbox_client import SandboxClient

PATIENCE_S = 60.0
DROPPED = ("canary-typed-behind-a-command", "canary-secret-behind-a-command")
WRONG = ("canary-wrong-key-000000", "canary-wrong-secret-000", "canary wrong phrase")
BROKEN = "canary-in-a-broken-update"


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    exchange = await start(Emulator(SystemClock()))
    api = processes.sandbox(folder, "--no-limits", "--state", str(folder / "chat.db"))
    port = free_port()
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


async def test_no_secret_is_ever_found_again(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        accounts = [s.exchange.emulator.opens(name) for name in ("typed", "paged")]
        await s.says("/start", "Welcome")
        await s.says(f"/connect {' '.join(DROPPED)}", "Never write a key")
        await types(s, WRONG, "does not know this key")
        await types(s, parts_of(accounts[0]), "is connected")
        await sends_page(s, parts_of(accounts[1]))
        totp = await enrols(s)
        await breaks(s)
        email = f"telegram-{await number(s)}@users.invalid"
        said = await asyncio.to_thread(command, s, "doctor", "--offline", "--user", email)
        assert "classic, one_way" in said
        rotated = await asyncio.to_thread(command, s, "keys", "rotate")
        assert "made anew" in rotated
        await s.says("/keys", "Your exchange keys")
        master = (tmp_path / "data" / KEY_FILE).read_text().split(",")
        replies = str([m for m in await s.people.messages("alice") if m["from"] == "bot"])
        await asyncio.to_thread(s.bot.kill)
        secrets = [*DROPPED, *WRONG, *parts_of(accounts[0]), *parts_of(accounts[1])]
        secrets += [totp, TOKEN, *master]
        for secret in secrets:
            assert secret not in replies + said + rotated
    kept = [path for path in files(tmp_path) if path.name != KEY_FILE]
    assert [(path.name, secret) for path in kept for secret in secrets if holds(path, secret)] == []
    assert [path.name for path in files(tmp_path / "data") if holds(path, BROKEN)] == []
    assert not holds(tmp_path / "run.log", BROKEN)


def parts_of(account: Account) -> tuple[str, str, str]:
    return account.key, account.secret, account.passphrase


async def types(s: Stage, parts: tuple[str, str, str], expect: str) -> None:
    """Step by step, in the chat."""
    await s.says("/connect", "Connect an exchange key")
    await s.taps("Type it here", "Send the API key")
    await s.says(parts[0], "Now the secret key")
    await s.says(parts[1], "And the passphrase")
    await s.says(parts[2], expect)


async def sends_page(s: Stage, parts: tuple[str, str, str]) -> None:
    """By the page; once with nonsense, once rightly."""
    url = await s.page()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(url) as answer:
            page = await answer.text()
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert csrf is not None
        named = dict(zip(("api_key", "secret", "passphrase"), parts, strict=True))
        for data, status in (({"csrf": "0", **named}, 403), ({"csrf": csrf[1], **named}, 200)):
            async with browser.post(url, data=data) as answer:
                assert answer.status == status
                assert not [part for part in parts if part in await answer.text()]
    await s.people.wait_for_text("alice", "is connected", PATIENCE_S, s.seq)


async def enrols(s: Stage) -> str:
    """The second factor: its secret, which nobody was told."""
    await s.says("/twofa", "is off")
    await s.taps("Turn it on", "Scan this")
    database = Database(f"sqlite+aiosqlite:///{s.folder / 'data' / 'leverframe.db'}")
    async with database.read() as session:
        stored = (await session.get_one(User, 1)).totp_secret or ""
    await database.close()
    secret = KeyFileCipher(s.folder / "data" / KEY_FILE).decrypt(stored)
    await s.says(pyotp.TOTP(secret).now(), "That fits")
    return secret


async def breaks(s: Stage) -> None:
    """Updates that cannot be read, with something secret in them."""
    chat = {"id": await number(s), "type": "private"}
    for text in ([BROKEN], {"a": BROKEN}, BROKEN * 2_000):
        message = {"message_id": 1, "date": 1, "chat": chat, "from": chat, "text": text}
        await s.people.inject({"message": message})
    await s.says("/help", "What I can do")


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


def files(folder: Path) -> Iterator[Path]:
    return (Path(base) / name for base, _, names in os.walk(folder) for name in names)


def holds(path: Path, secret: str) -> bool:
    return secret.encode() in path.read_bytes()
