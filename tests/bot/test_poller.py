"""Updates are acknowledged when they are kept, and nothing stops the polling for long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.poller import Poller
from bot.sandbox.actions import inject
from bot.sandbox.faults import Fault
from tests.support.backbone import TOKEN, Chat, Rig, chat, rig, time_passes
from tests.support.sandbox_request import SandboxRequest

ROLE = "poller:1"


class Holding:
    """Roles, as the test likes them."""

    def __init__(self) -> None:
        self.held = True

    def holds(self, _role: str) -> bool:
        return self.held


class CountingRequest(SandboxRequest):
    """Remembers with which offset was asked."""

    def __init__(self, far: Chat) -> None:
        super().__init__(far.api)
        self.offsets: list[int | None] = []
        self.acknowledged = asyncio.Event()

    async def do_request(self, url: str, method: str, *rest: Any, **more: Any) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        query = parse_qs(urlsplit(url).query)
        if "getUpdates" in url:
            self.offsets.append(int(query["offset"][0]) if "offset" in query else None)
        if "offset" in query:
            self.acknowledged.set()
        body = {name: values[0] for name, values in query.items()}
        answer = await self._api.call(TOKEN, url.rpartition("/")[2].partition("?")[0], body, {})
        return answer.status, answer.body


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        yield far


@pytest.fixture
async def bot(tmp_path: Path, far: Chat) -> AsyncIterator[Rig]:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        yield bot


@pytest.fixture
def roles() -> Holding:
    return Holding()


@pytest.fixture
def request_(far: Chat) -> CountingRequest:
    return CountingRequest(far)


@pytest.fixture
def poller(bot: Rig, far: Chat, roles: Holding, request_: CountingRequest) -> Poller:
    return Poller(
        request_,
        f"http://sandbox/bot{TOKEN}",
        bot.inbox,
        cast("Any", roles),
        ROLE,
        far.wall,
        timeout_s=0,
        sleep=time_passes(far.wall),
    )


async def test_what_is_fetched_is_worked_on_and_then_acknowledged(
    poller: Poller, bot: Rig, far: Chat, request_: CountingRequest
) -> None:
    far.says("alice", "/add one")
    assert await poller.turn() == 0.0
    assert len(await bot.rows()) == 1
    assert far.world.bot(7000000002).confirmed == 0
    await poller.turn()
    assert request_.offsets == [None, 2]
    assert far.world.bot(7000000002).confirmed == 1
    await bot.settles()
    assert far.heard("alice") == ["added one"]
    assert poller.last_success is not None


async def test_what_could_not_be_kept_is_fetched_again(
    poller: Poller, bot: Rig, far: Chat, request_: CountingRequest
) -> None:
    far.says("alice", "/add one")
    accept = bot.inbox.accept
    failures = 0

    async def failing(updates: Sequence[Any]) -> Any:
        nonlocal failures
        failures += 1
        if failures < 3:
            raise ConnectionError("no database")
        return await accept(updates)

    bot.inbox.accept = failing  # type: ignore[method-assign]
    assert [await poller.turn() for _ in range(3)] == [0.5, 1.0, 0.0]
    assert request_.offsets == [None, None, None]
    await bot.settles()
    assert await bot.effects() == {"one": 1}


async def test_without_the_role_nobody_is_asked(
    poller: Poller, roles: Holding, request_: CountingRequest
) -> None:
    roles.held = False
    assert await poller.turn() == 0.5
    assert request_.offsets == []


async def test_another_program_on_the_same_token_is_given_way(poller: Poller, far: Chat) -> None:
    far.api.faults.add(Fault("getUpdates", 409))
    assert await poller.turn() == 3.0
    assert await poller.turn() == 0.0


async def test_a_webhook_that_was_left_behind_is_removed(poller: Poller, far: Chat) -> None:
    await far.api.call(TOKEN, "setWebhook", {"url": "http://127.0.0.1:1/x"}, {})
    far.says("alice", "/add one")
    assert await poller.turn() == 0.0
    assert far.world.bot(7000000002).webhook == {}
    await far.api.call(TOKEN, "setWebhook", {"url": "http://127.0.0.1:1/x"}, {})
    far.api.faults.add(Fault("deleteWebhook", 500))
    assert await poller.turn() == 0.5


async def test_a_server_in_trouble_is_asked_more_rarely_but_often_enough_for_a_panic(
    poller: Poller, far: Chat
) -> None:
    far.api.faults.add(Fault("getUpdates", 500, times=6))
    waits = [await poller.turn() for _ in range(6)]
    assert waits == [0.5, 1, 2, 3, 3, 3]
    assert await poller.turn() == 0.0
    far.api.faults.add(Fault("getUpdates", 500))
    assert await poller.turn() == 0.5


async def test_a_429_is_waited_out_and_a_wrong_token_is_said_seldom(
    poller: Poller, far: Chat
) -> None:
    far.api.faults.add(Fault("getUpdates", 429, retry_after=17))
    far.api.faults.add(Fault("getUpdates", 401))
    assert [await poller.turn(), await poller.turn()] == [17.0, 30.0]


async def test_poison_among_them_does_not_keep_the_others_back(
    poller: Poller, bot: Rig, far: Chat
) -> None:
    poison = [
        {"update_id": 900, "message": 5},
        {"update_id": 901, "message": {"text": ["x"]}},
        {"update_id": "902"},
        {"update_id": 2**70, "message": {}},
        "nonsense",
        None,
    ]
    for raw in poison:
        inject(far.world, {"raw_text": json.dumps(raw)})
    far.says("alice", "/add one")
    inject(far.world, {"raw_text": "this is no JSON at all"})
    far.says("alice", "/add two")
    for _ in range(8):
        await poller.turn()
    await bot.settles()
    assert await bot.effects() == {"one": 1, "two": 1}
    far.says("alice", "/add three")
    await poller.turn()
    await bot.settles()
    assert far.heard("alice") == ["added one", "added two", "added three"]


async def test_what_cannot_be_acknowledged_does_not_make_it_spin(poller: Poller, far: Chat) -> None:
    inject(far.world, {"raw": "nonsense"})
    assert await poller.turn() == 1.0


async def test_it_polls_until_it_is_told_to_stop(
    poller: Poller, bot: Rig, far: Chat, request_: CountingRequest
) -> None:
    far.api.faults.add(Fault("getUpdates", 500))
    far.says("alice", "/add one")
    polling = asyncio.create_task(poller.run())
    await request_.acknowledged.wait()
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    await bot.settles()
    assert await bot.effects() == {"one": 1}
