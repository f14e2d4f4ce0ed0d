"""What happened is told: in order, the important first, as often as it takes and no oftener."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.sandbox.faults import Fault
from domain.outbox import queue
from domain.outbox.models import OutboxMessage
from domain.outbox.service import DIGESTS, FILLS, SIGNALS
from domain.settings.models import UserSettings
from domain.users import service as users
from tests.support.backbone import Chat, Rig, nothing, rig
from tests.support.database import opened


@pytest.fixture
async def bot(tmp_path: Path, far: Chat, tables_url: str) -> AsyncIterator[Rig]:
    """The same on both databases."""
    async with opened(tables_url) as database, rig(tmp_path, far, database=database) as bot:
        await bot.user("alice")
        await bot.user("bob")
        yield bot


async def notify(
    bot: Rig, text: str, user: int = 1, priority: int = FILLS, lives: timedelta | None = None,
    kind: str = "fill", **params: Any,
) -> bool:  # fmt: skip
    async with bot.database.write() as session:
        return await bot.outbox.notify(
            session,
            user,
            kind,
            {"text": text} | params,
            dedupe_key=text or kind,
            priority=priority,
            lives=lives,
        )


async def rows(bot: Rig) -> list[OutboxMessage]:
    async with bot.database.read() as session:
        return list(await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


async def states(bot: Rig) -> list[str]:
    return [row.state for row in await rows(bot)]


async def test_what_is_told_is_forgotten(bot: Rig, far: Chat) -> None:
    await notify(bot, "canary words")
    assert "canary" not in str((await rows(bot))[0].payload)
    await bot.tells()
    assert far.heard("alice") == ["canary words"]
    row = (await rows(bot))[0]
    assert (row.state, row.payload) == ("sent", None)
    assert row.message_id


async def test_a_chat_hears_things_in_the_order_in_which_they_happened(bot: Rig, far: Chat) -> None:
    for number in range(3):
        await notify(bot, f"a{number}")
        await notify(bot, f"b{number}", user=2)
    await bot.tells()
    assert far.heard("alice") == ["a0", "a1", "a2"]
    assert far.heard("bob") == ["b0", "b1", "b2"]


async def test_what_moves_money_is_told_first(bot: Rig, far: Chat) -> None:
    await notify(bot, "digest", priority=DIGESTS)
    await notify(bot, "signal", priority=SIGNALS)
    await notify(bot, "fill", priority=FILLS)
    await bot.tells()
    assert far.heard("alice") == ["fill", "signal", "digest"]


async def test_the_same_thing_is_told_once(bot: Rig, far: Chat) -> None:
    assert await notify(bot, "fill")
    assert not await notify(bot, "fill")
    await bot.tells()
    assert not await notify(bot, "fill")
    assert far.heard("alice") == ["fill"]


async def test_a_burst_is_told_in_one_message(bot: Rig, far: Chat) -> None:
    for number in range(6):
        await notify(bot, f"fill {number}")
    await bot.tells()
    assert far.heard("alice") == ["\n\n".join(f"fill {n}" for n in range(6))]
    assert set(await states(bot)) == {"sent"}
    assert len({row.message_id for row in await rows(bot)}) == 1


async def test_three_are_told_one_by_one(bot: Rig, far: Chat) -> None:
    for number in range(3):
        await notify(bot, f"fill {number}")
    await bot.tells()
    assert len(far.heard("alice")) == 3


async def test_a_burst_of_long_ones_takes_as_many_messages_as_it_needs(bot: Rig, far: Chat) -> None:
    for number in range(8):
        await notify(bot, f"{number} {'x' * 1500}")
    await bot.tells()
    heard = far.heard("alice")
    assert [text[0] for text in heard] == ["0", "2", "4", "6"]


async def test_more_than_one_claim_of_a_chat_is_told_in_the_end(bot: Rig, far: Chat) -> None:
    for number in range(25):
        await notify(bot, f"fill {number}.")
    await bot.tells()
    told = "\n\n".join(far.heard("alice")).split("\n\n")
    assert told == [f"fill {n}." for n in range(25)]


async def test_pictures_stay_pictures_within_a_burst(bot: Rig, far: Chat, tmp_path: Path) -> None:
    (tmp_path / "result.txt").write_text("x")
    for number in range(2):
        await notify(bot, f"before {number}")
    await notify(bot, "chart", kind="chart", shape="document", file="result.txt")
    for number in range(2):
        await notify(bot, f"after {number}")
    await bot.tells()
    assert far.heard("alice") == ["before 0\n\nbefore 1", "chart", "after 0\n\nafter 1"]
    assert len(far.calls("sendDocument")) == 1


async def test_a_card_is_changed_in_place_and_left_alone_when_there_is_none(
    bot: Rig, far: Chat
) -> None:
    await notify(bot, "40%", shape="edit", card="backtest:1")
    await bot.tells()
    assert far.heard("alice") == []
    await notify(bot, "started", shape="send", card="backtest:1")
    await bot.tells()
    await notify(bot, "80%", shape="edit", card="backtest:1")
    await bot.tells()
    assert far.heard("alice") == ["80%"]
    assert await states(bot) == ["sent"] * 3


async def test_what_has_grown_stale_is_not_told(bot: Rig, far: Chat) -> None:
    await notify(bot, "signal", lives=timedelta(minutes=5))
    far.wall.advance(301)
    await notify(bot, "fill")
    await bot.tells()
    assert far.heard("alice") == ["fill"]
    assert await states(bot) == ["expired", "sent"]
    assert (await rows(bot))[0].payload is None


async def test_each_kind_is_heard_as_loud_as_its_reader_likes(bot: Rig, far: Chat) -> None:
    async with bot.database.write() as session:
        settings = await session.get_one(UserSettings, 1)
        settings.notify = {"signal": "off", "chart": "silent"}
    assert not await notify(bot, "signal", kind="signal")
    await notify(bot, "chart", kind="chart")
    await notify(bot, "fill")
    await bot.tells()
    assert far.heard("alice") == ["chart", "fill"]
    quiet = ["true" in str(c.get("disable_notification")) for c in far.calls("sendMessage")]
    assert quiet == [True, False]


async def test_what_was_switched_off_in_the_meantime_is_not_told(bot: Rig, far: Chat) -> None:
    await notify(bot, "signal", kind="signal")
    await notify(bot, "fill")
    async with bot.database.write() as session:
        (await session.get_one(UserSettings, 1)).notify = {"signal": "off"}
    await bot.tells()
    assert far.heard("alice") == ["fill"]
    assert await states(bot) == ["expired", "sent"]


async def test_what_nobody_can_speak_is_buried_and_the_rest_told(bot: Rig, far: Chat) -> None:
    await notify(bot, "strange", kind="unheard-of")
    await notify(bot, "fill")
    await bot.tells()
    assert far.heard("alice") == ["fill"]
    strange = (await rows(bot))[0]
    assert (strange.state, strange.error, strange.payload) == ("dead", "unspeakable", None)


async def test_what_telegram_refuses_is_a_dead_letter(bot: Rig, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", 400, description="Bad Request: no such thing"))
    await notify(bot, "one")
    await notify(bot, "two")
    await bot.tells()
    assert far.heard("alice") == ["two"]
    assert [(row.state, row.error) for row in await rows(bot)] == [
        ("dead", "bad_request"),
        ("sent", None),
    ]


async def test_a_chat_that_blocked_the_bot_is_left_alone_until_it_starts_again(
    bot: Rig, far: Chat
) -> None:
    far.world.people.user("alice").blocked = True
    await notify(bot, "one")
    await notify(bot, "two")
    await bot.tells()
    assert await states(bot) == ["dead", "dead"]
    calls = len(far.api.calls.matching("sendMessage"))
    assert not await notify(bot, "three")
    await bot.tells()
    assert len(far.api.calls.matching("sendMessage")) == calls
    far.world.people.user("alice").blocked = False
    number = far.person("alice")
    async with bot.database.write() as session:
        person = users.ChatPerson(number, number, "alice", "en", "UTC")
        await users.register(session, person, now=far.wall.now())
    await notify(bot, "four")
    await bot.tells()
    assert far.heard("alice") == ["four"]


async def test_a_429_costs_no_attempt_and_holds_back_that_chat_alone(bot: Rig, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", 429, retry_after=20))
    await notify(bot, "a1")
    await notify(bot, "a2")
    await bot.notifier.turn()
    await bot.notifier.settle()
    await notify(bot, "b1", user=2)
    await bot.tells()
    assert (far.heard("alice"), far.heard("bob")) == ([], ["b1"])
    assert [row.attempts for row in await rows(bot)] == [0, 0, 0]
    far.wall.advance(19)
    await bot.tells()
    assert far.heard("alice") == []
    far.wall.advance(2)
    await bot.tells()
    assert far.heard("alice") == ["a1", "a2"]


async def test_a_server_in_trouble_is_left_alone_for_longer_each_time(bot: Rig, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", 500, times=6))
    await notify(bot, "fill")
    waits = []
    for attempt in range(1, 7):
        await bot.tells()
        row = (await rows(bot))[0]
        assert row.attempts == attempt
        waits.append((row.next_try_at - far.wall.now()).total_seconds())
        far.wall.advance(waits[-1] + 0.001)
    for attempt, wait in enumerate(waits):
        assert 0.5 * 2**attempt <= wait <= 1.5 * 2**attempt
    assert waits != [2.0**attempt for attempt in range(6)]
    await bot.tells()
    assert far.heard("alice") == ["fill"]


async def test_a_network_that_is_down_for_hours_loses_nothing(bot: Rig, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", 502, times=40))
    await notify(bot, "fill")
    for _ in range(41):
        await bot.tells()
        far.wall.advance(450)
    assert far.heard("alice") == ["fill"]


async def test_in_the_end_even_patience_ends(bot: Rig, far: Chat) -> None:
    far.api.faults.add(Fault("sendMessage", 502, times=1000))
    await notify(bot, "fill")
    async with bot.database.write() as session:
        (await session.get_one(OutboxMessage, 1)).attempts = 299
    await bot.tells()
    assert await states(bot) == ["dead"]


async def test_what_was_sent_before_a_crash_is_not_sent_again(
    tmp_path: Path, far: Chat, tables_url: str
) -> None:
    async with opened(tables_url) as database:
        async with rig(tmp_path, far, database=database) as bot:
            await bot.user("alice")
            for name in ("sent and recorded", "not sent"):
                await notify(bot, name)
            async with database.write() as session:
                await queue.claim(session, far.wall.now(), 10)
            bot.sender.journal.record(["o1"], 77)
        async with rig(tmp_path, far, database=database) as bot:
            async with database.write() as session:
                await queue.release(session)
            await bot.notifier.resume()
            await bot.tells()
            first = (await rows(bot))[0]
            assert (first.state, first.message_id) == ("sent", 77)
    assert far.heard("alice") == ["not sent"]


async def test_what_a_dead_process_had_claimed_is_free_after_a_minute(bot: Rig, far: Chat) -> None:
    await notify(bot, "fill")
    async with bot.database.write() as session:
        assert len(await queue.claim(session, far.wall.now(), 10)) == 1
    await bot.tells()
    assert far.heard("alice") == []
    far.wall.advance(61)
    await bot.tells()
    assert far.heard("alice") == ["fill"]


async def test_a_claim_that_ran_out_meanwhile_is_not_acted_on(bot: Rig, far: Chat) -> None:
    await notify(bot, "one")
    async with bot.database.write() as session:
        messages = await queue.claim(session, far.wall.now(), 10)
    far.wall.advance(50)
    await bot.notifier._chat(messages, far.wall.now() - timedelta(seconds=5))
    assert far.heard("alice") == []


async def test_two_notifiers_never_claim_the_same_message(bot: Rig, far: Chat) -> None:
    for number in range(30):
        await notify(bot, f"{number}", user=1 + number % 2)
    taken: list[int] = []
    for _ in range(3):
        async with bot.database.write() as session:
            taken += [message.id for message in await queue.claim(session, far.wall.now(), 1)]
    assert len(taken) == len(set(taken)) == 20


async def test_not_more_chats_are_taken_at_once_than_can_be_served(
    tmp_path: Path, far: Chat
) -> None:
    async with rig(tmp_path, far) as bot:
        for number in range(70):
            user = await bot.user(f"p{number}")
            await notify(bot, f"fill {number}", user=user)
        assert await bot.notifier.turn() == 64
        assert await bot.notifier.turn() == 0
        await bot.notifier.settle()
        await bot.tells()
        assert all(far.heard(f"p{n}") == [f"fill {n}"] for n in range(70))


async def test_nothing_is_sent_by_a_process_that_may_not(tmp_path: Path, far: Chat) -> None:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        await notify(bot, "fill")
        turns = 0

        def not_allowed() -> bool:
            nonlocal turns
            turns += 1
            if turns == 2:
                bot.notifier.allowed = lambda: True
            bot.notifier.wake()
            return False

        bot.notifier.allowed = not_allowed
        await run_until(bot, lambda: bool(far.heard("alice")))
        assert turns == 2


async def test_a_database_that_is_away_does_not_end_the_notifier(tmp_path: Path, far: Chat) -> None:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        await notify(bot, "fill")
        turn, failures = bot.notifier.turn, 0

        async def failing() -> int:
            nonlocal failures
            failures += 1
            bot.notifier.wake()
            if failures < 3:
                raise ConnectionError("gone")
            return await turn()

        bot.notifier.turn = failing  # type: ignore[method-assign]
        await run_until(bot, lambda: bool(far.heard("alice")))


async def run_until(bot: Rig, condition: Any) -> None:
    running = asyncio.create_task(bot.notifier.run(idle_s=0.01))
    while not condition():
        await bot.writer.write(nothing)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_old_news_is_forgotten(bot: Rig, far: Chat) -> None:
    await notify(bot, "old")
    await bot.tells()
    await notify(bot, "waiting")
    far.wall.advance(3600)
    async with bot.database.write() as session:
        await queue.prune(session, far.wall.now())
    assert [row.dedupe_key for row in await rows(bot)] == ["waiting"]
