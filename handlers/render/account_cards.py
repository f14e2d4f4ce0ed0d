"""The account's money, and orders on their way."""

from __future__ import annotations

from collections.abc import Sequence

from domain.trading.models import Order
from domain.trading.ports import Balance
from handlers.render import numbers
from handlers.render.tables import pairs
from handlers.render.text import lines
from handlers.texts import Html, Translator


def balance(
    t: Translator, found: Balance | None, last_seen: float | None, mode: str, *, keyless: bool
) -> Html:
    """`found` None: the account can not be read, `keyless` for want of a key; `last_seen`: its
    equity then, USDT.
    """
    title = t("balance.title", mode=t(f"mode.{mode}"))
    if found is None:
        seen = None
        if last_seen is not None:
            seen = t("balance.last_seen", amount=numbers.money(t, last_seen))
        return lines(title, "", t("balance.no_key" if keyless else "balance.unread"), seen)
    rows = [
        (t("balance.equity"), numbers.money(t, found.equity)),
        (t("balance.balance"), numbers.money(t, found.balance)),
        (t("balance.open"), numbers.money(t, found.equity - found.balance, signed=True)),
        (t("balance.free"), numbers.money(t, found.free)),
    ]
    return lines(title, "", pairs([(str(name), value) for name, value in rows]))


def orders(t: Translator, found: Sequence[Order], mode: str) -> Html:
    """Every order that may still act."""
    title = t("orders.title", mode=t(f"mode.{mode}"))
    if not found:
        return lines(title, "", t("orders.none"))
    return lines(title, "", *(_order(t, order) for order in found))


def _order(t: Translator, order: Order) -> Html:
    qty = numbers.quantity(t, order.qty) if order.qty else t("orders.all")
    return t(
        "orders.one",
        side=t(f"orders.{order.side}"),
        symbol=order.symbol,
        qty=qty,
        purpose=t(f"orders.{'entry' if order.purpose == 'entry' else 'exit'}"),
        at=numbers.moment(t, order.decided_at),
    )
