"""What an auditor needs: every order by client id, and how long each position stood without a stop.

Times are the emulator's. Kept for tests and for whoever drives the emulator; no call of Bitget's
reads it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.orders import Order
from bot.sandbox.bitget.records import Fill, Hold


class Bare(NamedTuple):
    """A span in which a position was not fully covered by stops; `end_ms` None = it still is not.

    `up_ms`: how much of it the exchange could be reached.
    """

    account: str
    symbol: str
    hold: Hold
    start_ms: int
    end_ms: int | None
    up_ms: int


class Ledger:
    """`accepted`: order ids by (account, client id), longer than one only if ids were used twice.
    `refused_twice`: client ids that came again and were refused.
    """

    def __init__(self) -> None:
        self.accepted: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.refused_twice: list[tuple[str, str]] = []
        self.orders: list[tuple[str, Order]] = []
        self.fills: list[tuple[str, Fill]] = []
        self.outages: list[tuple[int, int | None]] = []
        self._bare: dict[tuple[str, str, Hold], int] = {}
        self._spans: list[tuple[str, str, Hold, int, int]] = []

    def accepts(self, account: Account, order: Order) -> None:
        self.orders.append((account.name, order))
        if order.wish.client_id:
            self.accepted[account.name, order.wish.client_id].append(order.id)

    def watch(self, account: Account, now_ms: int) -> None:
        """To be told after every change of positions or stops."""
        bare = {
            (account.name, position.symbol, position.hold)
            for position in account.positions.values()
            if not account.is_covered(position)
        }
        for key in [k for k in self._bare if k[0] == account.name and k not in bare]:
            start = self._bare.pop(key)
            if now_ms > start:
                self._spans.append((*key, start, now_ms))
        for key in bare:
            self._bare.setdefault(key, now_ms)

    def went_down(self, now_ms: int) -> None:
        if not self.outages or self.outages[-1][1] is not None:
            self.outages.append((now_ms, None))

    def came_up(self, now_ms: int) -> None:
        if self.outages and self.outages[-1][1] is None:
            self.outages[-1] = (self.outages[-1][0], now_ms)

    def bare(self, now_ms: int) -> list[Bare]:
        """Every span without a stop, ended or not, in the order of their beginnings."""
        ended = [
            Bare(name, symbol, hold, start, end, self._up(start, end))
            for name, symbol, hold, start, end in self._spans
        ]
        going = [
            Bare(*key, start, None, self._up(start, now_ms)) for key, start in self._bare.items()
        ]
        return sorted([*ended, *going], key=lambda span: span.start_ms)

    def used_twice(self) -> list[tuple[str, str]]:
        """(account, client id) of more than one order. Bitget would have none, and so has this."""
        return [key for key, ids in self.accepted.items() if len(ids) > 1]

    def _up(self, start_ms: int, end_ms: int) -> int:
        down = sum(
            max(0, min(end_ms, until if until is not None else end_ms) - max(start_ms, since))
            for since, until in self.outages
        )
        return end_ms - start_ms - down
