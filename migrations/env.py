"""Alembic's environment: our metadata, our column types, the address from the settings."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine

from domain.columns import ExactNumeric, JSONText, UtcDateTime
from domain.models import Base


def address() -> str:
    """What the caller set, else what the settings name; with the synchronous SQLite driver."""
    given = context.config.get_main_option("sqlalchemy.url")
    if not given:
        from bot.settings import load  # noqa: PLC0415 - only the alembic command line needs the settings

        given = load().sqlalchemy_url
    return given.replace("sqlite+aiosqlite:", "sqlite:")


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Revisions say what the database holds, not what our types are called today."""
    if kind != "type":
        return False
    if isinstance(item, ExactNumeric):
        return 'sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite")'
    if isinstance(item, UtcDateTime):
        return "sa.DateTime()"
    if isinstance(item, JSONText):
        return "sa.Text()"
    return False


def run() -> None:
    """Online only: against a database."""
    engine = create_engine(address())
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
