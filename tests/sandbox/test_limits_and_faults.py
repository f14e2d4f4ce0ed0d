"""Flood limits, weather on demand, and the record of calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from telegram import Bot
from telegram.error import BadRequest, NetworkError, RetryAfter

from bot.sandbox.api import BotApi
from bot.sandbox.errors import ClientError
from bot.sandbox.faults import CallLog, Fault, fault_from
from bot.sandbox.limits import RateLimits
from bot.sandbox.world import ChatWorld
from domain.clock import ManualClock
from tests.sandbox.people import TOKEN, entries, speaks


@contextmanager
def flooded(seconds: int) -> Iterator[None]:
    with pytest.raises(RetryAfter) as refused:
        yield
    assert refused.value.retry_after == timedelta(seconds=seconds)


async def test_a_private_chat_takes_a_burst_and_then_one_a_second(
    world: ChatWorld, api: BotApi, bot: Bot, clock: ManualClock
) -> None:
    api.limits = RateLimits(overall_per_s=0)
    alice, bob = speaks(world, "alice"), speaks(world, "bob")
    for number in range(20):
        await bot.send_message(alice, str(number))
    with flooded(1):
        await bot.send_message(alice, "too much")
    await bot.send_message(bob, "another chat")
    clock.advance(1)
    await bot.send_message(alice, "again")
    with flooded(1):
        await bot.send_message(alice, "too much")


async def test_30_a_second_overall(
    world: ChatWorld, api: BotApi, bot: Bot, clock: ManualClock
) -> None:
    api.limits = RateLimits(chat_per_s=0)
    chats = [speaks(world, f"user{number}") for number in range(31)]
    for chat in chats[:30]:
        await bot.send_message(chat, "x")
    with flooded(1):
        await bot.send_message(chats[30], "x")
    clock.advance(0.1)
    await bot.send_message(chats[30], "x")


async def test_20_a_minute_in_a_group(
    world: ChatWorld, api: BotApi, bot: Bot, clock: ManualClock
) -> None:
    api.limits = RateLimits()
    group = world.people.change_group("desk", {"members": ["alice"]})
    for number in range(20):
        await bot.send_message(group.id, str(number))
    with flooded(3):
        await bot.send_message(group.id, "x")
    clock.advance(3)
    await bot.send_message(group.id, "x")


async def test_edits_count_and_answers_to_taps_do_not(
    world: ChatWorld, api: BotApi, bot: Bot
) -> None:
    api.limits = RateLimits(overall_per_s=2)
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "x")
    await bot.edit_message_text("y", alice, sent.message_id)
    await bot.send_chat_action(alice, "typing")
    with flooded(1):
        await bot.edit_message_text("z", alice, sent.message_id)
    assert entries(world, "alice")[-1]["text"] == "y"


async def test_a_fault_replaces_the_call_as_often_as_it_says(
    world: ChatWorld, api: BotApi, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    api.faults.add(Fault("sendMessage", status=429, retry_after=7, times=2))
    for _ in range(2):
        with flooded(7):
            await bot.send_message(alice, "x")
    assert await bot.send_message(alice, "x")
    assert len([e for e in entries(world, "alice") if e["from"] == "bot"]) == 1


async def test_a_fault_for_every_method_strikes_the_next_call(api: BotApi, bot: Bot) -> None:
    api.faults.add(Fault("*", status=500))
    with pytest.raises(NetworkError, match="Internal Server Error"):
        await bot.get_me()
    assert await bot.get_me()


async def test_a_dropped_call_has_happened(world: ChatWorld, api: BotApi, bot: Bot) -> None:
    alice = speaks(world, "alice")
    api.faults.add(Fault("sendMessage", drop=True))
    with pytest.raises(NetworkError, match="closed the connection"):
        await bot.send_message(alice, "did it?")
    assert entries(world, "alice")[-1]["text"] == "did it?"


async def test_a_fault_can_have_words_of_its_own(api: BotApi, bot: Bot) -> None:
    api.faults.add(fault_from({"status": 400, "description": "Bad Request: no {braces} harm"}))
    with pytest.raises(BadRequest, match=r"[Nn]o \{braces\} harm"):
        await bot.get_me()


async def test_cleared_faults_do_not_strike(api: BotApi, bot: Bot) -> None:
    api.faults.add(Fault(status=500, times=9))
    api.faults.clear()
    assert await bot.get_me()
    assert len(api.faults) == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "JSON object"),
        ({"methd": "x"}, "'methd'"),
        ({"status": "500"}, "'status' has the wrong type"),
        ({"status": True}, "'status' has the wrong type"),
        ({"status": 200}, "between 400 and 599"),
        ({"times": 0}, "'times' is at least 1"),
    ],
)
def test_a_wrong_fault_is_named(body: Any, reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        fault_from(body)


async def test_calls_are_recorded_without_secrets(
    world: ChatWorld, api: BotApi, bot: Bot, clock: ManualClock
) -> None:
    alice = speaks(world, "alice")
    await bot.send_message(alice, "hi", reply_markup={"inline_keyboard": []})  # type: ignore[arg-type]
    await bot.set_webhook("http://127.0.0.1:1/hook", secret_token="hush")
    await bot.send_document(alice, b"abc", filename="a.txt")
    (sent,) = api.calls.matching("sendmessage")
    assert sent == {
        "method": "sendMessage",
        "params": {"chat_id": str(alice), "text": "hi", "reply_markup": {"inline_keyboard": []}},
        "at": clock.now().isoformat(),
        "status": 200,
    }
    everything = str(api.calls.matching(None))
    assert "hush" not in everything
    assert TOKEN.split(":")[1] not in everything
    assert api.calls.matching("sendDocument")[0]["params"]["document"]["file_size"] == 3


async def test_the_record_is_bounded_and_the_count_is_not(clock: ManualClock) -> None:
    log = CallLog(keep=3)
    for number in range(5):
        log.add("getMe", {"n": number}, clock.now(), 200)
    assert [call["params"]["n"] for call in log.matching("getMe")] == [2, 3, 4]
    assert (log.count("getme"), log.count(None), log.count("sendMessage")) == (5, 5, 0)
