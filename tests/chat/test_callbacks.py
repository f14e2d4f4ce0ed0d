"""A button works for the one it was made for, where it was made, while it lasts - and if it acts,
once.
"""

from __future__ import annotations

import asyncio
import base64
import string
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from domain.clock import ManualClock
from domain.database import Database
from domain.errors import DomainError
from handlers import callbacks
from handlers.callbacks import ACT_LIFETIME, SHOW_LIFETIME, Buttons, Tapped, open_shown
from tests.support.cipher import fresh_cipher
from tests.support.database import opened

ALICE, BOB, CHAT, OTHER_CHAT = 5, 6, 5, 7
CIPHER = fresh_cipher()
WALL = ManualClock(1_767_225_600_000)
WORDS = st.text(string.ascii_lowercase + string.digits + "_", max_size=12)


@pytest.fixture
def now() -> datetime:
    return WALL.now()


@pytest.fixture
async def database(tables_url: str) -> AsyncIterator[Database]:
    async with opened(tables_url) as database:
        yield database


def buttons(now: datetime, user: int = ALICE, chat: int = CHAT) -> Buttons:
    return Buttons(CIPHER, user, chat, now)


def test_what_a_showing_button_holds_comes_back(now: datetime) -> None:
    button = buttons(now).show("Next", "trades", 3, "BTC", style="primary")
    shown = open_shown(CIPHER, str(button.data), ALICE, CHAT, now)
    assert shown == Tapped("trades", {"0": 3, "1": "BTC"}, acts=False)
    assert (button.label, button.style) == ("Next", "primary")


@given(
    WORDS.filter(bool),
    st.lists(st.integers(-(10**6), 10**6) | WORDS, max_size=3),
    st.integers(1, 2**52),
    st.integers(-(2**52), 2**52),
)
def test_a_button_is_never_longer_than_telegram_allows(
    action: str, args: list[Any], user: int, chat: int
) -> None:
    maker = Buttons(CIPHER, user, chat, WALL.now())
    data = [maker.act("x", action, n=1).data, maker.act("x", action, urgent=True).data]
    with suppress(ValueError):  # refused when it is made, not when it is tapped
        data.append(maker.show("x", action, *args).data)
    assert all(len(str(one).encode()) <= 64 for one in data)


def test_a_showing_button_can_be_tapped_again_for_a_week(now: datetime) -> None:
    data = str(buttons(now).show("x", "status").data)
    for moment in (now, now, now + SHOW_LIFETIME - timedelta(hours=1)):
        assert open_shown(CIPHER, data, ALICE, CHAT, moment).action == "status"
    with pytest.raises(DomainError, match="button_expired"):
        open_shown(CIPHER, data, ALICE, CHAT, now + SHOW_LIFETIME + timedelta(hours=2))


def test_a_showing_button_is_nobody_elses(now: datetime) -> None:
    data = str(buttons(now).show("x", "status").data)
    for user, chat in ((BOB, CHAT), (ALICE, OTHER_CHAT), (BOB, OTHER_CHAT), (-ALICE, CHAT)):
        with pytest.raises(DomainError, match="button_invalid"):
            open_shown(CIPHER, data, user, chat, now)


@given(st.text(max_size=64))
def test_what_nobody_made_opens_nothing(data: str) -> None:
    with pytest.raises(DomainError, match="button_invalid"):
        open_shown(CIPHER, data, ALICE, CHAT, WALL.now())


def test_a_showing_button_with_one_bit_changed_opens_nothing(now: datetime) -> None:
    data = str(buttons(now).show("x", "status").data)
    raw = base64.urlsafe_b64decode(data[1:] + "=" * (-len(data[1:]) % 4))
    for place in range(len(raw)):
        forged = bytearray(raw)
        forged[place] ^= 1
        token = "s" + base64.urlsafe_b64encode(bytes(forged)).rstrip(b"=").decode()
        with pytest.raises(DomainError, match="button_invalid"):
            open_shown(CIPHER, token, ALICE, CHAT, now)
    with pytest.raises(DomainError, match="button_invalid"):
        open_shown(CIPHER, "x" + data[1:], ALICE, CHAT, now)


