"""What is asked all the time of open orders reads those, not every order there ever was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.reversals import held_entries
from domain.database import Database
from domain.trading import intents, reconcile

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ASKED: dict[str, Callable[[AsyncSession], Awaitable[Any]]] = {
    "waiting": intents.waiting_intents,
    "claimed": lambda session: intents.claim_intents(session, NOW, NOW, 5),
    "in doubt": lambda session: intents.in_doubt(session, NOW),
    "at large": lambda session: reconcile.busy(session, "live"),
    "at large of some": lambda session: reconcile.questions(session, "live", [1, 2]),
    "held": lambda session: held_entries(session, "live"),
}


@pytest.mark.parametrize("name", ASKED)
async def test_open_orders_are_found_by_an_index(database: Database, name: str) -> None:
    said: list[tuple[str, Any]] = []

    def hear(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        said.append((statement, parameters))

    async with database.write() as session:
        event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
        await ASKED[name](session)
        event.remove(database.engine.sync_engine, "before_cursor_execute", hear)
        connection = await session.connection()
        plans = [
            (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", given)).all()
            for one, given in said
            if "FROM orders" in one
        ]
    steps = [step.detail for plan in plans for step in plan]
    assert any("orders USING" in step for step in steps)
    assert not any(step.startswith("SCAN orders") for step in steps)
