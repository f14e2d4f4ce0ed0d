"""Who may call the exchange next: a budget per address and one per account, orders before reads.

ccxt's own throttle is a queue: an order would wait behind the five hundred reads before it. Here a
free place goes to the most urgent that waits, so an order waits for one call at most.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

ORDER, LEVEL, READ = 0, 1, 2
"""Urgency: an order, a protective level, everything else."""


@dataclass
class Budget:
    """`rate` calls per second, `burst` at once; who waits is served by urgency, then by age.

    `now`: seconds that never jump. `sleep`: waits so many of them.
    """

    rate: float
    burst: int
    now: Callable[[], float]
    _tokens: float = field(init=False)
    _filled_at: float = field(init=False)
    _waiting: list[tuple[int, int, asyncio.Future[None]]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)
    _server: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self._tokens, self._filled_at = float(self.burst), self.now()

    async def take(self, urgency: int) -> None:
        """Return when one call may be made."""
        self._fill()
        if not self._waiting and self._tokens >= 1.0:
            self._tokens -= 1.0
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._numbers), turn))
        if self._server is None or self._server.done():
            self._server = asyncio.create_task(self._serve())
        await turn

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def _fill(self) -> None:
        now = self.now()
        self._tokens = min(self.burst, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now

    async def _serve(self) -> None:
        while self._waiting:
            self._fill()
            if self._tokens < 1.0:
                await asyncio.sleep((1.0 - self._tokens) / self.rate)
                continue
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():  # whoever waited may have given up
                self._tokens -= 1.0
                turn.set_result(None)


@dataclass
class Limits:
    """All accounts of one exchange from one address. Rates per second."""

    now: Callable[[], float]
    address_rate: float = 90.0
    account_rate: float = 9.0
    account_burst: int = 9
    address: Budget = field(init=False)
    _accounts: dict[str, Budget] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.address = Budget(self.address_rate, int(self.address_rate), self.now)

    async def turn(self, account: str, urgency: int) -> None:
        """Return when this account may make one call."""
        await self._of(account).take(urgency)
        await self.address.take(urgency)

    def forget(self, account: str) -> None:
        """An account whose client was let go."""
        budget = self._accounts.get(account)
        if budget is not None and not budget.waiting:
            del self._accounts[account]

    def _of(self, account: str) -> Budget:
        if account not in self._accounts:
            self._accounts[account] = Budget(self.account_rate, self.account_burst, self.now)
        return self._accounts[account]
