"""Every update has its effect once and its answer, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot.sandbox.faults import Fault
from domain.chat import inbox as table
from domain.database import Database
from domain.errors import DomainError
from handlers.context import Context
from handlers.types import Action, Reply, Route
from tests.support.backbone import Chat, Rig, chat, rig, routed
from tests.support.database import opened


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        yield far


@pytest.fixture
async def bot(tmp_path: Path, far: Chat) -> AsyncIterator[Rig]:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        await bot.user("bob")
        yield bot


def message(update_id: int, text: Any, sender: int = 5) -> dict[str, Any]:
    person = {"id": sender, "is_bot": False, "first_name": "A"}
    body = {"message_id": 1, "chat": {"id": sender, "type": "private"}, "from": person}
    return {"update_id": update_id, "message": body | {"text": text}}


async def states(bot: Rig) -> list[str]:
    return [row.state for row in await bot.rows()]


async def test_a_command_has_its_effect_and_its_answer(bot: Rig, far: Chat) -> None:
    far.says("alice", "/add one")
    await bot.takes()
    assert await bot.effects() == {"one": 1}
    assert far.heard("alice") == ["added one"]
    assert await states(bot) == ["done"]


async def test_the_same_update_delivered_again_runs_once(bot: Rig, far: Chat) -> None:
    far.says("alice", "/add one")
    update = (await far.updates())[0]
    await bot.takes(update, update)
    await bot.takes(update)
    assert await bot.effects() == {"one": 1}
    assert far.heard("alice") == ["added one"]


async def test_updates_of_many_share_one_commit(bot: Rig, far: Chat) -> None:
    commits = 0

    def count(_connection: Any) -> None:
        nonlocal commits
        commits += 1

    event.listen(bot.database.engine.sync_engine, "commit", count)
    updates = [message(number, "/look", far.person(f"p{number}")) for number in range(1, 51)]
    await asyncio.gather(*(bot.inbox.accept([update]) for update in updates))
    assert commits <= 2
    await bot.settles()
    assert set(await states(bot)) == {"done"}


async def test_any_number_of_updates_at_once_is_taken_in(bot: Rig) -> None:
    await bot.takes(*({"update_id": number, "poll": {}} for number in range(1, 5001)))
    assert len(await bot.rows()) == 5000


class Gates:
    """Commands that wait until the test lets them go on."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.open: dict[str, asyncio.Event] = {}
        self.at: dict[str, asyncio.Event] = {}

    def gate(self, name: str) -> asyncio.Event:
        return self.open.setdefault(name, asyncio.Event())

    def reached(self, name: str) -> asyncio.Event:
        return self.at.setdefault(name, asyncio.Event())

    async def wait(self, ctx: Context) -> Reply:
        name = " ".join(ctx.incoming.args)
        self.order.append(f"{name} begins")
        self.reached(name).set()
        await self.gate(name).wait()
        self.order.append(f"{name} ends")
        return Reply.text(f"waited for {name}")

    async def stop(self, _ctx: Context) -> Reply:
        self.order.append("stopped")
        self.reached("stop").set()
        return Reply.text("stopped")

    def routes(self) -> dict[str, Route]:
        return routed(Route("wait", self.wait, "t"), Route("stop", self.stop, "t", lane=0))


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
async def gated(tmp_path: Path, far: Chat, gates: Gates) -> AsyncIterator[Rig]:
    async with rig(tmp_path, far, routes=gates.routes()) as bot:
        await bot.user("alice")
        await bot.user("bob")
        yield bot


async def test_one_senders_commands_run_in_order(gated: Rig, far: Chat, gates: Gates) -> None:
    for name in ("a", "b", "c"):
        far.says("alice", f"/wait {name}")
    await gated.inbox.accept(await far.updates())
    for name in ("c", "b", "a"):
        gates.gate(name).set()
    await gated.settles()
    assert gates.order == [f"{n} {what}" for n in "abc" for what in ("begins", "ends")]
    assert far.heard("alice") == [f"waited for {n}" for n in "abc"]


async def test_senders_do_not_wait_for_each_other(gated: Rig, far: Chat, gates: Gates) -> None:
    far.says("alice", "/wait a")
    far.says("bob", "/wait b")
    await gated.inbox.accept(await far.updates())
    await gates.reached("a").wait()
    await gates.reached("b").wait()
    gates.gate("b").set()
    gates.gate("a").set()
    await gated.settles()
    assert gates.order[:2] == ["a begins", "b begins"]


