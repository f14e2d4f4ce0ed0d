"""Which exchange a mode trades at: paper books of our own, or a real one for demo and live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.errors import DomainError
from domain.trading.ports import AccountQuestion, AccountSnapshot, Balance, Exchange, Exchanges

PAPER, DEMO, LIVE = "paper", "demo", "live"
REAL = (DEMO, LIVE)


@dataclass(frozen=True, slots=True)
class ExchangesByMode:
    """`real` None: this process has no exchange to trade at, only paper."""

    paper: Exchanges
    real: Exchanges | None = None

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes in which something can be traded here."""
        return (PAPER,) if self.real is None else (PAPER, *REAL)

    def of(self, user_id: int, mode: str) -> Exchange:
        return self._in(mode).of(user_id, mode)

    async def balances(self, mode: str, user_ids: Sequence[int]) -> Mapping[int, Balance]:
        return await self._in(mode).balances(mode, user_ids)

    async def snapshots(
        self, mode: str, questions: Mapping[int, AccountQuestion]
    ) -> Mapping[int, AccountSnapshot]:
        return await self._in(mode).snapshots(mode, questions)

    def _in(self, mode: str) -> Exchanges:
        if mode == PAPER:
            return self.paper
        if self.real is None:
            raise DomainError("no_exchange", mode=mode)
        return self.real
