"""Two decisions on one user at the same moment never count the same free place or margin."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from domain.clock import to_ms
from domain.database import Database
from domain.risk.gate import Appetite, Decision, Entry, decide_entry
from domain.risk.service import set_limit
from domain.trading.intents import Intent, write_intent
from tests.risk.asking import RICH
from tests.support.market import FakeMarket, contract
from tests.support.trading import Desk

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")


async def decides(desk: Desk, symbol: str, meets: asyncio.Barrier) -> Decision:
    """Decide and write the order in a transaction that starts with the others."""
    user_id = await desk.user()
    entry = Entry(user_id, "paper", symbol, 1, 60_000.0, 1.5, 3.0, to_ms(desk.now))
    await meets.wait()
    async with desk.database.write() as session:
        decision = await decide_entry(
            session,
            entry,
            Appetite(risk_percent=10.0, leverage=5),
            "running",
            RICH,
            contract(symbol),
        )
        await asyncio.sleep(0)  # the others may try now
        if decision.allowed:
            await write_intent(
                session,
                Intent(
                    user_id=user_id,
                    mode="paper",
                    exchange="paper",
                    symbol=symbol,
                    side="buy",
                    purpose="entry",
                    decided_ms=entry.at_ms,
                    qty=decision.qty,
                    leverage=decision.leverage,
                    stop_percent=1.5,
                    signal_price=entry.price,
                    valid_until_ms=entry.at_ms + 30_000,
                ),
            )
    return decision


async def decide_at_once(desk: Desk, symbols: tuple[str, ...]) -> list[Decision]:
    """All of them side by side."""
    await desk.user()
    meets = asyncio.Barrier(len(symbols))
    return await asyncio.gather(*(decides(desk, symbol, meets) for symbol in symbols))


async def test_the_last_free_place_is_given_once(either_database: Database) -> None:
    desk = Desk.opened(either_database, FakeMarket())
    user_id = await desk.user()
    async with either_database.write() as session:
        await set_limit(session, user_id, "max_positions", 1)

    decisions = await decide_at_once(desk, SYMBOLS)
    assert sorted(decision.reason for decision in decisions) == ["", *["max_positions"] * 3]


async def test_the_free_margin_is_given_once(either_database: Database) -> None:
    desk = Desk.opened(either_database, FakeMarket())
    decisions = await decide_at_once(desk, SYMBOLS)

    margin = sum(decision.qty * 60_000 / 5 for decision in decisions)
    assert any(not decision.allowed for decision in decisions)
    assert Decimal(9_000) < margin <= 10_000


async def test_a_user_without_limits_yet_is_locked_too(either_database: Database) -> None:
    """The row is made by whoever comes first; the others wait for it."""
    desk = Desk.opened(either_database, FakeMarket())
    decisions = await decide_at_once(desk, SYMBOLS[:2])

    assert len({decision.qty for decision in decisions}) == 2