async def test_stopping_overtakes_a_slow_command(gated: Rig, far: Chat, gates: Gates) -> None:
    far.says("alice", "/wait a")
    far.says("alice", "/stop")
    await gated.inbox.accept(await far.updates())
    await gates.reached("stop").wait()
    assert "a ends" not in gates.order
    gates.gate("a").set()
    await gated.settles()
    assert gates.order[-1] == "a ends"


async def test_where_the_lane_is_idle_the_first_attempt_costs_no_commit_of_its_own(
    gated: Rig, far: Chat, gates: Gates
) -> None:
    far.says("alice", "/wait a")
    far.says("alice", "/wait b")
    await gated.inbox.accept(await far.updates())
    await gates.reached("a").wait()
    assert [row.attempts for row in await gated.rows()] == [1, 0]
    gates.gate("a").set()
    await gates.reached("b").wait()
    assert [row.attempts for row in await gated.rows()] == [1, 1]
    gates.gate("b").set()
    await gated.settles()


async def test_a_graceful_stop_ends_what_runs_and_leaves_the_rest_to_the_successor(
    tmp_path: Path, far: Chat, gates: Gates
) -> None:
    async with rig(tmp_path, far, routes=gates.routes()) as bot:
        await bot.user("alice")
        for name in ("a", "b", "c"):
            far.says("alice", f"/wait {name}")
        items = await bot.inbox.accept(await far.updates())
        await gates.reached("a").wait()
        stopping = asyncio.create_task(bot.inbox.stop())
        await items[2].finished.wait()
        gates.gate("a").set()
        await stopping
        far.says("alice", "/wait d")
        await bot.inbox.accept(await far.updates())
        assert gates.order == ["a begins", "a ends"]
    for name in ("b", "c", "d"):
        gates.gate(name).set()
    async with rig(tmp_path, far, routes=gates.routes()) as successor:
        assert await successor.inbox.replay() == 3
        await successor.settles()
    assert far.heard("alice") == [f"waited for {n}" for n in "abcd"]


class Failing:
    """Fails as often as it is told to."""

    def __init__(self, times: int, error: Exception | None = None) -> None:
        self.left, self.error, self.calls = times, error or RuntimeError("secret words"), 0

    async def __call__(self, ctx: Context) -> Reply:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return await routed()["add"].handler(ctx)

    def routes(self) -> dict[str, Route]:
        return routed(Route("try", self, "t", writes=True))


async def test_what_fails_twice_succeeds_the_third_time(tmp_path: Path, far: Chat) -> None:
    failing = Failing(2)
    async with rig(tmp_path, far, routes=failing.routes()) as bot:
        await bot.user("alice")
        far.says("alice", "/try one")
        await bot.takes()
        assert (await bot.rows())[0].attempts == 3
        assert await bot.effects() == {"one": 1}


async def test_the_third_failure_parks_the_update_and_tells_its_sender(
    tmp_path: Path, far: Chat
) -> None:
    failing = Failing(99)
    async with rig(tmp_path, far, routes=failing.routes()) as bot:
        await bot.user("alice")
        far.says("alice", "/try one")
        far.says("alice", "/add two")
        await bot.takes()
        failed, done = await bot.rows()
        assert (failed.state, done.state, failing.calls) == ("failed", "done", 3)
        assert failed.error == f"RuntimeError {bot.apologies[0]}"
        assert (failed.payload, failed.reply) == (None, None)
    assert far.heard("alice") == [f"sorry {bot.apologies[0]}", "added two"]


async def test_an_update_that_brought_the_process_down_three_times_is_not_tried_again(
    tmp_path: Path, far: Chat
) -> None:
    failing = Failing(0)
    async with rig(tmp_path, far, routes=failing.routes()) as bot:
        await bot.user("alice")
        far.says("alice", "/try one")
        await bot.inbox.stop()
        await bot.inbox.accept(await far.updates())
        row = (await bot.rows())[0].id
        for _ in range(2):
            await bot.writer.write(lambda s: table.begin(s, row))
    async with rig(tmp_path, far, routes=failing.routes()) as bot:
        await bot.inbox.replay()
        await bot.settles()
        assert (failing.calls, await states(bot)) == (0, ["failed"])
    assert far.heard("alice") == [f"sorry {bot.apologies[0]}"]


async def test_a_database_that_is_away_for_a_moment_costs_no_command(
    tmp_path: Path, far: Chat
) -> None:
    failing = Failing(2, OperationalError("COMMIT", {}, Exception("server closed the connection")))
    async with rig(tmp_path, far, routes=failing.routes()) as bot:
        await bot.user("alice")
        before = far.wall.now_ms()
        far.says("alice", "/try one")
        await bot.takes()
        assert await bot.effects() == {"one": 1}
        assert far.wall.now_ms() - before >= 3000


