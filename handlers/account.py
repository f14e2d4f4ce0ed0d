"""/balance and /orders: what the account has, and what is on its way."""

from __future__ import annotations

from domain.bots import service as bots
from domain.trading import queries
from domain.trading.ports import Balance
from handlers.context import Context
from handlers.render import account_cards
from handlers.render.text import lines
from handlers.texts import plain
from handlers.types import Reply
from handlers.views import View, as_of, present


async def balance(ctx: Context) -> Reply:
    """`/balance`, and its refresh button."""
    t, show, clock = ctx.t, ctx.buttons.show, ctx.services.clock
    found = ctx.looked if isinstance(ctx.looked, Balance) else None
    seen = await bots.status(ctx.session, clock, ctx.user.id)
    text = lines(
        account_cards.balance(
            t, found, seen.equity, ctx.settings.mode, keyless=seen.entries_blocked == "no_key"
        ),
        "",
        as_of(t, ctx.now, clock.now_ms()),
    )
    keyboard = (
        (show(plain(t("button.refresh")), "balance"), show(plain(t("button.pnl")), "pnl")),
        (show(plain(t("button.positions")), "positions"), show(plain(t("button.menu")), "menu")),
    )
    return present(ctx, View(text, keyboard, card="balance:"))


async def orders(ctx: Context) -> Reply:
    """`/orders`, and its refresh button."""
    t, show, clock = ctx.t, ctx.buttons.show, ctx.services.clock
    found = await queries.open_orders(ctx.session, ctx.user.id, ctx.settings.mode)
    text = lines(
        account_cards.orders(t, found, ctx.settings.mode), "", as_of(t, ctx.now, clock.now_ms())
    )
    keyboard = (
        (show(plain(t("button.refresh")), "orders"),),
        (show(plain(t("button.positions")), "positions"), show(plain(t("button.menu")), "menu")),
    )
    return present(ctx, View(text, keyboard, card="orders:"))
