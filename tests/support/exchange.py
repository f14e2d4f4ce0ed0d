"""An exchange with troubles: answers that get lost on the way there or on the way back."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.errors import DomainError
from domain.trading.ports import (
    AccountQuestion,
    AccountSnapshot,
    Balance,
    Exchange,
    ExchangeFill,
    ExchangePosition,
    Exchanges,
    LevelRequest,
    OrderRejectedError,
    OrderReport,
    OrderRequest,
    OrderUnknownError,
)


class DiedError(Exception):
    """The process ended here."""


@dataclass
class TroubledExchanges:
    """`Exchanges` in front of real ones.

    `troubles`: what happens to the next orders, in turn; fine when it is empty.
    lost_there: it never arrives; lost_back: it arrives, the answer does not; refused; unreachable;
    dies_before, dies_after: the process ends before or after it arrived.
    `arrived`: client ids in the order they reached the exchange. `blind`: no question is answered.
    `forgets`: orders are not found, as where they ended long ago.
    """

    inner: Exchanges
    troubles: deque[str] = field(default_factory=deque)
    arrived: list[str] = field(default_factory=list)
    dedupes_client_id: bool = True
    sizes_at_fill: bool = True
    blind: bool = False
    forgets: bool = False
    extra: dict[int, tuple[ExchangePosition, ...]] = field(default_factory=dict)

    def of(self, user_id: int, mode: str) -> Exchange:
        """A user's account, with the same troubles as everybody's."""
        return TroubledExchange(self, self.inner.of(user_id, mode))

    async def balances(self, mode: str, user_ids: Sequence[int]) -> Mapping[int, Balance]:
        """Without trouble."""
        return await self.inner.balances(mode, user_ids)

    async def snapshots(
        self, mode: str, questions: Mapping[int, AccountQuestion]
    ) -> Mapping[int, AccountSnapshot]:
        """With the positions in `extra`, which nobody of ours opened."""
        found = await self.inner.snapshots(mode, questions)
        return {
            user_id: AccountSnapshot(
                seen.balance,
                (*seen.positions, *self.extra.get(user_id, ())),
                seen.fills,
                seen.orders,
            )
            for user_id, seen in found.items()
        }


@dataclass(frozen=True)
class TroubledExchange:
    """One account of `TroubledExchanges`."""

    world: TroubledExchanges
    inner: Exchange

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def dedupes_client_id(self) -> bool:
        return self.world.dedupes_client_id

    @property
    def sizes_at_fill(self) -> bool:
        return self.world.sizes_at_fill

    async def balance(self) -> Balance:
        return await self.inner.balance()

    async def positions(self) -> tuple[ExchangePosition, ...]:
        return await self.inner.positions()

    async def holdings(self) -> tuple[ExchangePosition, ...]:
        """As asked for with everything."""
        return await self.positions()

    async def place(self, request: OrderRequest) -> OrderReport:
        trouble = self.world.troubles.popleft() if self.world.troubles else "fine"
        before: Mapping[str, Exception] = {
            "lost_there": OrderUnknownError("exchange_timeout"),
            "refused": OrderRejectedError("insufficient_balance"),
            "unreachable": DomainError("exchange_unreachable"),
            "dies_before": DiedError(),
        }
        if trouble in before:
            raise before[trouble]
        report = await self.inner.place(request)
        self.world.arrived.append(request.client_order_id)
        if trouble == "lost_back":
            raise OrderUnknownError("exchange_timeout")
        if trouble == "dies_after":
            raise DiedError
        return report

    async def cancel(self, client_order_id: str, symbol: str) -> None:
        await self.inner.cancel(client_order_id, symbol)

    async def set_levels(self, request: LevelRequest) -> None:
        await self.inner.set_levels(request)

    async def find(self, client_order_id: str, symbol: str) -> OrderReport | None:
        if self.world.blind:
            raise DomainError("exchange_unreachable")
        if self.world.forgets:
            return None
        return await self.inner.find(client_order_id, symbol)

    async def fills(self, after: str | None, limit: int = 500) -> tuple[ExchangeFill, ...]:
        return await self.inner.fills(after, limit)
