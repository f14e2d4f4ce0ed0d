"""Cancels at the exchange what a stopped bot still had there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from domain.clock import MarketClock
from domain.database import Database
from domain.errors import DomainError
from domain.outbox.service import Outbox
from domain.trading.models import Order
from domain.trading.ports import Exchanges
from domain.trading.reconcile import end_order
from domain.trading.states import CANCELLED, ENDED, UNKNOWN


class NotCancelledError(Exception):
    """Whether the order is gone can not be said now: ask again."""


@dataclass(frozen=True)
class Canceller:
    """The task `cancel_order` of the light lane. May run twice."""

    database: Database
    exchanges: Exchanges
    outbox: Outbox
    clock: MarketClock

    async def run(self, args: Mapping[str, Any]) -> None:
        """Cancel one order and record it, unless it has ended meanwhile: then reconcile tells how.

        Raises NotCancelledError when the exchange can not be asked, or the order is on its way.
        """
        client_order_id, symbol = str(args["client_order_id"]), str(args["symbol"])
        try:
            exchange = self.exchanges.of(int(args["user_id"]), str(args["mode"]))
            await exchange.cancel(client_order_id, symbol)
            found = await exchange.find(client_order_id, symbol)
        except DomainError as error:
            raise NotCancelledError(error.code) from error
        async with self.database.write() as session:
            order = await session.scalar(
                select(Order).where(Order.client_order_id == client_order_id).with_for_update()
            )
            if order is None or order.state in ENDED:
                return
            if found is None:
                raise NotCancelledError(UNKNOWN)
            if found.state == CANCELLED:
                await end_order(
                    session, self.outbox, order, CANCELLED, self.clock.now(), "bot_stopped"
                )
