"""/close and /close_all: out of a position at the market's price, after a look at what that is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from domain.bots import by_hand
from domain.errors import DomainError
from domain.market.ports import unknown_symbol
from handlers.amounts import amount_of
from handlers.arguments import symbol_of
from handlers.context import Context
from handlers.render import closing_cards
from handlers.render.position_cards import LivePosition
from handlers.texts import plain
from handlers.trading import live_positions, marks_of
from handlers.types import Keyboard, Reply
from handlers.views import View, present, rows_of


async def close(ctx: Context) -> Reply:
    """`/close <symbol> [%]`; without a symbol, a button for each position.

    Raises DomainError("unknown_symbol" | "no_position" | "not_a_share" | "close_too_small").
    """
    args = ctx.incoming.args
    if not args:
        return present(ctx, await which_view(ctx))
    known = ctx.services.market.symbols()
    symbol = symbol_of(args[0], known)
    if symbol is None:
        raise unknown_symbol(args[0].upper(), known)
    return present(ctx, await confirm_view(ctx, symbol, _percent(args[1:])))


async def tap_close(ctx: Context) -> Reply:
    """A position's button, or the one that leads to all of them."""
    if "0" not in ctx.tap:
        return present(ctx, await which_view(ctx))
    return present(ctx, await confirm_view(ctx, str(ctx.tap["0"]), by_hand.WHOLE))


async def tap_go_close(ctx: Context) -> Reply:
    """The confirmed close. Raises DomainError("no_position" | "already_closing")."""
    symbol, percent = str(ctx.tap["symbol"]), Decimal(str(ctx.tap["percent"]))
    await by_hand.close(
        ctx.session,
        ctx.services.clock,
        ctx.services.exchange_name,
        ctx.user.id,
        ctx.settings.mode,
        symbol=symbol,
        percent=percent,
        step=Decimal(str(ctx.tap["step"])),
    )
    return present(ctx, View(ctx.t("close.done", symbols=symbol), _way_on(ctx)))


async def close_all(ctx: Context) -> Reply:
    """`/close_all`: everything that was opened here, after a look at it."""
    held = [each for each in await live_positions(ctx) if each.row.source != "external"]
    if not held:
        raise DomainError("nothing_open")
    t, buttons = ctx.t, ctx.buttons
    go = buttons.act(
        plain(t("button.close_all", n=len(held))), "go_close_all", style="danger", urgent=True
    )
    cancel = buttons.show(plain(t("button.cancel")), "positions")
    return present(ctx, View(closing_cards.all_of(t, held), ((go,), (cancel,))))


async def tap_close_all(ctx: Context) -> Reply:
    """The confirmed close of everything. Raises DomainError("nothing_open")."""
    orders = await by_hand.close_all(
        ctx.session,
        ctx.services.clock,
        ctx.services.exchange_name,
        ctx.user.id,
        ctx.settings.mode,
    )
    symbols = ", ".join(order.symbol for order in orders)
    return present(ctx, View(ctx.t("close.done", symbols=symbols), _way_on(ctx)))


async def which_view(ctx: Context) -> View:
    """Which of them? Raises DomainError("nothing_open")."""
    held = await live_positions(ctx)
    if not held:
        raise DomainError("nothing_open")
    t, show = ctx.t, ctx.buttons.show
    symbols = dict.fromkeys(each.row.symbol for each in held)
    choices = [show(plain(t("button.close_one", symbol=name)), "close", name) for name in symbols]
    foot = (show(plain(t("button.positions")), "positions"), show(plain(t("button.menu")), "menu"))
    return View(t("close.which"), (*rows_of(choices, 2), foot))


async def confirm_view(ctx: Context, symbol: str, percent: Decimal) -> View:
    """What would be closed, what that brings at the price of now, and what it costs."""
    await by_hand.held(ctx.session, ctx.user.id, ctx.settings.mode, symbol)
    held = [each for each in await live_positions(ctx) if each.row.symbol == symbol]
    contract = marks_of(ctx).of(symbol).contract
    if contract is None:
        raise DomainError("exchange_unreachable", exchange=ctx.services.exchange_name)
    parts = [_part(each, percent, contract.qty_step) for each in held]
    t, buttons = ctx.t, ctx.buttons
    label = t("button.close_part", qty=closing_cards.coins(t, parts), symbol=symbol)
    go = buttons.act(
        plain(label),
        "go_close",
        style="danger",
        urgent=True,
        symbol=symbol,
        percent=str(percent),
        step=str(contract.qty_step),
    )
    cancel = buttons.show(plain(t("button.cancel")), "positions")
    text = closing_cards.confirm(t, held, parts, contract.taker_fee)
    return View(text, ((go,), (cancel,)))


def _part(held: LivePosition, percent: Decimal, step: Decimal) -> Decimal:
    whole = Decimal(repr(held.row.size))
    return by_hand.part_of(whole, percent, step) or whole


def _percent(words: Sequence[str]) -> Decimal:
    """`50`, `50%`, nothing = all. Raises DomainError("not_a_share", value)."""
    if not words:
        return by_hand.WHOLE
    amount = amount_of(" ".join(words))
    refused = DomainError("not_a_share", value=" ".join(words)[:20])
    try:
        percent = Decimal(amount.number)
    except InvalidOperation:
        raise refused from None
    if amount.unit not in {None, "%", "퍼센트"} or not 0 < percent <= by_hand.WHOLE:
        raise refused
    return percent


def _way_on(ctx: Context) -> Keyboard:
    show, t = ctx.buttons.show, ctx.t
    return (
        (show(plain(t("button.positions")), "positions"), show(plain(t("button.menu")), "menu")),
    )