async def made(database: Database, now: datetime, **how: Any) -> str:
    maker = buttons(now)
    data = str(maker.act("Yes", "close", symbol="BTCUSDT", **how).data)
    assert maker.unsaved
    async with database.write() as session:
        await maker.save(session)
    assert not maker.unsaved
    return data


async def use(
    database: Database, data: str, now: datetime, user: int = ALICE, chat: int = CHAT
) -> Tapped:
    async with database.write() as session:
        return await callbacks.use(session, CIPHER, data, user, chat, now)


async def test_an_acting_button_works_once(database: Database, now: datetime) -> None:
    data = await made(database, now)
    assert callbacks.is_acting(data)
    assert not callbacks.is_urgent(data)
    assert await use(database, data, now) == Tapped("close", {"symbol": "BTCUSDT"}, acts=True)
    for _ in range(2):
        with pytest.raises(DomainError, match="button_used"):
            await use(database, data, now)


async def test_an_urgent_button_says_so(database: Database, now: datetime) -> None:
    data = await made(database, now, urgent=True)
    assert callbacks.is_acting(data)
    assert callbacks.is_urgent(data)


async def test_an_acting_button_lives_half_a_minute(database: Database, now: datetime) -> None:
    data = await made(database, now)
    with pytest.raises(DomainError, match="button_expired"):
        await use(database, data, now + ACT_LIFETIME)
    assert await use(database, data, now + ACT_LIFETIME - timedelta(seconds=1))


async def test_an_acting_button_is_nobody_elses(database: Database, now: datetime) -> None:
    data = await made(database, now)
    for user, chat in ((BOB, CHAT), (ALICE, OTHER_CHAT)):
        with pytest.raises(DomainError, match="button_invalid"):
            await use(database, data, now, user, chat)
        async with database.read() as session:
            assert await callbacks.peek(session, CIPHER, data, user, chat) is None
    async with database.read() as session:
        held = await callbacks.peek(session, CIPHER, data, ALICE, CHAT)
        assert held is not None
        assert held.action == "close"
    assert await use(database, data, now)


@pytest.mark.parametrize("data", ["a", "aaaa", "u" + "x" * 32, "a\u0000", "aé한"])
async def test_a_forged_acting_button_does_nothing(
    database: Database, now: datetime, data: str
) -> None:
    with pytest.raises(DomainError, match="button_invalid"):
        await use(database, data, now)


async def test_using_one_of_a_group_uses_all_of_it(database: Database, now: datetime) -> None:
    yes, no = await made(database, now, group="q1"), await made(database, now, group="q1")
    other = await made(database, now, group="q2")
    await use(database, yes, now)
    with pytest.raises(DomainError, match="button_used"):
        await use(database, no, now)
    assert await use(database, other, now)


async def test_another_users_group_of_the_same_name_is_another_group(
    database: Database, now: datetime
) -> None:
    mine = await made(database, now, group="q1")
    hers = buttons(now, user=BOB, chat=BOB)
    data = str(hers.act("Yes", "close", group="q1").data)
    async with database.write() as session:
        await hers.save(session)
    await use(database, mine, now)
    assert await use(database, data, now, BOB, BOB)


async def test_of_several_taps_at_once_one_counts(database: Database, now: datetime) -> None:
    yes, no = await made(database, now, group="q1"), await made(database, now, group="q1")
    results = await asyncio.gather(
        *(use(database, data, now) for data in (yes, no) * 5), return_exceptions=True
    )
    assert len([result for result in results if isinstance(result, Tapped)]) == 1
    assert {str(r) for r in results if not isinstance(r, Tapped)} == {"button_used"}


async def test_a_use_that_is_rolled_back_is_no_use(database: Database, now: datetime) -> None:
    data = await made(database, now)
    with suppress(RuntimeError):
        async with database.write() as session:
            await callbacks.use(session, CIPHER, data, ALICE, CHAT, now)
            raise RuntimeError
    assert await use(database, data, now)


async def test_the_table_does_not_hold_what_the_button_holds(
    database: Database, now: datetime
) -> None:
    data = await made(database, now)
    async with database.read() as session:
        rows = (await session.execute(text("SELECT * FROM callback_tokens"))).all()
    assert data[1:] not in str(rows)
