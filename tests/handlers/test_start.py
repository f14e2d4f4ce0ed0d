"""Who gets in, and what a newcomer sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from domain.bots.models import BotConfig
from domain.risk.models import RiskSettings
from domain.settings.models import UserSettings
from domain.users import service as users
from domain.users.models import User
from tests.support.world import World, world


async def test_a_newcomer_gets_an_account_and_the_menu(w: World) -> None:
    alice = w.person("alice")
    said = await alice.sends("/start")
    assert "Welcome, Alice!" in said
    assert "10,000 USDT" in said
    async with w.database.read() as session:
        user = (await session.scalars(select(User))).one()
        assert (user.oauth_provider, user.oauth_id) == ("telegram", str(alice.id))
        assert user.email == f"telegram-{alice.id}@users.invalid"
        settings = (await session.scalars(select(UserSettings))).one()
        assert (settings.language, settings.timezone, settings.mode) == ("en", "UTC", "paper")
        assert settings.telegram_chat_id == alice.id
        assert (await session.scalars(select(RiskSettings))).one().max_leverage == 10
        assert (await session.scalars(select(BotConfig))).one().leverage == 5
    assert alice.button("Start a bot")


async def test_a_korean_newcomer_is_greeted_in_korean_and_seoul_time(w: World) -> None:
    minsu = w.person("민수", "ko")
    assert "환영합니다" in await minsu.sends("/start")
    assert "Asia/Seoul" in await minsu.sends("/settings")


async def test_starting_again_makes_no_second_account(w: World) -> None:
    alice = await w.trader("alice")
    assert "Welcome back, Alice" in await alice.sends("/start")
    async with w.database.read() as session:
        assert len((await session.scalars(select(User))).all()) == 1


async def test_a_suspended_user_gets_one_sentence_for_everything(w: World) -> None:
    alice = await w.trader("alice")
    async with w.database.write() as session:
        found = await users.by_telegram(session, alice.id)
        assert found is not None
        await users.suspend(session, found[0].id, w.wall.now())
    for command in ("/start", "/positions", "/start_bot", "/risk set max_leverage 50"):
        said = await alice.sends(command)
        assert "suspended" in said
        assert "Stops and targets" in said
    assert "suspended" in await alice.taps("Status")


async def test_a_stranger_is_told_how_to_register(w: World) -> None:
    stranger = w.person("stranger")
    for command in ("/positions", "/pnl", "/risk set max_leverage 5", "hello"):
        assert "/start" in await stranger.sends(command)
    assert "/backtest" in await stranger.sends("/help")


@pytest.mark.parametrize(
    ("registration", "typed", "let_in", "said"),
    [
        ("open", "/start", True, "Welcome"),
        ("invite", "/start", False, "invitation"),
        ("invite", "/start WRONG", False, "do not know this invitation"),
        ("invite", "/start MAGIC", True, "Welcome"),
        ("closed", "/start MAGIC", False, "closed"),
    ],
)
async def test_registration_is_what_the_operator_set(
    tmp_path: Path, registration: str, typed: str, let_in: bool, said: str
) -> None:
    async with world(tmp_path, registration=registration, invites="MAGIC") as w:
        alice = w.person("alice")
        assert said in await alice.sends(typed)
        async with w.database.read() as session:
            assert (await users.by_telegram(session, alice.id) is not None) == let_in


async def test_a_name_is_never_markup(w: World) -> None:
    eve = w.person("eve")
    w.chats.people.change_user("eve", {"first_name": "<b>Eve</b> {name}"})
    assert "<b>Eve</b> {name}" in await eve.sends("/start")
