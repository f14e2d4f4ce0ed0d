"""What the doctor says of a key, and the QR code of a secret."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.adapters.key_file import KEY_FILE, KeyFileCipher, key_from_file
from bot.key_checks import judged, run
from bot.migrations import bring_up_to_date
from bot.settings import Settings, load
from bot.workers import qr
from domain.database import Database
from domain.keys import vault
from domain.keys.models import ApiKey
from domain.keys.ports import MANAGE, READ, TRADE, WITHDRAW, Credentials, KeyFacts
from domain.users.models import User

EMAIL = "alice@example.org"
BOUND = ("203.0.113.7",)


@pytest.mark.parametrize(
    ("facts", "level", "do"),
    [
        (KeyFacts("classic", (READ, TRADE), BOUND, "one_way"), "ok", ""),
        (KeyFacts("classic", (READ, TRADE), (), "hedge"), "warning", "bind it"),
        (KeyFacts("unified", (READ, TRADE, MANAGE), BOUND), "warning", "accept"),
        (KeyFacts("unified", (READ, TRADE, WITHDRAW), BOUND), "problem", "make another"),
    ],
)
def test_the_worst_comes_first(facts: KeyFacts, level: str, do: str) -> None:
    found = judged("key", facts)
    assert found.level == level
    assert do in found.do


async def prepared(folder: Path) -> Settings:
    settings = load(data_dir=folder, market="simulated")
    await asyncio.to_thread(bring_up_to_date, settings.sqlalchemy_url)
    key_from_file(folder)
    database = Database(settings.sqlalchemy_url)
    async with database.write() as session:
        session.add(User(id=1, email=EMAIL))
    await database.close()
    return settings


async def test_nobody_and_nothing_are_said_to_be_that(tmp_path: Path) -> None:
    settings = await prepared(tmp_path)
    (nobody,) = await run(settings, "nobody@example.org")
    assert nobody.level == "problem"
    (nothing,) = await run(settings, EMAIL)
    assert nothing.said == "none is connected"


async def test_a_row_that_was_changed_is_not_shown_to_the_exchange(tmp_path: Path) -> None:
    settings = await prepared(tmp_path)
    cipher = KeyFileCipher(tmp_path / KEY_FILE)
    database = Database(settings.sqlalchemy_url)
    async with database.write() as session:
        for binding in ("0" * 64, None):
            row = ApiKey(user_id=1)
            vault.fill(cipher, row, Credentials("bitget", False, "bg_0123456789abcdef", "s", "p"))
            row.binding = binding
            session.add(row)
    await database.close()
    found = await run(settings, EMAIL)
    assert [(each.level, each.said) for each in found] == [
        ("problem", "key_tampered"),
        ("problem", "key_unconfirmed"),
    ]


def test_a_qr_code_is_a_png() -> None:
    drawn = qr.png("otpauth://totp/Leverframe:alice?secret=ABC&issuer=Leverframe")
    assert drawn.startswith(b"\x89PNG")
