"""One at a time; replies before notifications; nobody is forgotten."""

from __future__ import annotations

import asyncio

from bot.slot import Slot


async def test_replies_pass_notifications_that_wait() -> None:
    slot, order = Slot(), []

    async def use(name: str, *, urgent: bool) -> None:
        await slot.acquire(urgent=urgent)
        order.append(name)
        slot.release()

    await slot.acquire(urgent=True)
    waiting = [
        asyncio.create_task(use(name, urgent=name.startswith("reply")))
        for name in ("news 1", "news 2", "reply 1", "reply 2")
    ]
    await asyncio.sleep(0)
    assert order == []
    slot.release()
    await asyncio.gather(*waiting)
    assert order == ["reply 1", "reply 2", "news 1", "news 2"]
    await asyncio.wait_for(slot.acquire(urgent=False), 1)


async def test_one_who_gives_up_waiting_does_not_keep_the_slot() -> None:
    slot = Slot()
    await slot.acquire(urgent=True)
    early, late = (asyncio.create_task(slot.acquire(urgent=True)) for _ in range(2))
    await asyncio.sleep(0)
    early.cancel()
    slot.release()
    await late
    slot.release()
    await asyncio.wait_for(slot.acquire(urgent=False), 1)


async def test_one_who_gives_up_just_as_its_turn_comes_passes_the_slot_on() -> None:
    slot = Slot()
    await slot.acquire(urgent=True)
    first, second = (asyncio.create_task(slot.acquire(urgent=True)) for _ in range(2))
    await asyncio.sleep(0)
    slot.release()
    first.cancel()
    await asyncio.wait_for(second, 1)
    assert first.cancelled() or isinstance(first.exception(), asyncio.CancelledError)
