"""A new master key while the bot runs: nothing is lost, nothing stays under the old one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from bot.adapters.fernet_cipher import FernetCipher
from bot.adapters.key_file import KeyFileCipher, keep_newest, key_from_file, put_in_front
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.cipher import Cipher
from domain.clock import ManualClock
from domain.database import Database
from domain.errors import DomainError
from domain.jobs.service import TableQueue
from domain.keys import rotation, service, vault
from domain.keys.models import ApiKey
from domain.keys.ports import Credentials
from domain.users.models import User
from tests.support.database import opened

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
WALL = ManualClock(1_767_225_600_000)
USERS = rotation.BATCH * 2 + 7


@pytest.fixture
async def database(tables_url: str) -> AsyncIterator[Database]:
    async with opened(tables_url) as database:
        await filled(database, FernetCipher(OLD))
        yield database


async def filled(database: Database, cipher: Cipher) -> None:
    """Users with a second factor, a key and an open form each."""
    async with database.write() as session:
        session.add_all(
            User(id=number, email=f"{number}@x", totp_secret=cipher.encrypt(f"totp {number}"))
            for number in range(1, USERS + 1)
        )
        await session.flush()
        for number in range(1, USERS + 1):
            row = ApiKey(user_id=number)
            vault.fill(cipher, row, Credentials("bitget", False, f"key-{number}", "s", "p"))
            session.add(row)
            form = OpenForm("setting", "x", {"n": number})
            await forms.ask(session, cipher, number, form, WALL.now())


async def test_everything_is_renewed_and_readable_with_the_new_key_alone(
    database: Database,
) -> None:
    done = await rotation.renew_all(database, FernetCipher(f"{NEW},{OLD}"))
    assert (done.renewed, done.unreadable) == (USERS * 3, 0)
    alone = FernetCipher(NEW)
    async with database.read() as session:
        for row in await session.scalars(select(ApiKey)):
            assert service.trusted(alone, row).api_key == f"key-{row.user_id}"
        for user in await session.scalars(select(User)):
            assert alone.decrypt(user.totp_secret or "") == f"totp {user.id}"
        form = await forms.waiting(session, alone, 5, WALL.now())
    assert form is not None
    assert form.answers == {"n": 5}
    again = await rotation.renew_all(database, FernetCipher(f"{NEW},{OLD}"))
    assert again.renewed == 0


async def test_a_binding_that_does_not_fit_is_not_mended(database: Database) -> None:
    async with database.write() as session:
        row = await session.get_one(ApiKey, 3)
        row.user_id = 4
        imported = await session.get_one(ApiKey, 5)
        imported.binding = None
    cipher = FernetCipher(f"{NEW},{OLD}")
    await rotation.renew_all(database, cipher)
    async with database.read() as session:
        with pytest.raises(DomainError, match="key_tampered"):
            service.trusted(cipher, await session.get_one(ApiKey, 3))
        with pytest.raises(DomainError, match="key_unconfirmed"):
            service.trusted(cipher, await session.get_one(ApiKey, 5))


async def test_what_nobody_can_read_is_counted_and_left(database: Database) -> None:
    async with database.write() as session:
        (await session.get_one(User, 9)).totp_secret = "from another program"
    done = await rotation.renew_all(database, FernetCipher(f"{NEW},{OLD}"))
    assert done.unreadable == 1
    async with database.read() as session:
        assert (await session.get_one(User, 9)).totp_secret == "from another program"


async def test_a_bot_that_runs_goes_on_writing_and_reading_meanwhile(
    tables_url: str, tmp_path: Path
) -> None:
    """It reads its key file again; whatever it writes at any moment can be read at the end."""
    key_from_file(tmp_path)
    path = tmp_path / "secret.key"
    running = KeyFileCipher(path)
    async with opened(tables_url) as database:
        await filled(database, running)
        queue = TableQueue(WALL)
        began, stop = asyncio.Event(), asyncio.Event()

        async def works() -> None:
            done = 0
            while not stop.is_set():
                async with database.write() as session:
                    user_id = done % USERS + 1
                    credentials = Credentials("bitget", True, f"more-{done}", "s", "p")
                    await service.add(session, running, queue, user_id, credentials, WALL.now())
                async with database.read() as session:
                    row = await session.get_one(ApiKey, done % USERS + 1)
                    assert service.trusted(running, row).api_key == f"key-{row.user_id}"
                done += 1
                began.set()
                await asyncio.sleep(0)

        working = asyncio.create_task(works())
        await began.wait()
        put_in_front(path)
        await rotation.renew_all(database, KeyFileCipher(path))
        stop.set()
        await working
        assert (await rotation.renew_all(database, KeyFileCipher(path))).renewed == 0
        assert keep_newest(path) == 1
        alone = KeyFileCipher(path)
        async with database.read() as session:
            rows = (await session.scalars(select(ApiKey))).all()
            assert all(vault.is_bound(alone, row) for row in rows)
            assert {vault.read(alone, row).secret for row in rows} == {"s"}
