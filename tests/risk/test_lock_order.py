"""Units of work that want the same rows take them in one order: none waits for another in a circle.

Each test holds one at the point where the other stands in its way, on PostgreSQL, which has locks
of rows (and finds a circle after a second).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from decimal import Decimal
from typing import Any, TypeVar

import pyotp
import pytest
from sqlalchemy import Select, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import two_factor
from domain.audit import service as audit
from domain.bots import panic, reversals
from domain.clock import ManualClock, from_ms
from domain.database import Database
from domain.market.ports import Price
from domain.outbox.service import Outbox
from domain.risk import kills
from domain.risk.gate import Appetite, Decision, Entry, decide_entry
from domain.risk.kills import ALL, Target
from domain.risk.service import locked_limits
from domain.trading.intents import Intent, write_intent
from domain.trading.models import Order
from domain.users.models import User
from tests.risk.asking import RICH
from tests.support.cipher import fresh_cipher
from tests.support.database import make_tables, opened
from tests.support.market import contract
from tests.support.postgres import PostgresServer
from tests.support.trading import add_user

NOON_MS = 1_767_268_800_000
Said = TypeVar("Said")
SEEN = Price(60_000.0, 60_000.0, 0)


@pytest.fixture
async def database(pg_server: PostgresServer) -> AsyncIterator[Database]:
    async with opened(pg_server.fresh(pg_server.template("with_tables", make_tables))) as made:
        yield made


_LOCKS: Select[Any] = select(literal_column("count(*)")).select_from(text("pg_locks"))
WAITS = _LOCKS.where(text("NOT granted"))
STOPS_ALL = _LOCKS.where(text("locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted"))
DECIDES = _LOCKS.where(text("locktype = 'advisory' AND mode = 'ShareLock' AND NOT granted"))


async def until(database: Database, locks: Select[Any]) -> None:
    """Until there is one of that kind."""
    while True:
        async with database.read() as session:
            if await session.scalar(locks):
                return


async def at_once(first: Coroutine[Any, Any, Said], second: Coroutine[Any, Any, None]) -> Said:
    """What the first says; both end when one fails."""
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        said = group.create_task(first)
        group.create_task(second)
    return said.result()


async def decides(session: AsyncSession, user_id: int) -> Decision:
    entry = Entry(user_id, "paper", "BTCUSDT", 1, 60_000.0, 1.5, 3.0, NOON_MS)
    return await decide_entry(
        session, entry, Appetite(1.0, 5.0), "running", RICH, contract("BTCUSDT")
    )


def an_entry(user_id: int, **more: object) -> Intent:
    usual = {
        "user_id": user_id,
        "mode": "live",
        "exchange": "bitget",
        "symbol": "BTCUSDT",
        "side": "buy",
        "purpose": "entry",
        "decided_ms": NOON_MS,
        "qty": Decimal("0.01"),
        "leverage": 5,
        "stop_percent": 1.5,
        "signal_price": 60_000.0,
        "valid_until_ms": NOON_MS + 30_000,
    }
    return Intent(**(usual | more))  # type: ignore[arg-type]


async def test_a_kill_and_an_entry_of_somebody_who_was_written_about_before(
    database: Database,
) -> None:
    alice, operator = await add_user(database, "alice"), await add_user(database, "olga")
    written, seen = asyncio.Event(), asyncio.Event()

    async def notes_and_enters() -> Decision:
        async with database.write() as session:
            audit.record(session, "code_refused", actor="user:1", at=from_ms(NOON_MS))
            written.set()
            await until(database, STOPS_ALL)
            seen.set()
            return await decides(session, alice)

    async def stops_everybody() -> None:
        await written.wait()
        async with database.write() as session:
            await kills.place(session, Target(ALL), operator, from_ms(NOON_MS))
            await seen.wait()
            await until(database, DECIDES)

    assert (await at_once(notes_and_enters(), stops_everybody())).reason == "killed_all"
    async with database.read() as session:
        assert (await audit.verify(session)).entries == 2


async def test_a_code_for_a_limit_and_an_entry_of_the_bot(database: Database) -> None:
    cipher = fresh_cipher()
    alice, now = await add_user(database, "alice"), from_ms(NOON_MS)
    async with database.write() as session:
        enrolled = await two_factor.begin(session, cipher, alice)
    code = pyotp.TOTP(enrolled.secret).at(now)
    proved, decided = asyncio.Event(), asyncio.Event()

    async def sets_a_limit() -> None:
        async with database.write() as session:
            await two_factor.finish(session, cipher, alice, code, now)
            await session.flush()
            proved.set()
            await decided.wait()
            await locked_limits(session, alice)

    async def enters() -> None:
        await proved.wait()
        async with database.write() as session:
            assert (await decides(session, alice)).allowed
            decided.set()
            await until(database, WAITS)
            await write_intent(session, an_entry(alice))

    await at_once(sets_a_limit(), enters())
    async with database.read() as session:
        assert (await session.get_one(User, alice)).is_2fa_enabled


async def test_a_panic_and_a_reversal_that_may_go_on(database: Database) -> None:
    clock = ManualClock(NOON_MS)
    alice = await add_user(database, "alice")
    async with database.write() as session:
        held = await write_intent(session, an_entry(alice, held=True, risk_percent=1.0))
    outbox, locked = Outbox(fresh_cipher(), clock), asyncio.Event()

    async def panics() -> None:
        async with database.write() as session:
            await locked_limits(session, alice)
            locked.set()
            await until(database, WAITS)
            await panic.begin(session, clock, alice, "live", clock.now())

    async def goes_on() -> str:
        await locked.wait()
        async with database.write() as session:
            return await reversals.go_on(
                session, outbox, held.id, RICH, contract("BTCUSDT"), SEEN, clock.now_ms()
            )

    assert await at_once(goes_on(), panics()) == "cancelled"
    async with database.read() as session:
        assert (await session.get_one(Order, held.id)).error_code == "panic"
