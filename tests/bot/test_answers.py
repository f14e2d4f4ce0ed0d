"""An answer arrives once, now or later, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.sandbox.faults import Fault
from domain.errors import DomainError
from handlers.context import Context
from handlers.types import Action, Reply, Route
from tests.bot.updates import Failing, states
from tests.support.backbone import Chat, Rig, rig, routed


async def test_a_429_frees_the_senders_queue_and_the_answer_comes_later_once(
    tmp_path: Path, far: Chat
) -> None:
    waits: list[float] = []
    go_on = asyncio.Event()

    async def until_told(seconds: float) -> None:
        waits.append(seconds)
        await go_on.wait()
        far.wall.advance(seconds)

    async with rig(tmp_path, far, sleep=until_told) as bot:
        await bot.user("alice")
        far.api.faults.add(Fault("sendMessage", 429, retry_after=7))
        far.says("alice", "/add one")
        await bot.inbox.accept(await far.updates())
        await bot.settles(late=False)
        assert await states(bot) == ["applied"]
        assert (await bot.rows())[0].payload is None
        assert not bot.inbox._lanes
        go_on.set()
        await bot.settles()
        assert waits[0] == 7
        assert await states(bot) == ["done"]
    assert far.heard("alice") == ["added one"]
    assert times_written_to(far, "alice") == 1


def times_written_to(far: Chat, name: str) -> int:
    number = str(far.person(name))
    return len([call for call in far.calls("sendMessage") if str(call["chat_id"]) == number])


@pytest.mark.parametrize(
    "fault",
    [
        Fault("sendMessage", 429, retry_after=3, times=2),
        Fault("sendMessage", 500, times=4),
        Fault("sendMessage", 502, times=2),
        Fault("sendMessage", 401, times=1),
    ],
    ids=["429", "500", "502", "401"],
)
async def test_what_is_not_taken_now_is_sent_later_in_order(
    bot: Rig, far: Chat, fault: Fault
) -> None:
    far.api.faults.add(fault)
    for text in ("/add one", "/look a", "/add two", "/look b"):
        far.says("alice", text)
    await bot.takes()
    assert far.heard("alice") == ["added one", "seen a", "added two", "seen b"]
    assert await bot.effects() == {"one": 1, "two": 1}
    assert set(await states(bot)) == {"done"}


async def test_while_one_chat_waits_the_others_are_served(tmp_path: Path, far: Chat) -> None:
    go_on = asyncio.Event()

    async def until_told(seconds: float) -> None:
        await go_on.wait()
        far.wall.advance(seconds)

    async with rig(tmp_path, far, sleep=until_told) as bot:
        await bot.user("alice")
        await bot.user("bob")
        far.api.faults.add(Fault("sendMessage", 429, retry_after=30))
        far.says("alice", "/add one")
        far.says("alice", "/look a")
        far.says("bob", "/look b")
        await bot.inbox.accept(await far.updates())
        await bot.settles(late=False)
        assert (far.heard("alice"), far.heard("bob")) == ([], ["seen b"])
        go_on.set()
        await bot.settles()
    assert far.heard("alice") == ["added one", "seen a"]


async def test_an_answer_that_waits_when_the_bot_stops_is_sent_by_the_successor(
    tmp_path: Path, far: Chat
) -> None:
    never = asyncio.Event()

    async def forever(_seconds: float) -> None:
        await never.wait()

    async with rig(tmp_path, far, sleep=forever) as bot:
        await bot.user("alice")
        far.api.faults.add(Fault("sendMessage", 429, retry_after=30))
        far.says("alice", "/add one")
        await bot.inbox.accept(await far.updates())
        await bot.settles(late=False)
    async with rig(tmp_path, far) as bot:
        assert await bot.inbox.replay() == 1
        await bot.settles()
        assert await bot.effects() == {"one": 1}
    assert far.heard("alice") == ["added one"]


async def test_an_answer_is_given_up_after_a_day(bot: Rig, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", 500, times=5000))
    far.says("alice", "/look a")
    await bot.takes()
    assert await states(bot) == ["done"]
    assert far.heard("alice") == []


async def test_an_answer_that_telegram_refuses_is_replaced_by_an_apology(
    bot: Rig, far: Chat
) -> None:
    far.api.faults.add(Fault("sendMessage", 400, description="Bad Request: no such thing"))
    far.says("alice", "/look a")
    await bot.takes()
    assert far.heard("alice") == [f"sorry {bot.apologies[0]}"]


async def test_a_refused_apology_is_the_end_of_it(bot: Rig, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", 400, times=2, description="Bad Request: no"))
    far.says("alice", "/look a")
    await bot.takes()
    assert await states(bot) == ["done"]


async def test_somebody_who_blocked_the_bot_is_not_written_to_any_more(bot: Rig, far: Chat) -> None:
    far.says("alice", "/add one")
    update = await far.updates()
    far.world.people.user("alice").blocked = True
    await bot.takes(*update)
    assert await bot.effects() == {"one": 1}
    async with bot.database.write() as session:
        assert not await bot.outbox.notify(session, 1, "fill", {"text": "x"}, dedupe_key="1")


async def test_only_actions_that_were_not_sent_are_sent_again(tmp_path: Path, far: Chat) -> None:
    async def several(ctx: Context) -> Reply:
        return Reply(tuple(Action("send", text=f"part {n}") for n in range(3)))

    routes = routed(Route("several", several, "t", writes=True))
    async with rig(tmp_path, far, routes=routes) as bot:
        await bot.user("alice")
        far.says("alice", "/several")
        await bot.inbox.accept(await far.updates())
        far.api.faults.add(Fault("sendMessage", 500, times=1))
        await bot.settles()
    assert far.heard("alice") == ["part 0", "part 1", "part 2"]


async def test_a_refusal_that_was_told_is_not_tried_again_after_a_crash(
    tmp_path: Path, far: Chat
) -> None:
    """It might succeed now, against what its sender was told."""

    async def refuse(_ctx: Context) -> Reply:
        raise DomainError("too_late")

    async with rig(tmp_path, far, routes=routed(Route("try", refuse, "t", writes=True))) as bot:
        await bot.user("alice")
        await bot.inbox.stop()
        far.says("alice", "/try one")
        await bot.inbox.accept(await far.updates())
        row = (await bot.rows())[0].id
        bot.sender.journal.record([f"i{row}.0"], 1)
    failing = Failing(0)
    async with rig(tmp_path, far, routes=failing.routes()) as bot:
        await bot.inbox.replay()
        await bot.settles()
        assert (failing.calls, await states(bot)) == (0, ["done"])


async def test_what_was_typed_and_answered_is_nowhere_in_the_files(
    tmp_path: Path, far: Chat
) -> None:
    canary = "canary-0451-typed-by-a-user"
    never = asyncio.Event()

    async def forever(_seconds: float) -> None:
        await never.wait()

    async with rig(tmp_path, far, sleep=forever) as bot:
        await bot.user("alice")
        far.api.faults.add(Fault("sendMessage", 429, retry_after=30))
        far.says("alice", f"/look {canary}")
        await bot.inbox.accept(await far.updates())
        await bot.settles(late=False)
        assert (await bot.rows())[0].reply
        assert not found(tmp_path, canary)
    async with rig(tmp_path, far) as bot:
        await bot.inbox.replay()
        await bot.settles()
        row = (await bot.rows())[0]
        assert (row.state, row.payload, row.reply) == ("done", None, None)
    assert far.heard("alice") == [f"seen {canary}"]
    assert not found(tmp_path, canary)


def found(folder: Path, text: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "rig.db" for path in files)
    return [path for path in files if text.encode() in path.read_bytes()]
