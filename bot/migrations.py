"""Bringing a database to this program's schema, and refusing to run on another.

Alembic is imported only when something is to be done: a second start must be quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, inspect, text

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
    engine = create_engine(url.replace("sqlite+aiosqlite:", "sqlite:"))
    try:
        with engine.connect() as connection:
            found, tables = _version(connection), set(inspect(connection).get_table_names())
            if found is None and tables & GIVEN:
                _check_adoptable(connection, tables)
    finally:
        engine.dispose()
    if found == head():
        return "current"
    if found is not None and found > head():
        raise DomainError("schema_newer", found=found, known=head())
    return _upgrade(url, adopt=found is None and bool(tables & GIVEN), fresh=not tables)


async def check_schema(database: Database) -> None:
    """Raises DomainError("schema_outdated" | "schema_newer", found, known)."""
    async with database.engine.connect() as connection:
        found = await connection.run_sync(_version)
    if found == head():
        return
    code = "schema_newer" if found is not None and found > head() else "schema_outdated"
    raise DomainError(code, found=found or "-", known=head())


def _upgrade(url: str, *, adopt: bool, fresh: bool) -> str:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config: Any = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    if adopt:
        command.stamp(config, _ADOPTED)
    command.upgrade(config, "head")
    return "adopted" if adopt else "created" if fresh else "upgraded"


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
