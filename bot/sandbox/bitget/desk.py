"""What an order must satisfy before the engine takes it."""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.engine import Engine
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Order, Wish
from bot.sandbox.bitget.records import Hold, opening_side
from bot.sandbox.bitget.stops import check_stop, check_take
from bot.sandbox.bitget.tape import Tape


class Desk:
    """Every method raises BitgetError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def accept(self, account: Account, wish: Wish) -> Order:
        """Check and book an order; nothing is filled yet."""
        tape = self.engine.tape(wish.symbol)
        if wish.client_id and wish.client_id in account.client_ids:
            self.engine.ledger.refused_twice.append((account.name, wish.client_id))
            raise BitgetError("40786")
        closes = wish.reduce_only
        if closes:
            self._has_something_to_close(account, wish)
        price = wish.price or tape.last
        tape.listing.check_qty(wish.qty, price, closes=closes, market=wish.price is None)
        if wish.price is not None:
            tape.listing.check_price(wish.price, "price")
        self._check_presets(tape, wish)
        if not closes:
            self._check_mode(account, wish)
            self._check_funds(account, wish, tape)
        return self.engine.accept(account, wish)

    def order(self, account: Account, order_id: str, client_id: str) -> Order | None:
        """By either id, None when there is no such order."""
        found = order_id or account.client_ids.get(client_id, "")
        return account.orders.get(found)

    def cancel(self, account: Account, order: Order | None) -> Order:
        """Raises 40768 when there is no such order, 22001 when it is not open."""
        if order is None:
            raise BitgetError("40768")
        if not order.is_open:
            raise BitgetError("22001")
        self.engine.cancel(account, order)
        return order

    def _has_something_to_close(self, account: Account, wish: Wish) -> None:
        holds: tuple[Hold, Hold] = ("long", "short")
        closing = next(hold for hold in holds if opening_side(hold) != wish.side)
        if wish.hold not in {None, closing} or (wish.symbol, closing) not in account.positions:
            raise BitgetError("22002")

    def _check_mode(self, account: Account, wish: Wish) -> None:
        if any(position.mode != wish.mode for position in account.held(wish.symbol)):
            raise BitgetError("45117")

    def _check_funds(self, account: Account, wish: Wish, tape: Tape) -> None:
        hold: Hold = "long" if wish.side == "buy" else "short"
        other = account.positions.get((wish.symbol, "short" if hold == "long" else "long"))
        nets = other.qty if other is not None and wish.hold is None else Decimal(0)
        opens = max(Decimal(0), wish.qty - nets)
        price = wish.price or (tape.ask if wish.side == "buy" else tape.bid)
        leverage = account.leverage(wish.symbol).of(wish.mode, hold)
        needed = opens * price * (1 / Decimal(leverage) + tape.listing.taker)
        if needed > margin.available(account, self.engine.tapes):
            raise BitgetError("40762")

    def _check_presets(self, tape: Tape, wish: Wish) -> None:
        hold: Hold = "long" if wish.side == "buy" else "short"
        if wish.stop_loss is not None:
            tape.listing.check_price(wish.stop_loss, "presetStopLossPrice")
            check_stop(hold, wish.stop_loss, tape.mark)
        if wish.take_profit is not None:
            tape.listing.check_price(wish.take_profit, "presetStopSurplusPrice")
            check_take(hold, wish.take_profit, tape.mark)
