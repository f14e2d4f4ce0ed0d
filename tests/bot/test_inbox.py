"""Every update has its effect once and its answer, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from domain.chat import inbox as table
from domain.database import Database
from handlers.context import Context
from handlers.types import Reply, Route
from tests.bot.updates import Failing, message, states
from tests.support.backbone import Chat, Rig, rig, routed
from tests.support.database import opened


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
    tmp_path: Path, far: Chat, tables_url: str
) -> None:
    async with opened(tables_url):
        database = Database(tables_url)
        async with rig(tmp_path, far, database=database) as bot:
            await bot.user("alice")
            await bot.inbox.stop()
            for number in range(10):
                far.says("alice", f"/add {number}")
            await bot.inbox.accept(await far.updates())
        other = Database(tables_url)
        async with (
            rig(tmp_path / "one", far, database=database) as one,
            rig(tmp_path / "two", far, database=other) as two,
        ):
            await asyncio.gather(one.inbox.replay(), two.inbox.replay())
            await asyncio.gather(one.settles(), two.settles())
            assert await one.effects() == {str(number): 1 for number in range(10)}
            assert set(await states(one)) == {"done"}
        await other.close()
        await database.close()
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
