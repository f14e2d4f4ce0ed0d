"""What the status card wants to know of an account: its markets, and at a real exchange its money.

Reconcile looks at accounts where something is open. Of one that is at rest nobody knows anything.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from domain.bots.modes import PAPER
from domain.errors import DomainError
from domain.trading.ports import Balance
from handlers import marks
from handlers.marks import Marks
from handlers.services import Services
from handlers.types import Looking

_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class OwnAccount(Marks):
    """`balance`: now; None of a paper account, or where it could not be read soon enough."""

    balance: Balance | None = None


async def look(services: Services, asking: Looking) -> OwnAccount:
    """Both side by side."""
    found, balance = await asyncio.gather(marks.look(services, asking), _balance(services, asking))
    return OwnAccount(found.markets, balance)


async def _balance(services: Services, asking: Looking) -> Balance | None:
    if asking.mode == PAPER:
        return None
    with suppress(DomainError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            return await services.exchanges.of(asking.user_id, asking.mode).balance()
    return None
