"""The prices at which something would happen, so that a moving price stops at each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.margin import Tapes
from bot.sandbox.bitget.tape import Tape


class Levels:
    """Of stops, waiting orders and liquidations."""

    def __init__(self, tapes: Tapes, accounts: Mapping[str, Account]) -> None:
        self._tapes = tapes
        self._accounts = accounts

    def next_stop(self, tape: Tape, target: Decimal) -> Decimal:
        """The nearest level between the last price and the target, on the tick."""
        up = target > tape.last
        ahead = [
            level
            for level in self._all(tape)
            if (tape.last < level < target if up else target < level < tape.last)
        ]
        return (min(ahead) if up else max(ahead)) if ahead else target

    def _all(self, tape: Tape) -> Iterator[Decimal]:
        symbol, gap = tape.listing.symbol, tape.mark - tape.last
        tick = tape.listing.tick
        for account in self._accounts.values():
            for plan in account.live_plans(symbol):
                yield plan.trigger if plan.by == "fill_price" else plan.trigger - gap
            for order in account.open_orders(symbol):
                if order.wish.price is not None:
                    yield order.wish.price
            for position in account.held(symbol):
                level = margin.liquidation_price(account, position, self._tapes) - gap
                # The first tick at which the margin is too small.
                below = level // tick * tick
                yield below if position.hold == "long" else below + tick
