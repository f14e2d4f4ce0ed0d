"""The bot's own affairs: commands menu by language and scope, texts, menu button."""

from __future__ import annotations

import pytest
from telegram import (
    Bot,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    MenuButtonCommands,
    MenuButtonWebApp,
    WebAppInfo,
)
from telegram.error import BadRequest

from bot.sandbox.world import ChatWorld
from tests.sandbox.people import speaks


def menu(world: ChatWorld, chat_id: int, language: str) -> list[str]:
    bot = world.main_bot()
    assert bot is not None
    return [command["command"] for command in bot.menu(chat_id, language)]


async def test_a_user_sees_the_most_special_menu_in_their_language(
    world: ChatWorld, bot: Bot
) -> None:
    alice, bob = speaks(world, "alice"), speaks(world, "bob")
    await bot.set_my_commands([("start", "Menu")])
    await bot.set_my_commands([("start", "메뉴"), ("status", "상태")], language_code="ko")
    await bot.set_my_commands([("admin", "Operator")], scope=BotCommandScopeChat(bob))
    await bot.set_my_commands([("signals", "Signals")], scope=BotCommandScopeAllGroupChats())
    assert menu(world, alice, "de") == ["start"]
    assert menu(world, alice, "ko-KR") == ["start", "status"]
    assert menu(world, bob, "ko") == ["admin"]
    assert menu(world, -1, "en") == ["signals"]
    assert [c.command for c in await bot.get_my_commands(language_code="ko")] == ["start", "status"]
    await bot.delete_my_commands(language_code="ko")
    assert menu(world, alice, "ko") == ["start"]


@pytest.mark.parametrize(
    "command", [("Bad Name", "x"), ("x" * 33, "x"), ("ok", ""), ("ok", "x" * 257)]
)
async def test_commands_that_telegram_refuses_are_refused(
    bot: Bot, command: tuple[str, str]
) -> None:
    with pytest.raises(BadRequest, match=r"(?i)bot_command"):
        await bot.set_my_commands([command])


async def test_texts_come_back_in_their_language(bot: Bot) -> None:
    await bot.set_my_description("Trades for you")
    await bot.set_my_description("대신 거래합니다", language_code="ko")
    await bot.set_my_short_description("Bot")
    await bot.set_my_name("Lev")
    assert (await bot.get_my_description()).description == "Trades for you"
    assert (await bot.get_my_description("ko")).description == "대신 거래합니다"
    assert (await bot.get_my_short_description("ko")).short_description == "Bot"
    assert (await bot.get_my_name()).name == "Lev"
    assert (await bot.get_me()).first_name == "Lev"
    with pytest.raises(BadRequest, match="too long"):
        await bot.set_my_short_description("x" * 121)


async def test_the_menu_button_is_kept_per_chat(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    button = MenuButtonWebApp("Open", WebAppInfo("https://x.org"))
    await bot.set_chat_menu_button(alice, button)
    assert await bot.get_chat_menu_button(alice) == button
    assert await bot.get_chat_menu_button() == MenuButtonCommands()


async def test_chats_and_members_are_described(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    group = world.people.change_group("desk", {"members": ["alice"], "title": "The desk"})
    bob = world.people.user("bob").id
    assert (await bot.get_chat(alice)).username == "alice"
    assert (await bot.get_chat(group.id)).title == "The desk"
    assert (await bot.get_chat_member(group.id, alice)).status == "member"
    assert (await bot.get_chat_member(group.id, bob)).status == "left"
    assert (await bot.get_chat_member(group.id, bot.id)).status == "member"
    with pytest.raises(BadRequest, match=r"[Ii]nvalid user_id"):
        await bot.get_chat_member(group.id, 1)


async def test_there_is_nothing_to_log_out_of(bot: Bot) -> None:
    assert await bot.log_out()
    assert await bot.close()
