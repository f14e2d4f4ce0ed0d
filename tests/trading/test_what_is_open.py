"""What is asked all the time of open orders reads those, not every order there ever was."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.reversals import held_entries
from domain.database import Database
from domain.trading import intents, reconcile
from tests.support.database import make_tables, opened
from tests.support.postgres import PostgresServer
from tests.support.trading import add_user

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ASKED: dict[str, Callable[[AsyncSession], Awaitable[Any]]] = {
    "waiting": intents.waiting_intents,
    "claimed": lambda session: intents.claim_intents(session, NOW, NOW, 5),
    "in doubt": lambda session: intents.in_doubt(session, NOW),
    "at large": lambda session: reconcile.busy(session, "live"),
    "at large of some": lambda session: reconcile.questions(session, "live", [1, 2]),
    "held": lambda session: held_entries(session, "live"),
}


ENDED = 20_000
_FILL = """
INSERT INTO orders (user_id, mode, exchange, client_order_id, symbol, side, purpose, qty, state,
                    decided_at, sent_at)
SELECT {user}, 'live', 'bitget', 'L' || n, 'BTCUSDT', 'buy', 'entry', 1,
       CASE WHEN n <= 5 THEN 'sent' WHEN n <= 10 THEN 'intent' ELSE 'filled' END,
       TIMESTAMP '2025-12-31', TIMESTAMP '2025-12-31'
FROM generate_series(1, {count}) AS n
"""


_FOUND = re.compile(r"(on|using) idx_order_(open|state)\b")
Said = list[tuple[str, Any]]


@contextmanager
def heard(database: Database) -> Iterator[Said]:
    """The statements about orders that are made meanwhile."""
    said: Said = []

    def hear(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "FROM orders" in statement:
            said.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


async def plans(session: AsyncSession, explain: str, said: Said) -> list[list[str]]:
    """Their steps."""
    connection = await session.connection()
    assert said
    return [
        [
            str(step[-1])
            for step in (await connection.exec_driver_sql(f"{explain} {one}", given)).all()
        ]
        for one, given in said
    ]


@pytest.mark.parametrize("name", ASKED)
async def test_open_orders_are_found_by_an_index(database: Database, name: str) -> None:
    async with database.write() as session:
        with heard(database) as said:
            await ASKED[name](session)
        for steps in await plans(session, "EXPLAIN QUERY PLAN", said):
            assert any("orders USING" in step for step in steps)
            assert not any(step.startswith("SCAN orders") for step in steps)


async def test_postgres_reads_no_order_that_has_ended(pg_server: PostgresServer) -> None:
    """Among so many that reading all of them would cost."""
    async with opened(pg_server.fresh(pg_server.template("with_tables", make_tables))) as database:
        user_id = await add_user(database, "alice")
        async with database.write() as session:
            await session.execute(text(_FILL.format(user=user_id, count=ENDED)))
            await session.execute(text("ANALYZE orders"))
            for name, ask in ASKED.items():
                with heard(database) as said:
                    await ask(session)
                for steps in await plans(session, "EXPLAIN", said):
                    whole = "\n".join(steps)
                    assert _FOUND.search(whole), (name, whole)
                    assert "Seq Scan on orders" not in whole, (name, whole)
