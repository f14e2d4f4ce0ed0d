"""A position that the exchange does not show any more: what is in the books of it, and out."""

from __future__ import annotations

from domain.bots import settling
from domain.errors import DomainError
from handlers.context import Context
from handlers.render import closing_cards
from handlers.texts import plain
from handlers.types import Reply
from handlers.views import View, present


async def tap_settle(ctx: Context) -> Reply:
    """What would be booked. Raises DomainError("none_gone")."""
    return present(ctx, await settle_view(ctx))


async def settle_view(ctx: Context) -> View:
    """Each of them, with a button. Raises DomainError("none_gone")."""
    found = await settling.gone(ctx.session, ctx.user.id, ctx.settings.mode)
    if not found:
        raise DomainError("none_gone")
    t, buttons = ctx.t, ctx.buttons
    rows = tuple(
        (
            buttons.act(
                plain(t("button.settle_one", symbol=each.symbol)),
                "go_settle",
                style="danger",
                position=each.id,
                symbol=each.symbol,
            ),
        )
        for each in found
    )
    cancel = buttons.show(plain(t("button.cancel")), "positions")
    return View(closing_cards.gone(t, found), (*rows, (cancel,)))


async def tap_go_settle(ctx: Context) -> Reply:
    """Booked, unless the exchange shows it again. Raises DomainError("not_gone" |
    "exchange_unreachable").
    """
    if ctx.looked is None:
        raise DomainError("exchange_unreachable", exchange=ctx.services.exchange_name)
    position = await settling.settle_gone(
        ctx.session,
        ctx.services.outbox,
        ctx.services.clock,
        ctx.user.id,
        ctx.settings.mode,
        int(ctx.tap["position"]),
        ctx.looked,
    )
    t, show = ctx.t, ctx.buttons.show
    foot = (
        show(plain(t("button.positions")), "positions"),
        show(plain(t("button.trades")), "trades"),
    )
    return present(ctx, View(t("gone.done", symbol=position.symbol), (foot,)))
