"""A live card is edited where it is, and sent anew where it is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cards import Cards
from bot.sandbox.faults import Fault
from bot.sender import SendError
from domain.chat import cards as table
from handlers.types import Action
from tests.support.backbone import Chat, Rig, chat, nothing, rig

GONE = "Bad Request: message to edit not found"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "60606000000005000157a5f6450000000049454e44ae426082"
)


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        yield far


@pytest.fixture
async def bot(tmp_path: Path, far: Chat) -> AsyncIterator[Rig]:
    (tmp_path / "chart.png").write_bytes(PIXEL)
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        yield bot


@pytest.fixture
def cards(bot: Rig) -> Cards:
    return Cards(bot.sender, bot.writer, bot.chat.wall)


def card(far: Chat, kind: str, text: str, **more: object) -> Action:
    given = {"chat_id": far.person("alice"), "card": "status:1", "text": text} | more
    return Action(kind, **given)  # type: ignore[arg-type]


async def shown(bot: Rig) -> int | None:
    await bot.writer.write(nothing)
    async with bot.database.read() as session:
        return await table.message_of(session, bot.chat.person("alice"), "status", "1")


async def test_an_edit_right_after_the_send_finds_the_message(
    bot: Rig, cards: Cards, far: Chat
) -> None:
    first = await cards.perform(card(far, "send", "one"), "i1.0")
    assert await cards.perform(card(far, "edit", "two"), "i2.0") == first
    assert far.heard("alice") == ["two"]
    assert await shown(bot) == first


async def test_a_card_that_was_never_sent_is_sent(bot: Rig, cards: Cards, far: Chat) -> None:
    message = await cards.perform(card(far, "edit", "one"), "i1.0")
    assert far.heard("alice") == ["one"]
    assert await shown(bot) == message


async def test_a_card_whose_message_is_gone_is_sent_anew_and_remembered(
    bot: Rig, cards: Cards, far: Chat
) -> None:
    first = await cards.perform(card(far, "send", "one"), "i1.0")
    far.api.faults.add(Fault("editMessageText", 400, description=GONE))
    second = await cards.perform(card(far, "edit", "two"), "i2.0")
    assert second != first
    await cards.perform(card(far, "edit", "three"), "i3.0")
    assert far.heard("alice") == ["one", "three"]
    assert await shown(bot) == second


async def test_a_card_in_pictures_is_changed_and_sent_anew_alike(
    bot: Rig, cards: Cards, far: Chat
) -> None:
    picture = {"file": "chart.png", "filename": "chart.png"}
    first = await cards.perform(card(far, "edit_media", "one", **picture), "i1.0")
    assert await cards.perform(card(far, "edit_media", "two", **picture), "i2.0") == first
    far.api.faults.add(Fault("editMessageMedia", 400, description=GONE))
    second = await cards.perform(card(far, "edit_media", "three", **picture), "i3.0")
    assert far.heard("alice") == ["two", "three"]
    assert await shown(bot) == second


async def test_text_takes_the_place_of_a_picture_in_a_new_message(
    bot: Rig, cards: Cards, far: Chat
) -> None:
    await cards.perform(card(far, "photo", "chart", file="chart.png"), "i1.0")
    second = await cards.perform(card(far, "edit", "text"), "i2.0")
    assert far.heard("alice") == ["chart", "text"]
    assert await shown(bot) == second


async def test_where_nothing_new_is_wanted_a_missing_card_is_let_go(
    cards: Cards, far: Chat
) -> None:
    assert await cards.perform(card(far, "edit", "one"), "o1", anew=False) is None
    await cards.perform(card(far, "send", "one"), "i1.0")
    far.api.faults.add(Fault("editMessageText", 400, description=GONE))
    assert await cards.perform(card(far, "edit", "two"), "o2", anew=False) is None
    assert far.heard("alice") == ["one"]


async def test_other_refusals_are_not_hidden(cards: Cards, far: Chat) -> None:
    await cards.perform(card(far, "send", "one"), "i1.0")
    far.api.faults.add(Fault("editMessageText", 500))
    with pytest.raises(SendError, match="unreachable"):
        await cards.perform(card(far, "edit", "two"), "i2.0")


async def test_deleting_a_card_is_just_deleting(cards: Cards, far: Chat) -> None:
    first = await cards.perform(card(far, "send", "one"), "i1.0")
    await cards.perform(card(far, "delete", "", message_id=first), "i2.0")
    assert far.heard("alice") == []
