"""What to do with an order whose answer was lost."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.trading.models import Order
from domain.trading.ports import Exchange, OrderReport
from domain.trading.states import ACCEPTED

EARLY_S = (0.3, 1.0, 2.0)
"""When after an answer was lost its order is looked for. What is not found is left alone until it
has settled (`orders.SETTLE`): an exchange may show an order a moment late.
"""


@dataclass(slots=True)
class _Lost:
    order: Order
    since: float
    looks: int = 0


@dataclass
class LostAnswers:
    """Orders of this process that are to be looked for early. `now`: seconds that never jump."""

    now: Callable[[], float]
    _lost: dict[str, _Lost] = field(default_factory=dict)

    def add(self, order: Order) -> None:
        """The answer to this one was lost now."""
        self._lost[order.client_order_id] = _Lost(order, self.now())

    def found(self, order: Order) -> None:
        """It is known what became of it."""
        self._lost.pop(order.client_order_id, None)

    def due(self) -> list[Order]:
        """Those whose next look has come. Looks that were missed are one."""
        found = []
        for lost in self._lost.values():
            looks = sum(self.now() - lost.since >= after_s for after_s in EARLY_S)
            if looks > lost.looks:
                lost.looks = looks
                found.append(lost.order)
        return found

    def settled(self, after_s: float) -> bool:
        """Forget those that were lost so long ago; whether there were any."""
        old = [key for key, lost in self._lost.items() if self.now() - lost.since >= after_s]
        for key in old:
            del self._lost[key]
        return bool(old)


class Verdict(enum.Enum):
    """Where there is no report. `LOST`: it may not be sent again, and it left no trace."""

    SEND_AGAIN = "send_again"
    TOO_LATE = "too_late"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Found:
    """The exchange's report, or what follows from there being none."""

    report: OrderReport | None
    verdict: Verdict = Verdict.SEND_AGAIN


async def look_up(exchange: Exchange, order: Order, now: datetime) -> Found:
    """Ask for the order by its client id; `now` is market time. Raises DomainError when it can not.

    An order that never arrived is sent again under the same id where the exchange takes an id only
    once. Elsewhere fills and positions are read first: an order that ended may be forgotten there.
    Reduce-only orders never expire and are sent again anywhere: all they can do is close.
    """
    report = await exchange.find(order.client_order_id, order.symbol)
    if report is None and not exchange.dedupes_client_id:
        report = await _traces(exchange, order)
    if report is not None:
        return Found(report)
    if order.reduce_only:
        return Found(None)
    if not exchange.dedupes_client_id:
        return Found(None, Verdict.LOST)
    late = order.valid_until is not None and now > order.valid_until
    return Found(None, Verdict.TOO_LATE if late else Verdict.SEND_AGAIN)


async def _traces(exchange: Exchange, order: Order) -> OrderReport | None:
    """A fill of the order, or the position it was to open."""
    executed = await exchange.fills(None)
    mine = any(fill.client_order_id == order.client_order_id for fill in executed)
    side = "long" if order.side == "buy" else "short"
    opened = not order.reduce_only and any(
        position.symbol == order.symbol and position.side == side
        for position in await exchange.positions()
    )
    if not mine and not opened:
        return None
    return OrderReport(order.client_order_id, order.exchange_order_id or "", ACCEPTED)
