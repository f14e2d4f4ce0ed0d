"""Asks the risk gate about one entry, with everything as usual unless the test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.clock import to_ms
from domain.market.ports import Contract, Price
from domain.risk.gate import Appetite, Decision, Entry, decide_entry
from domain.trading.ports import Balance
from tests.support.market import contract
from tests.support.trading import Desk

RICH = Balance(Decimal(10_000), Decimal(10_000), Decimal(10_000))


async def asks(
    desk: Desk,
    name: str = "alice",
    *,
    balance: Balance = RICH,
    appetite: Appetite | None = None,
    bot_state: str = "running",
    limits: Contract | None = None,
    at: datetime | None = None,
    **entry: Any,
) -> Decision:
    """A long entry in BTCUSDT at 60,000 with a stop of 1.5%, decided in a unit of work."""
    wanted = Entry(
        user_id=await desk.user(name),
        mode="paper",
        symbol="BTCUSDT",
        side=1,
        price=60_000.0,
        stop_percent=1.5,
        take_percent=3.0,
        at_ms=to_ms(at or desk.now),
        now=Price(float(entry.get("price", 60_000.0)), float(entry.get("price", 60_000.0)), 0),
    )
    async with desk.database.write() as session:
        return await decide_entry(
            session,
            replace(wanted, **entry),
            appetite or Appetite(risk_percent=1.0, leverage=5),
            bot_state,
            balance,
            limits or contract(str(entry.get("symbol", "BTCUSDT"))),
        )


def worth(equity: str, *, free: str | None = None, balance: str | None = None) -> Balance:
    """An account of this equity; all of it free unless said."""
    whole = Decimal(equity)
    return Balance(
        balance=whole if balance is None else Decimal(balance),
        equity=whole,
        free=whole if free is None else Decimal(free),
    )
