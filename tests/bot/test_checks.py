"""The doctor says what is wrong and what to do, and shows no secret."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import create_engine, text

from bot import checks
from bot.migrations import bring_up_to_date, head
from bot.settings import Settings, load
from domain.bots.models import Panic
from domain.clock import SystemClock
from domain.database import Database
from domain.risk import kills
from domain.risk.kills import ALL, Target
from tests.support.ports import kept_port
from tests.support.trading import add_user

TOKEN = "7000000003:very-secret"


def settings(folder: Path, **more: Any) -> Settings:
    return load(data_dir=folder, market="simulated", **more)


async def test_a_fresh_machine_is_fine(tmp_path: Path) -> None:
    found = await checks.run_all(settings(tmp_path), online=False)
    assert [finding.level for finding in found] == ["ok"] * 5


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    finding = await checks.data_dir(settings(tmp_path / "file"))
    assert (finding.level, finding.do) == ("problem", "set LEVERFRAME_DATA_DIR")


async def test_a_key_that_others_may_read_is_a_problem(tmp_path: Path) -> None:
    key = tmp_path / "secret.key"
    key.write_text("x")
    key.chmod(0o600)
    assert (await checks.key_file(settings(tmp_path))).level == "warning"
    key.chmod(0o644)
    finding = await checks.key_file(settings(tmp_path))
    assert (finding.level, finding.do) == ("problem", f"chmod 600 {key}")


async def test_a_shared_database_needs_a_key_from_the_environment(tmp_path: Path) -> None:
    shared = settings(tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none")
    assert (await checks.key_file(shared)).level == "problem"
    finding = await checks.database(shared)
    assert (finding.level, finding.do) == ("problem", "LEVERFRAME_DATABASE_URL")


async def test_what_operators_have_stopped_is_said(tmp_path: Path) -> None:
    configured = settings(tmp_path)
    bring_up_to_date(configured.sqlalchemy_url)
    assert (await checks.stopped(configured)).level == "ok"
    database = Database(configured.sqlalchemy_url)
    operator = await add_user(database, "olga")
    async with database.write() as session:
        await kills.place(session, Target(ALL), operator, SystemClock().now())
        session.add(
            Panic(user_id=operator, mode="live", state="closing", begun_at=SystemClock().now())
        )
    await database.close()
    finding = await checks.stopped(configured)
    assert finding.level == "warning"
    assert "all stopped since" in finding.said
    assert "still being closed: 1" in finding.said


@pytest.mark.parametrize(
    ("revision", "level", "do"),
    [(head(), "ok", ""), ("0001", "ok", "leverframe migrate"), ("9999", "problem", "update")],
)
async def test_the_schema_is_looked_at(tmp_path: Path, revision: str, level: str, do: str) -> None:
    configured = settings(tmp_path)
    await asyncio.to_thread(bring_up_to_date, configured.sqlalchemy_url)
    engine = create_engine(configured.sqlalchemy_url.replace("+aiosqlite", ""))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision})
    engine.dispose()
    finding = await checks.database(configured)
    assert (finding.level, finding.do[: len(do)]) == (level, do)


async def test_missing_candle_files_are_named(tmp_path: Path) -> None:
    configured = load(data_dir=tmp_path, market="file:/nowhere/a.csv,/nowhere/b.csv")
    finding = await checks.market(configured)
    assert (finding.level, finding.said) == ("problem", "missing: a.csv, b.csv")


@pytest.mark.parametrize(
    ("body", "level", "said"),
    [
        ('{"ok": true, "result": {"username": "lever_bot"}}', "ok", "@lever_bot"),
        ('{"ok": false}', "problem", "the token is not accepted"),
        ("<html>", "problem", "no answer (JSONDecodeError)"),
    ],
)
async def test_the_token_is_tried(tmp_path: Path, body: str, level: str, said: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        late = SystemClock().now() - timedelta(seconds=30)
        return web.Response(text=body, headers={"Date": format_datetime(late, usegmt=True)})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(app) as server:
        configured = settings(
            tmp_path, telegram_token=TOKEN, telegram_api_url=str(server.make_url("")).rstrip("/")
        )
        finding = await checks.token(configured)
        assert (finding.level, finding.said) == (level, said)
        assert (await checks.clock(configured)).level == "problem"


async def test_an_api_that_does_not_answer_is_said_without_the_token(
    tmp_path: Path,
) -> None:
    with kept_port() as port:
        api = f"http://127.0.0.1:{port}"
        found = await checks.run_all(
            settings(tmp_path, telegram_token=TOKEN, telegram_api_url=api), online=True
        )
    assert {f.name: f.level for f in found}["Telegram"] == "problem"
    assert TOKEN not in str(found)


async def test_without_a_token_it_is_said_where_to_get_one(tmp_path: Path) -> None:
    finding = await checks.token(settings(tmp_path))
    assert "BotFather" in finding.do


@pytest.mark.parametrize(("apart", "level"), [(0.5, "ok"), (-3.5, "warning"), (40.0, "problem")])
def test_a_clock_that_is_off_is_told_by_how_much(apart: float, level: str) -> None:
    now = SystemClock().now()
    assert checks.skew(now + timedelta(seconds=apart), now).level == level
