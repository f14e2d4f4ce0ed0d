"""Accounts and preferences, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.database import Database
from domain.errors import DomainError
from domain.settings import service as settings
from domain.settings.models import UserSettings
from domain.users import service as users
from domain.users.models import User
from tests.support.database import opened

AT = datetime(2026, 1, 1, tzinfo=UTC)
ALICE = users.ChatPerson(77, 77, "Alice", "ko", "Asia/Seoul")


@pytest.fixture
async def database(tables_url: str) -> AsyncIterator[Database]:
    async with opened(tables_url) as made:
        yield made


async def test_a_chat_person_becomes_an_account_once(database: Database) -> None:
    for moved in (ALICE, replace(ALICE, chat_id=78, name="Someone else", language="en")):
        async with database.write() as session:
            user, preferences = await users.register(session, moved, now=AT, exchange="bitget")
    assert (user.name, user.email, user.role) == ("Alice", "telegram-77@users.invalid", "user")
    assert (preferences.language, preferences.timezone) == ("ko", "Asia/Seoul")
    assert preferences.telegram_chat_id == 78, "the chat that is written to follows"
    async with database.read() as session:
        assert await users.by_telegram(session, 77) is not None
        assert await users.by_telegram(session, 78) is None


async def test_coming_back_lifts_the_block_of_a_chat(database: Database) -> None:
    async with database.write() as session:
        _, preferences = await users.register(session, ALICE, now=AT)
        preferences.chat_blocked = True
    async with database.write() as session:
        _, preferences = await users.register(session, ALICE, now=AT)
    assert not preferences.chat_blocked


async def test_an_account_of_another_program_is_taken_over(database: Database) -> None:
    async with database.write() as session:
        session.add(User(email="a@b.invalid", name="Web", oauth_provider="telegram", oauth_id="77"))
    async with database.write() as session:
        user, _ = await users.register(session, ALICE, now=AT)
    assert (user.email, user.name) == ("a@b.invalid", "Web")


async def test_an_operator_is_made_by_the_settings_and_names_are_cut(database: Database) -> None:
    async with database.write() as session:
        long = replace(ALICE, name="x" * 300)
        user, _ = await users.register(session, long, now=AT, admin=True)
    assert user.is_admin
    assert user.name == "x" * 100


async def test_suspending_keeps_its_first_time_and_can_be_lifted(database: Database) -> None:
    async with database.write() as session:
        user, _ = await users.register(session, ALICE, now=AT)
        await users.suspend(session, user.id, AT)
        await users.suspend(session, user.id, AT + timedelta(days=1))
        assert (user.suspended_at, user.is_suspended) == (AT, True)
        await users.unsuspend(session, user.id)
        assert not user.is_suspended


async def test_roles_are_checked(database: Database) -> None:
    async with database.write() as session:
        user, _ = await users.register(session, ALICE, now=AT)
        assert (await users.set_role(session, user.id, "admin")).is_admin
        with pytest.raises(DomainError, match="unknown_role"):
            await users.set_role(session, user.id, "emperor")
        with pytest.raises(DomainError, match="unknown_user"):
            await users.set_role(session, 999, "user")


async def test_language_and_time_zone_are_stored(database: Database) -> None:
    async with database.write() as session:
        user, preferences = await users.register(session, ALICE, now=AT)
        await settings.set_language(session, preferences, "en", ("en", "ko"))
        assert await settings.set_timezone(session, preferences, "new york") == "America/New_York"
        with pytest.raises(DomainError, match="unknown_language"):
            await settings.set_language(session, preferences, "xx", ("en", "ko"))
    async with database.read() as session:
        row = await session.get_one(UserSettings, user.id)
    assert (row.language, row.timezone) == ("en", "America/New_York")


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("seoul", "Asia/Seoul"),
        ("ASIA/TOKYO", "Asia/Tokyo"),
        ("  Los   Angeles ", "America/Los_Angeles"),
        ("utc", "UTC"),
        ("Etc/GMT-9", "Etc/GMT-9"),
    ],
)
def test_time_zones_by_name_or_city(typed: str, zone: str) -> None:
    assert settings.timezone_of(typed) == zone


@pytest.mark.parametrize("typed", ["", "Atlantis", "../../etc/passwd", "gmt-99", "x" * 500])
def test_what_is_no_time_zone(typed: str) -> None:
    with pytest.raises(DomainError, match="unknown_timezone") as caught:
        settings.timezone_of(typed)
    assert len(str(caught.value.params["timezone"])) <= 40
