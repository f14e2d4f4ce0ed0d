"""Secrets planted through every path, in real processes at their most talkative: none of them is in
a log, a message, or in clear in a file of the bot's or of the chat's.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pyotp

from bot.adapters.key_file import KEY_FILE, KeyFileCipher
from bot.sandbox.bitget import Account
from domain.database import Database
from domain.users.models import User
from tests.hostile.stage import PATIENCE_S, Stage, command, number, stage
from tests.support.processes import TOKEN

DROPPED = ("canary-typed-behind-a-command", "canary-secret-behind-a-command")
WRONG = ("canary-wrong-key-000000", "canary-wrong-secret-000", "canary wrong phrase")
BROKEN = "canary-in-a-broken-update"


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


def files(folder: Path) -> Iterator[Path]:
    return (Path(base) / name for base, _, names in os.walk(folder) for name in names)


def holds(path: Path, secret: str) -> bool:
    return secret.encode() in path.read_bytes()
