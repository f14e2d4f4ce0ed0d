"""What an account is worth and can spend, and where its positions end by force.

Liquidation: margin + unrealised = (maintenance rate + taker fee) x value at the mark, solved for
the price. Bankruptcy: the price at which loss and fee eat the margin exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.orders import Order
from bot.sandbox.bitget.records import ZERO, Position, sign
from bot.sandbox.bitget.tape import Tape

Tapes = Mapping[str, Tape]


def unrealised(account: Account, tapes: Tapes, mode: str | None = None) -> Decimal:
    """Of all positions at the mark, USDT."""
    return sum(
        (
            position.unrealised(tapes[position.symbol].mark)
            for position in account.positions.values()
            if mode in {None, position.mode}
        ),
        ZERO,
    )


def equity(account: Account, tapes: Tapes) -> Decimal:
    """Wallet and unrealised profit, USDT."""
    return account.wallet + unrealised(account, tapes)


def reserved(account: Account, tapes: Tapes) -> Decimal:
    """Put aside for open orders that would open something, USDT."""
    return sum((order_margin(order, tapes) for order in account.open_orders()), ZERO)


def order_margin(order: Order, tapes: Tapes) -> Decimal:
    """For what is not filled yet, with the fee; none for one that only reduces."""
    if order.wish.reduce_only:
        return ZERO
    tape = tapes[order.wish.symbol]
    value = order.rest * (order.wish.price or tape.last)
    return value / order.leverage + value * tape.listing.taker


def available(account: Account, tapes: Tapes) -> Decimal:
    """What new positions may be opened with, USDT, never below zero."""
    bound = sum((position.margin for position in account.positions.values()), ZERO)
    free = account.wallet + unrealised(account, tapes, "crossed") - bound
    return max(ZERO, free - reserved(account, tapes))


def maintenance(position: Position, tape: Tape) -> Decimal:
    """The margin it must keep at the mark, with the fee of closing it, USDT."""
    value = position.qty * tape.mark
    return value * (tape.listing.maintenance_rate(position.cost) + tape.listing.taker)


def backing(account: Account, position: Position, tapes: Tapes) -> Decimal:
    """What stands behind a position: its margin, or with cross margin all that is not bound."""
    if position.mode == "isolated":
        return position.margin
    others = [p for p in account.positions.values() if p is not position]
    bound = sum((p.margin for p in others if p.mode == "isolated"), ZERO)
    cross = [p for p in others if p.mode == "crossed"]
    worth = sum((p.unrealised(tapes[p.symbol].mark) for p in cross), ZERO)
    needed = sum((maintenance(p, tapes[p.symbol]) for p in cross), ZERO)
    return account.wallet - bound + worth - needed


def liquidation_price(account: Account, position: Position, tapes: Tapes) -> Decimal:
    """The mark that ends it, USDT; 0 where nothing would."""
    listing = tapes[position.symbol].listing
    side = sign(position.hold)
    rate = listing.maintenance_rate(position.cost) + listing.taker
    behind = backing(account, position, tapes)
    price = (position.cost - side * behind) / (position.qty * (1 - side * rate))
    return max(ZERO, price)


def bankruptcy_price(position: Position, taker: Decimal) -> Decimal:
    """Where an isolated position is closed by force, USDT."""
    side = sign(position.hold)
    return (position.cost - side * position.margin) / (position.qty * (1 - side * taker))


def is_liquidated(account: Account, position: Position, tapes: Tapes) -> bool:
    tape = tapes[position.symbol]
    worth = backing(account, position, tapes) + position.unrealised(tape.mark)
    return worth <= maintenance(position, tape)
