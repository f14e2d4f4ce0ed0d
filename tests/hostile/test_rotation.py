"""The master key is changed while people keep the bot busy, and the older ones are forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.adapters.key_file import KEY_FILE
from tests.hostile.stage import PATIENCE_S, Stage, command, stage
from tests.hostile.test_canary import parts_of, types

PEOPLE = ("bob", "carol", "dave", "erin")
COMMANDS = 25


async def test_nobody_notices_that_the_master_key_changes(tmp_path: Path) -> None:
    key_file = tmp_path / "data" / KEY_FILE
    async with stage(tmp_path) as s:
        await s.says("/start", "Welcome")
        await types(s, parts_of(s.exchange.emulator.opens("alice")), "is connected")
        first = key_file.read_text().strip()
        working = [asyncio.create_task(works(s, name)) for name in PEOPLE]
        for _ in range(2):
            assert "made anew" in await asyncio.to_thread(command, s, "keys", "rotate")
        await asyncio.gather(*working)
        await asyncio.to_thread(command, s, "keys", "rotate")  # what was written meanwhile
        done = await asyncio.to_thread(command, s, "keys", "rotate", "--finish")
        assert "older keys forgotten" in done
        newest = key_file.read_text()
        assert "," not in newest
        assert newest != first
        assert "Ready to trade" in await s.says("/keys", "Your exchange keys")
        assert await asyncio.to_thread(s.bot.stop) == 0
        await asyncio.to_thread(s.bot.start)
        assert "Ready to trade" in await s.says("/keys", "Your exchange keys")
    log = (tmp_path / "run.log").read_text(errors="replace")
    assert [line for line in log.splitlines() if "[error" in line or "Traceback" in line] == []


async def works(s: Stage, name: str) -> None:
    """Changes something, again and again, each time answered."""
    sent = await s.people.send(name, "/start")
    await s.people.wait_for_text(name, "Welcome", PATIENCE_S, sent["seq"])
    for limit in range(600, 600 + COMMANDS):
        sent = await s.people.send(name, f"/risk set daily_loss_limit {limit}")
        await s.people.wait_for_text(name, f"→ {limit} USDT", PATIENCE_S, sent["seq"])