async def test_an_effect_that_is_there_already_is_not_done_again_but_answered(
    tmp_path: Path, far: Chat
) -> None:
    """A commit whose success was not told, or another process on the same row."""

    async def told_that_it_failed(ctx: Context) -> Reply:
        return await routed()["add"].handler(ctx)

    async with rig(
        tmp_path, far, routes=routed(Route("try", told_that_it_failed, "t", writes=True))
    ) as bot:
        await bot.user("alice")
        commit = bot.dispatcher.handle
        answers: list[bool] = []

        async def ambiguous(incoming: Any, done: Any) -> Reply:
            reply = await commit(incoming, done)
            answers.append(True)
            if len(answers) == 1:
                raise OperationalError("COMMIT", {}, Exception("connection lost"))
            return reply

        object.__setattr__(bot.dispatcher, "handle", ambiguous)
        far.says("alice", "/try one")
        await bot.takes()
        assert await bot.effects() == {"one": 1}
        assert len(answers) == 1
    assert far.heard("alice") == ["added one"]


async def test_two_processes_on_the_same_row_apply_it_once(
    tmp_path: Path, far: Chat, database_url: str
) -> None:
    async with opened(database_url) as database:
        async with rig(tmp_path, far, database=database) as bot:
            await bot.user("alice")
            await bot.inbox.stop()
            for number in range(10):
                far.says("alice", f"/add {number}")
            await bot.inbox.accept(await far.updates())
        other = Database(database_url, durable=False)
        async with (
            rig(tmp_path / "one", far, database=database) as one,
            rig(tmp_path / "two", far, database=other) as two,
        ):
            await asyncio.gather(one.inbox.replay(), two.inbox.replay())
            await asyncio.gather(one.settles(), two.settles())
            assert await one.effects() == {str(number): 1 for number in range(10)}
            assert set(await states(one)) == {"done"}
        await other.close()
    assert set(far.heard("alice")) == {f"added {number}" for number in range(10)}


@pytest.mark.parametrize("text", [5, ["x"], {"a": 1}, "x" * 30_000])
async def test_what_cannot_be_read_is_parked_and_told(bot: Rig, far: Chat, text: Any) -> None:
    await bot.takes(message(7, text, far.person("alice")))
    row = (await bot.rows())[0]
    assert (row.state, row.error) == ("failed", "unreadable: message.text")
    assert (row.payload, row.reply) == (None, None)
    assert far.heard("alice") == ["sorry u7"]
    await bot.takes(message(7, text, far.person("alice")))
    assert far.heard("alice") == ["sorry u7"]


async def test_what_has_no_id_is_dropped_and_the_others_are_worked_on(bot: Rig, far: Chat) -> None:
    alice = far.person("alice")
    rubbish: list[Any] = [
        None,
        5,
        "x",
        [],
        {},
        {"update_id": "7"},
        {"update_id": -1},
        {"update_id": True},
    ]
    await bot.takes(*rubbish, message(8, "/add one", alice), {"update_id": 9, "poll": {}})
    assert await bot.effects() == {"one": 1}
    assert [(row.update_id, row.state) for row in await bot.rows()] == [(8, "done"), (9, "done")]


async def test_a_row_that_nobody_can_read_any_more_does_not_keep_the_bot_from_starting(
    tmp_path: Path, far: Chat
) -> None:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        await bot.inbox.stop()
        far.says("alice", "/add one")
        far.says("alice", "/add two")
        await bot.inbox.accept(await far.updates())
        async with bot.database.write() as session:
            row = await table.find(session, (await bot.rows())[0].id)
            assert row is not None
            row.payload = "gAAAA of another key"
    async with rig(tmp_path, far) as bot:
        assert await bot.inbox.replay() == 2
        await bot.settles()
        assert [(row.state, (row.error or "")[:11]) for row in await bot.rows()] == [
            ("failed", "unreadable:"),
            ("done", ""),
        ]
        assert await bot.effects() == {"two": 1}
    assert far.heard("alice") == [f"sorry {bot.apologies[0]}", "added two"]


async def test_an_answer_nobody_can_read_any_more_ends_as_failed(tmp_path: Path, far: Chat) -> None:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        await bot.inbox.stop()
        far.says("alice", "/add one")
        await bot.inbox.accept(await far.updates())
        row = (await bot.rows())[0].id
        await bot.writer.write(lambda s: table.applied(s, row, "gAAAA of another key"))
    async with rig(tmp_path, far) as bot:
        await bot.inbox.replay()
        await bot.settles()
        assert await states(bot) == ["failed"]
    assert far.heard("alice") == [f"sorry {bot.apologies[0]}"]


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
