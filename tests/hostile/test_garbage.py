"""A stranger's garbage: 2,000 hostile updates against the whole bot, and some over the wire.

Nothing of the inside reaches a chat, nothing is logged as an error, nobody else's rows change, and
the next honest command is answered. LEVERFRAME_GARBAGE_SEED repeats a run.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select
from structlog.testing import capture_logs

from domain.chat.models import InboxUpdate
from domain.models import Base
from tests.hostile.garbage import Garbage
from tests.hostile.judge import unfit
from tests.support import processes
from tests.support.chance import seed
from tests.support.sandbox_client import SandboxClient
from tests.support.world import Person, World, world

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

SEED = seed("LEVERFRAME_GARBAGE_SEED")
COUNT = 2_000
OVER_THE_WIRE = 200
BATCH = 25
BODY_MAX = 100_000
PATIENCE_S = 120.0
NO_LIMITS = {
    "LEVERFRAME_MARKET": "simulated",
    **{
        f"LEVERFRAME_{name}": "100000"
        for name in ("USER_BURST", "CHAT_BURST", "CHAT_RATE", "SEND_RATE")
    },
}
_SPEAKS = ("sendMessage", "editMessageText", "answerCallbackQuery", "sendPhoto", "sendDocument")
_NOT_JSON = (
    "", "{", "null", "[]", "0", "{}}", "'update_id': 1", "\x00\x01", "[" * 5_000, '{"a":' * 3_000,
    '{"update_id": NaN}', '{"update_id": 1e999}', '{"update_id": ' + "9" * 5_000 + "}", "<html>",
    '{"update_id": 3, "message": "\\ud800"}', '"\\ud83d"', "true", '{"update_id": "1"}',
)  # fmt: skip

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    """Without a limit on how much one sender may say: everything is to be looked at."""
    async with world(tmp_path, user_rate=1e9, user_burst=10**9) as opened:
        yield opened


async def test_two_thousand_hostile_updates_do_no_harm(
    w: World, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob, mallory = await w.trader("alice"), await w.trader("bob", "ko"), w.person("mallory")
    await _trades(w, bob)
    await alice.sends("/start_bot donchian BTCUSDT 15m")
    theirs = [data for person in (alice, bob) for _, data in _buttons(person)]
    await mallory.sends("/start")
    before = {person.name: await _rows_of(w, person) for person in (alice, bob)}
    garbage = Garbage(random.Random(SEED), mallory.id, theirs, (alice.id, bob.id))  # noqa: S311
    with capture_logs() as logs, caplog.at_level(logging.ERROR):
        for _ in range(0, COUNT, BATCH):
            garbage.own = _buttons(mallory)[-200:]
            await w.receives(*(garbage.update() for _ in range(BATCH)))
    said = f"LEVERFRAME_GARBAGE_SEED={SEED}"
    assert unfit(_texts(w)) == [], said
    assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == [], said
    assert [record.getMessage() for record in caplog.records] == [], said
    assert {person.name: await _rows_of(w, person) for person in (alice, bob)} == before, said
    assert await _unfinished(w) == 0, said
    assert "Running" in await alice.taps("Start BTCUSDT"), said
    assert "포지션" in await bob.sends("/positions"), said
    await mallory.sends("/lang en")
    assert "What I can do" in await mallory.sends("/help"), said
    assert "Welcome" in await w.person("newcomer").sends("/start"), said


async def test_a_flood_is_told_off_once_and_does_not_touch_others(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        alice, mallory = await w.trader("alice"), await w.trader("mallory")
        garbage = Garbage(random.Random(SEED), mallory.id, ["sx"], (alice.id,))  # noqa: S311
        mallory.heard()
        await w.receives(*(garbage.message("/status") for _ in range(300)))
        heard = mallory.heard()
        assert heard.count("Status") <= w.container.settings.user_burst
        assert "Status" in await alice.sends("/status")
        w.wall.advance(60)
        assert "Status" in await mallory.sends("/status")


async def test_garbage_over_the_wire_does_not_stop_the_service(tmp_path: Path) -> None:
    api = processes.sandbox(tmp_path, "--no-limits")
    bot = processes.run(tmp_path, "", **NO_LIMITS)
    try:
        api.start()
        bot.settings["LEVERFRAME_TELEGRAM_API_URL"] = api.url()
        bot.start()
        async with SandboxClient(api.url()) as people:
            await _is_thrown_at(people)
        assert bot.stop() == 0
        log = bot.log.read_text(errors="replace")
        assert [line for line in log.splitlines() if "[error" in line or "Traceback" in line] == []
    finally:
        bot.end()
        api.end()


async def _is_thrown_at(people: SandboxClient) -> None:
    """Mallory throws, alice goes on working."""
    for name in ("alice", "mallory"):
        sent = await people.send(name, "/start")
        await people.wait_for_text(name, "Welcome", PATIENCE_S, sent["seq"])
    mallory, victim = [int((await people.user(name))["id"]) for name in ("mallory", "alice")]
    chance = random.Random(SEED)  # noqa: S311
    garbage = Garbage(chance, mallory, ["sx", "aFFFF"], (victim,))
    for number in range(OVER_THE_WIRE):
        await _put(people, garbage.update())
        if number % 20 == 19:
            await people.inject_text(chance.choice(_NOT_JSON))
    for limit in (701, 702, 703):
        sent = await people.send("alice", f"/risk set daily_loss_limit {limit}")
        await people.wait_for_text("alice", f"→ {limit} USDT", PATIENCE_S, sent["seq"])
    sent = await people.send("mallory", "/lang en")
    await people.wait_for_text("mallory", "I speak English", PATIENCE_S, sent["seq"])
    said = [entry["text"] for entry in await people.messages("mallory") if entry["from"] == "bot"]
    assert len(said) > OVER_THE_WIRE / 10, f"LEVERFRAME_GARBAGE_SEED={SEED}"
    assert unfit(said) == [], f"LEVERFRAME_GARBAGE_SEED={SEED}"


async def _put(people: SandboxClient, update: Any) -> None:
    """Among what the bot polls, under the next number: there until it is acknowledged, whatever
    stands beside it. What no server would take is left out.
    """
    if isinstance(update, dict):
        update.pop("update_id", None)
    if len(json.dumps(update)) < BODY_MAX:
        await people.inject(update)


async def _trades(w: World, person: Person) -> None:
    """Start a bot and let the market give it something to hold."""
    await person.sends("/start_bot donchian BTCUSDT 15m")
    await person.taps("BTCUSDT")
    w.market.rests(minutes=60 * 16)
    await w.settles()
    w.market.moves("+3%", minutes=30)
    await w.settles()
    w.market.rests(minutes=1)
    await w.settles()
    assert "BTCUSDT" in await person.sends("/positions")


def _buttons(person: Person) -> list[tuple[int, str]]:
    """Everything that can be tapped in a chat, oldest first."""
    return [
        (message["message_id"], button["callback_data"])
        for message in person.messages
        for row in message.get("buttons") or []
        for button in row
        if "callback_data" in button
    ]


def _texts(w: World) -> list[str]:
    params = [call["params"] for method in _SPEAKS for call in w.calls(method)]
    return [str(each.get("text") or each.get("caption") or "") for each in params]


async def _rows_of(w: World, person: Person) -> Rows:
    """Every row that is about this person, in any table."""
    async with w.database.read() as session:
        user_id = await session.scalar(
            select(Base.metadata.tables["users"].c.id).where(
                Base.metadata.tables["users"].c.oauth_id == str(person.id)
            )
        )
        found: Rows = {}
        for table in Base.metadata.sorted_tables:
            for condition in _about(table, person.id, int(user_id or 0)):
                rows = await session.execute(select(table).where(condition))
                found[f"{table.name}: {condition}"] = [tuple(row) for row in rows]
    return found


def _about(table: Table, chat_id: int, user_id: int) -> list[Any]:
    if table.name == "inbox":
        return [table.c.chat_user == chat_id]
    ids = [table.c.id == user_id] if table.name == "users" else []
    ids += [table.c.user_id.in_((user_id, chat_id))] if "user_id" in table.c else []
    return ids + ([table.c.chat_id == chat_id] if "chat_id" in table.c else [])


async def _unfinished(w: World) -> int:
    async with w.database.read() as session:
        states = await session.scalars(select(InboxUpdate.state))
        return sum(state not in {"done", "failed"} for state in states)


def test_an_echo_cut_short_is_excused_and_nothing_else() -> None:
    assert unfit(["“stop %(” is not a number.", "“stop %(name)…” is not a number."]) == []
    assert len(unfit(["“stop” is %(count)d", "Sorry: KeyError", "value %("])) == 3
