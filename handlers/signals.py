"""/signals: what the user's strategy said, and on what grounds."""

from __future__ import annotations

from domain.market.ports import unknown_symbol
from domain.signals import service as signals
from handlers.arguments import symbol_of
from handlers.context import Context
from handlers.render import signal_cards
from handlers.render.text import lines
from handlers.texts import plain
from handlers.types import Reply
from handlers.views import View, as_of, pager, present


async def show_signals(ctx: Context) -> Reply:
    """`/signals [symbol]`. Raises DomainError("unknown_symbol")."""
    return present(ctx, await signals_view(ctx, 1, typed_symbol(ctx)))


async def tap_signals(ctx: Context) -> Reply:
    """A page; the second argument is the symbol."""
    page, name = int(ctx.tap.get("0", 1)), ctx.tap.get("1")
    symbol = None if name is None else symbol_of(str(name), ctx.services.market.symbols())
    return present(ctx, await signals_view(ctx, page, symbol))


def typed_symbol(ctx: Context) -> str | None:
    """The market somebody named. Raises DomainError("unknown_symbol", symbol, known)."""
    if not ctx.incoming.args:
        return None
    known = ctx.services.market.symbols()
    found = symbol_of(ctx.incoming.args[0], known)
    if found is None:
        raise unknown_symbol(ctx.incoming.args[0].upper(), known)
    return found


async def signals_view(ctx: Context, number: int, symbol: str | None = None) -> View:
    """Newest first, eight to a page."""
    page = await signals.latest(ctx.session, ctx.user.id, symbol, number)
    named = () if symbol is None else (symbol.removesuffix("USDT"),)  # a button has little room
    show, t = ctx.buttons.show, ctx.t
    text = lines(
        signal_cards.card(t, page, symbol), "", as_of(t, ctx.now, ctx.services.clock.now_ms())
    )
    keyboard = (
        *pager(ctx, "sig", page.number, page.pages, *named),
        (
            show(plain(t("button.refresh")), "sig", 1, *named),
            show(plain(t("button.menu")), "menu"),
        ),
    )
    return View(text, keyboard, card=f"signals:{symbol or ''}")
