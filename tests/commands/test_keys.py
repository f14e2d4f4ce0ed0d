"""`leverframe keys`, `admin` and `doctor --user`, as an operator runs them beside the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.key_file import KEY_FILE, KeyFileCipher, key_from_file, put_in_front
from bot.cli import main
from bot.migrations import bring_up_to_date
from domain.audit import service as audit
from domain.clock import SystemClock
from domain.database import Database
from domain.keys import vault
from domain.keys.models import ApiKey
from domain.keys.ports import Credentials
from domain.risk import kills
from domain.users.models import User

EMAIL = "alice@example.org"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a user who has a key and a second factor."""
    monkeypatch.setenv("LEVERFRAME_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LEVERFRAME_MARKET", "simulated")
    key_from_file(tmp_path)
    cipher = KeyFileCipher(tmp_path / KEY_FILE)
    bring_up_to_date(url(tmp_path))

    async def fill(session: AsyncSession) -> None:
        user = User(id=1, email=EMAIL, is_2fa_enabled=True, totp_secret=cipher.encrypt("ABC"))
        session.add(user)
        await session.flush()
        row = ApiKey(user_id=1)
        vault.fill(cipher, row, Credentials("bitget", False, "bg_0123456789abcdef", "s", "p"))
        session.add(row)
        audit.record(session, "did", actor="user:1", at=SystemClock().now())

    written(tmp_path, fill)
    return tmp_path


def url(data: Path) -> str:
    return f"sqlite+aiosqlite:///{data / 'leverframe.db'}"


def written(data: Path, work: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """In a unit of work of its own."""

    async def run() -> None:
        database = Database(url(data))
        async with database.write() as session:
            await work(session)
        await database.close()

    asyncio.run(run())


def token(data: Path) -> str:
    """The key's ciphertext as it rests."""
    found: list[str] = []

    async def look(session: AsyncSession) -> None:
        found.append((await session.get_one(ApiKey, 1)).encrypted_api_key)

    written(data, look)
    return found[0]


def test_a_rotation_puts_a_new_key_in_front_and_finishes_in_a_second_step(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, old = token(data), (data / KEY_FILE).read_text()
    assert main(["keys", "rotate"]) == 0
    assert "2 made anew" in capsys.readouterr().out
    assert token(data) != before
    newest, kept = (data / KEY_FILE).read_text().split(",")
    assert kept == old.strip()
    assert main(["keys", "rotate", "--finish"]) == 0
    assert "1 older keys forgotten" in capsys.readouterr().out
    assert (data / KEY_FILE).read_text() == newest
    assert (data / KEY_FILE).stat().st_mode & 0o077 == 0
    assert KeyFileCipher(data / KEY_FILE).decrypt(token(data)) == "bg_0123456789abcdef"


def test_a_rotation_that_was_cut_off_is_taken_up_without_another_key(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_in_front(data / KEY_FILE)
    assert main(["keys", "rotate", "--finish"]) == 1
    assert "older key" in capsys.readouterr().err
    assert main(["keys", "rotate", "--finish"]) == 0, "that run has made everything anew"


def test_the_audit_log_is_verified_and_tampering_found(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "audit", "--verify"]) == 0
    head = capsys.readouterr().out.split()[-1]
    assert main(["admin", "audit", "--verify", "--contains", head]) == 0
    assert main(["admin", "audit", "--verify", "--contains", "0" * 64]) == 1

    async def tamper(session: AsyncSession) -> None:
        await session.execute(text("UPDATE audit_log SET action = 'did not' WHERE id = 1"))

    written(data, tamper)
    assert main(["admin", "audit", "--verify"]) == 1
    assert "entry 1 was changed" in capsys.readouterr().out


def test_a_second_factor_is_reset_for_a_known_address_only(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "reset-2fa", "--user", "nobody@example.org"]) == 1
    assert "Nobody has the address" in capsys.readouterr().err
    assert main(["admin", "reset-2fa", "--user", EMAIL]) == 0
    seen: list[bool] = []

    async def look(session: AsyncSession) -> None:
        seen.append((await session.get_one(User, 1)).is_2fa_enabled)

    written(data, look)
    assert seen == [False]


def test_an_operator_stops_everybody_and_lets_them_go_on_without_the_chat(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stops = ["admin", "kill", "all", "--by", EMAIL]
    assert main(stops) == 1, "not an operator"

    async def promote(session: AsyncSession) -> None:
        (await session.get_one(User, 1)).role = "admin"

    async def stopped(session: AsyncSession) -> None:
        found.append([each.target for each in await kills.standing(session)])

    found: list[list[str]] = []
    written(data, promote)
    for task, words in (
        ("kill", ["all"]),
        ("kill", ["user", EMAIL]),
        ("kill", ["symbol", "ethusdt"]),
        ("unkill", ["all"]),
    ):
        assert main(["admin", task, *words, "--by", EMAIL]) == 0
        written(data, stopped)
    assert found == [
        ["all"],
        ["all", "user:1"],
        ["all", "user:1", "symbol:ETHUSDT"],
        ["user:1", "symbol:ETHUSDT"],
    ]
    assert main(["admin", "unkill", "all", "--by", EMAIL]) == 1
    assert main(["admin", "kill", "symbol", "--by", EMAIL]) == 1
    assert main(["admin", "audit", "--verify"]) == 0
    assert "5 entries" in capsys.readouterr().out
