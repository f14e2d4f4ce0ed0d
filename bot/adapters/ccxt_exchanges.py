"""All accounts at a real exchange: the port `Exchanges` for the modes demo and live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from bot.adapters.ccxt_account import CcxtAccount, MoneySeen
from bot.adapters.ccxt_clients import Clients
from domain.errors import DomainError
from domain.trading.ports import AccountQuestion, AccountSnapshot, Balance, Exchange

AT_ONCE = 32

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CcxtExchanges:
    """Keys are looked up by the first call of an account, not by `of`."""

    clients: Clients
    last_price: bool = True
    seen: MoneySeen | None = None

    def of(self, user_id: int, mode: str) -> Exchange:
        return self._account(user_id, mode)

    async def balances(self, mode: str, user_ids: Sequence[int]) -> Mapping[int, Balance]:
        return await self._each(user_ids, lambda user: self._account(user, mode).balance())

    async def snapshots(
        self, mode: str, questions: Mapping[int, AccountQuestion]
    ) -> Mapping[int, AccountSnapshot]:
        return await self._each(
            list(questions), lambda user: self._account(user, mode).snapshot(questions[user])
        )

    def _account(self, user_id: int, mode: str) -> CcxtAccount:
        return CcxtAccount(self.clients, user_id, mode == "demo", self.last_price, self.seen)

    async def _each(
        self, user_ids: Sequence[int], ask: Callable[[int], Awaitable[Answer]]
    ) -> dict[int, Answer]:
        """Side by side; who can not be read is left out."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(user_id: int) -> tuple[int, Answer] | None:
            async with free:
                try:
                    return user_id, await ask(user_id)
                except DomainError as error:
                    log.warning("account not read", user=user_id, error=error.code)
                except Exception as error:  # an answer that lacks something is one account's
                    log.error("account not read", user=user_id, exc_info=error)
            return None

        found = await asyncio.gather(*map(one, user_ids))
        return dict(pair for pair in found if pair is not None)
