"""A database is brought to this program's schema, or left alone with a reason."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, select, text

from bot.migrations import FOLDER, GIVEN, bring_up_to_date, check_schema, head
from domain.database import Database
from domain.errors import DomainError
from domain.models import Base, backtests, bots, keys, risk, signals, strategies, trading, users
from tests.migrations import given


def sync(url: str) -> str:
    return url.replace("sqlite+aiosqlite", "sqlite")


def tables(url: str) -> set[str]:
    engine = create_engine(sync(url))
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def columns(url: str, names: frozenset[str]) -> dict[str, list[str]]:
    engine = create_engine(sync(url))
    try:
        found = inspect(engine)
        return {name: [c["name"] for c in found.get_columns(name)] for name in sorted(names)}
    finally:
        engine.dispose()


def alembic(url: str, action: str, revision: str) -> None:
    config: Any = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", sync(url).replace("%", "%%"))
    getattr(command, action)(config, revision)


def test_an_empty_database_is_filled_and_then_left_alone(database_url: str) -> None:
    assert bring_up_to_date(database_url) == "created"
    assert tables(database_url) >= set(Base.metadata.tables)
    assert bring_up_to_date(database_url) == "current"


def test_what_is_up_to_date_needs_no_alembic(sqlite_url: str) -> None:
    """A second start must be quick."""
    bring_up_to_date(sqlite_url)
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if "alembic" in name}
    try:
        assert bring_up_to_date(sqlite_url) == "current"
        assert not [name for name in sys.modules if "alembic" in name]
    finally:
        sys.modules.update(loaded)


def test_a_first_start_that_was_killed_leaves_nothing_half_done(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """Not caught by anybody."""

    def killed(*_: Any) -> None:
        raise KilledError

    upgrade = command.upgrade

    def half(config: Config, _revision: str) -> None:
        upgrade(config, "0001")
        killed()

    monkeypatch.setattr(command, "upgrade", half)
    with pytest.raises(KilledError):
        bring_up_to_date(sqlite_url)
    monkeypatch.setattr(command, "upgrade", upgrade)
    assert not list(tmp_path.iterdir())
    assert bring_up_to_date(sqlite_url) == "created"
    assert bring_up_to_date(sqlite_url) == "current"


def test_an_older_schema_is_upgraded_with_its_rows(database_url: str) -> None:
    alembic(database_url, "upgrade", "0003")
    engine = create_engine(sync(database_url))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO users (email) VALUES ('a@x')"))
    engine.dispose()
    assert bring_up_to_date(database_url) == "upgraded"
    engine = create_engine(sync(database_url))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT email FROM users")) == "a@x"
    engine.dispose()


def test_down_to_nothing_and_up_again(database_url: str) -> None:
    bring_up_to_date(database_url)
    before = columns(database_url, frozenset(Base.metadata.tables))
    alembic(database_url, "downgrade", "base")
    assert tables(database_url) <= {"alembic_version"}
    alembic(database_url, "upgrade", "head")
    assert columns(database_url, frozenset(Base.metadata.tables)) == before


def test_the_models_and_the_migrations_say_the_same(database_url: str) -> None:
    bring_up_to_date(database_url)
    config: Any = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", sync(database_url).replace("%", "%%"))
    command.check(config)


def test_a_database_of_a_newer_program_is_refused(database_url: str) -> None:
    bring_up_to_date(database_url)
    mark(database_url, "9999")
    with pytest.raises(DomainError, match="schema_newer") as refused:
        bring_up_to_date(database_url)
    assert refused.value.params == {"found": "9999", "known": head()}


def mark(url: str, revision: str) -> None:
    engine = create_engine(sync(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": revision})
    engine.dispose()


async def test_the_service_runs_on_its_own_schema_only(database_url: str) -> None:
    database = Database(database_url)
    try:
        with pytest.raises(DomainError, match="schema_outdated") as refused:
            await check_schema(database)
        assert refused.value.params == {"found": "-", "known": head()}
        await asyncio.to_thread(bring_up_to_date, database_url)
        await check_schema(database)
        mark(database_url, "0001")
        with pytest.raises(DomainError, match="schema_outdated") as refused:
            await check_schema(database)
        assert refused.value.params == {"found": "0001", "known": head()}
        mark(database_url, "9999")
        with pytest.raises(DomainError, match="schema_newer"):
            await check_schema(database)
    finally:
        await database.close()


def test_a_database_with_only_some_of_the_platforms_tables_is_refused(pg_url: str) -> None:
    given.make(pg_url)
    given.run(pg_url, "DROP TABLE trading_signals; DROP TABLE bot_config")
    with pytest.raises(DomainError, match="schema_partial") as refused:
        bring_up_to_date(pg_url)
    assert refused.value.params["missing"] == "bot_config, trading_signals"
    assert "inbox" not in tables(pg_url)


def test_open_positions_that_contradict_each_other_are_named(pg_url: str) -> None:
    given.make(pg_url)
    given.run(
        pg_url,
        "INSERT INTO positions (user_id, symbol, entry_price, size, side)"
        " VALUES (1, 'BTCUSDT', 1, 1, 'long')",
    )
    with pytest.raises(DomainError, match="positions_twice") as refused:
        bring_up_to_date(pg_url)
    assert refused.value.params["rows"] == "user 1 BTCUSDT long"
    assert "inbox" not in tables(pg_url)


def test_the_platforms_database_is_adopted_and_its_rows_stay_what_they_were(pg_url: str) -> None:
    given.make(pg_url)
    before = columns(pg_url, GIVEN)
    rows = given.snapshot(pg_url, before)
    assert all(rows.values()), "a table without a row proves nothing"
    assert bring_up_to_date(pg_url) == "adopted"
    assert given.snapshot(pg_url, before) == rows
    after = columns(pg_url, GIVEN)
    assert all(after[name][: len(before[name])] == before[name] for name in before)
    assert bring_up_to_date(pg_url) == "current"


def test_other_programs_go_on_writing_to_an_adopted_database(pg_url: str) -> None:
    given.make(pg_url, rows=False)
    bring_up_to_date(pg_url)
    given.run(pg_url, given.ROWS)
    given.run(pg_url, "UPDATE trades SET exit_reason = 'stop_loss'::exitreason")


async def test_our_models_read_an_adopted_database(pg_url: str) -> None:
    given.make(pg_url)
    await asyncio.to_thread(bring_up_to_date, pg_url)
    database = Database(pg_url)
    async with database.read() as session:
        ann = await session.get_one(users.User, 1)
        assert (ann.email, ann.is_admin, ann.is_suspended) == ("ann@example.com", True, False)
        assert ann.created_at.isoformat() == "2026-01-02T03:04:05+00:00"
        first, second = await session.scalars(select(trading.Trade).order_by(trading.Trade.id))
        assert (first.entry_price, first.pnl) == (Decimal("60123.12345678"), Decimal("0.10956790"))
        assert first.exit_reason.value == "take_profit"
        assert (second.pnl, second.exit_price) == (Decimal("-9999999999.99999999"), None)
        long, short = await session.scalars(select(trading.Position).order_by(trading.Position.id))
        assert (long.side, long.mode, short.side) == ("long", "live", "short")
        mine = await session.get_one(strategies.Strategy, 2)
        assert mine.params == {"length": 14, "on": True}
        assert (await session.get_one(bots.BotStatus, 1)).is_running
        assert (await session.scalars(select(risk.RiskSettings))).one().daily_loss_limit == 250.5
        signal = (await session.scalars(select(signals.TradingSignal))).one()
        assert signal.indicators == {"rsi": 28.5}
        result = (await session.scalars(select(backtests.BacktestResult))).one()
        assert result.metrics is not None
        assert (await session.scalars(select(keys.ApiKey))).one().binding is None
    await database.close()


def test_two_processes_that_migrate_at_once_do_not_hurt_each_other(database_url: str) -> None:
    script = f"from bot.migrations import bring_up_to_date as b; print(b({database_url!r}))"
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[0].strip() for process in both]
    assert set(said) <= {"created", "current"}
    assert bring_up_to_date(database_url) == "current"
