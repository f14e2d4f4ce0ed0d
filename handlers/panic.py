"""/panic: one tap more, and everything is closed and locked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from domain.bots import panic as panics
from domain.errors import DomainError
from domain.trading.ports import ExchangePosition
from handlers.context import Context
from handlers.render import closing_cards
from handlers.render.text import lines
from handlers.services import Services
from handlers.texts import plain
from handlers.trading import known_positions
from handlers.types import Looking, Reply
from handlers.views import View, present

_PATIENCE_S = 1.5
"""Nobody who panics waits longer to see what is open."""


async def look(services: Services, asking: Looking) -> Sequence[ExchangePosition] | None:
    """What the account holds, also what was opened elsewhere; None when that takes too long."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await services.exchanges.of(asking.user_id, asking.mode).holdings()
    except (DomainError, TimeoutError):
        return None


async def panic(ctx: Context) -> Reply:
    """`/panic`, and the button: what will be closed."""
    t, buttons, mode = ctx.t, ctx.buttons, ctx.settings.mode
    ours = await known_positions(ctx)
    go = buttons.act(plain(t("button.panic_now")), "go_panic", style="danger", urgent=True)
    cancel = buttons.show(plain(t("button.cancel")), "status")
    text = closing_cards.panic(t, ctx.looked, ours, mode)
    return present(ctx, View(text, ((go,), (cancel,))))


async def tap_panic(ctx: Context) -> Reply:
    """It begins, whatever else goes on."""
    begun = await panics.begin(
        ctx.session, ctx.services.clock, ctx.user.id, ctx.settings.mode, ctx.now
    )
    t, show = ctx.t, ctx.buttons.show
    text = lines(
        t("panic.begun"),
        t("panic.cancelled", n=begun.cancelled + begun.waiting)
        if begun.cancelled + begun.waiting
        else None,
        t("panic.told"),
    )
    foot = (
        show(plain(t("button.positions")), "positions"),
        show(plain(t("button.status")), "status"),
    )
    return present(ctx, View(text, (foot,)))
