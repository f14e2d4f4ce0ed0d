"""Bringing a database to this program's schema, and refusing to run on another.

Alembic is imported only when something is to be done: a second start must be quick.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text

import migrations
from domain.database import Database
from domain.errors import DomainError

FOLDER = Path(migrations.__path__[0])
GIVEN = frozenset(
    {
        "users",
        "api_keys",
        "strategies",
        "trades",
        "positions",
        "bot_status",
        "bot_config",
        "risk_settings",
        "backtest_results",
        "trading_signals",
    }
)
"""The platform's tables: a database that has them and no version is adopted at revision 0001."""
_ADOPTED = "0001"
_LOCK = 5_387_112
"""Of PostgreSQL's advisory locks: only one process at a time changes the schema."""


def head() -> str:
    """The newest revision; files are named `<revision>_<slug>.py`."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))


def bring_up_to_date(url: str) -> str:
    """Create, adopt or upgrade; returns what was done: current, created, adopted or upgraded.

    Raises DomainError("schema_partial", missing) for a database with only some of the platform's
    tables,
    DomainError("schema_newer") for one that a newer program has changed,
    DomainError("positions_twice", rows) for one
    whose open positions contradict each other.
    """
    url = url.replace("sqlite+aiosqlite:", "sqlite:")
    file = _file_of(url)
    if file is not None and (not file.exists() or not file.stat().st_size):
        _create_file(file)
        return "created"
    engine = create_engine(url)
    try:
        with _alone(engine) as connection:
            found, tables = _version(connection), set(inspect(connection).get_table_names())
            adopt = found is None and bool(tables & GIVEN)
            if adopt:
                _check_adoptable(connection, tables)
            if found == head():
                return "current"
            if found is not None and found > head():
                raise DomainError("schema_newer", found=found, known=head())
            _upgrade(url, adopt=adopt)
            return "adopted" if adopt else "created" if not tables else "upgraded"
    finally:
        engine.dispose()


async def check_schema(database: Database) -> None:
    """Raises DomainError("schema_outdated" | "schema_newer", found, known)."""
    async with database.engine.connect() as connection:
        found = await connection.run_sync(_version)
    if found == head():
        return
    newer = found is not None and found > head()
    raise DomainError(
        "schema_newer" if newer else "schema_outdated", found=found or "-", known=head()
    )


def _file_of(url: str) -> Path | None:
    """The file of a SQLite address; None for memory and for PostgreSQL."""
    parsed = make_url(url)
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name.startswith((":", "file:")):
        return None
    return Path(name)


def _create_file(file: Path) -> None:
    """Made whole under another name: a start that is killed leaves no half a schema behind."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        _upgrade(f"sqlite:///{fresh}", adopt=False)
        with suppress(FileNotFoundError):
            if not file.stat().st_size:
                file.unlink()
        with suppress(FileExistsError):  # another process of ours was quicker
            os.link(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A connection; on PostgreSQL whoever else would change the schema waits until it is closed."""
    postgres = engine.dialect.name == "postgresql"
    options = {"isolation_level": "AUTOCOMMIT"} if postgres else {}
    with engine.connect().execution_options(**options) as connection:
        if postgres:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        yield connection


def _upgrade(url: str, *, adopt: bool) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config: Any = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    if adopt:
        command.stamp(config, _ADOPTED)
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _check_adoptable(connection: Connection, tables: set[str]) -> None:
    missing = sorted(GIVEN - tables)
    if missing:
        raise DomainError("schema_partial", missing=", ".join(missing))
    twice = connection.execute(
        text(
            "SELECT user_id, symbol, side FROM positions GROUP BY user_id, symbol, side"
            " HAVING count(*) > 1 LIMIT 5"
        )
    ).all()
    if twice:
        rows = "; ".join(f"user {row.user_id} {row.symbol} {row.side}" for row in twice)
        raise DomainError("positions_twice", rows=rows)
