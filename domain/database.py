"""The unit of work: one transaction per update or job, committed here and nowhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, MetaData, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from domain import sqlite_driver

log = logging.getLogger(__name__)
NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
)
_NOT_DURABLE = "PRAGMA synchronous=OFF"
_READ_ONLY = "PRAGMA query_only=ON"


class Base(DeclarativeBase):
    """Every table's base; constraint names are the same on both databases."""

    metadata = MetaData(naming_convention=NAMING)


class Database:
    """An engine and its two kinds of unit of work.

    On SQLite writers queue in this process (asyncio lock), start with BEGIN IMMEDIATE, so that a
    read-then-write transaction can not fail half-way, and wait for the disk in a thread; readers
    wait for nothing (WAL) and read in the event loop's thread.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        """`url`: `sqlite+aiosqlite:///FILE` or `postgresql+psycopg://...`. `durable=False` skips
        fsync and the thread: for a replay only.
        """
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        # A service lets others run at the end of each unit of work; a replay has no others.
        self._alone = self.is_sqlite and not durable
        driver = sqlite_driver.connect if durable else sqlite_driver.connect_inline
        self.engine = _engine(url, driver, _PRAGMAS if durable else (*_PRAGMAS, _NOT_DURABLE))
        self._readers = (
            _engine(url, sqlite_driver.connect_inline, (*_PRAGMAS, _READ_ONLY))
            if self.is_sqlite
            else self.engine
        )
        self._writers: asyncio.Lock | nullcontext[None] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )
        self._write_engine = self.engine.execution_options(begin="BEGIN IMMEDIATE")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A read-only unit of work, rolled back at the end; on SQLite one snapshot."""
        session = AsyncSession(self._readers, expire_on_commit=False, autoflush=False)
        async with _ended(session, at_once=self._alone):
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A unit of work that commits when the block ends and rolls back when it raises.

        Never wait for the network inside. What must happen after the commit is given to
        `after_commit`. On PostgreSQL, where writers work side by side, a row that is read in order
        to be changed is read FOR UPDATE (a user's row FOR NO KEY UPDATE: whatever is written about
        them refers to it), and always in this order, or two would wait for each other: the button,
        the user, the limits of their risk, their bot, what it has seen of a symbol, the account as
        it was read, positions, orders, kills, and the audit log, which `before_commit` makes last.
        """
        session = AsyncSession(self._write_engine, expire_on_commit=False)
        async with self._writers, _ended(session, at_once=self._alone):
            yield session
            for action in session.info.get("before_commit", ()):
                await action()
            await session.commit()
        for action in session.info.get("after_commit", ()):
            _carry_out(action)

    async def create_tables(self) -> None:
        """Make every table of the models; for a throw-away database, others are migrated."""
        async with self.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self.engine.dispose()


def after_commit(session: AsyncSession, action: Callable[[], None]) -> None:
    """Run `action` (quick) once this unit of work has committed; never if it rolls back."""
    session.info.setdefault("after_commit", []).append(action)


def before_commit(session: AsyncSession, action: Callable[[], Awaitable[None]]) -> None:
    """Run `action` in this unit of work, as the last of it."""
    session.info.setdefault("before_commit", []).append(action)


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """A part of a unit of work: when it raises, it is undone, and what it left for the end, too."""
    left = {when: [*session.info.get(when, ())] for when in ("before_commit", "after_commit")}
    try:
        async with session.begin_nested():
            yield
    except BaseException:
        session.info.update(left)
        raise


@asynccontextmanager
async def _ended(session: AsyncSession, *, at_once: bool) -> AsyncIterator[None]:
    """Closes the session at the end. `at_once`: its connection waits for nothing, so no task is
    needed that outlives a cancellation: such a task costs more than a small query.
    """
    if not at_once:
        async with session:
            yield
        return
    try:
        yield
    finally:
        await session.close()


def _carry_out(action: Callable[[], None]) -> None:
    """What fails now must not look like a unit of work that failed: it would be done again."""
    try:
        action()
    except Exception:
        log.exception("failed after a commit")


def _engine(url: str, driver: Callable[..., Any], pragmas: Sequence[str]) -> AsyncEngine:
    """Connections are kept: opening one costs more than what is asked of it."""
    is_sqlite = url.startswith("sqlite")
    options: dict[str, Any] = (
        {"connect_args": {"async_creator_fn": driver}} if is_sqlite else {"pool_pre_ping": True}
    )
    # Parameters stay out of error texts, which end in logs: users' words are among them.
    engine = create_async_engine(
        url, pool_size=24, max_overflow=16, hide_parameters=True, **options
    )
    if is_sqlite:
        _prepare_sqlite(engine, pragmas)
    return engine


def _prepare_sqlite(engine: AsyncEngine, pragmas: Sequence[str]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
