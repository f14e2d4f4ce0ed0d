"""/strategies and /strategy: what there is to run, and what is inside."""

from __future__ import annotations

from domain.backtests import service as backtests
from domain.errors import DomainError
from domain.strategies import service as strategies
from domain.strategies.models import Strategy
from handlers.context import Context
from handlers.render import names, strategy_cards
from handlers.texts import plain
from handlers.types import Keyboard, Reply
from handlers.views import View, pager, present


async def list_strategies(ctx: Context) -> Reply:
    """`/strategies [page]`."""
    return present(ctx, await list_view(ctx, page_number(ctx)))


async def tap_list(ctx: Context) -> Reply:
    """A page of the list."""
    return present(ctx, await list_view(ctx, int(ctx.tap.get("0", 1))))


async def show_strategy(ctx: Context) -> Reply:
    """`/strategy <id|name>`; without an argument, the list."""
    wanted = " ".join(ctx.incoming.args)
    if not wanted:
        return present(ctx, await list_view(ctx, 1))
    found = await strategies.resolve(ctx.session, ctx.user.id, wanted)
    return present(ctx, await strategy_view(ctx, found))


async def tap_strategy(ctx: Context) -> Reply:
    """One of the list."""
    found = await strategies.get(ctx.session, ctx.user.id, int(ctx.tap["0"]))
    return present(ctx, await strategy_view(ctx, found))


def page_number(ctx: Context) -> int:
    """The page somebody typed. Raises DomainError("not_a_page")."""
    if not ctx.incoming.args:
        return 1
    text = ctx.incoming.args[0]
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise DomainError("not_a_page", value=text[:20])
    return max(1, int(text))


async def list_view(ctx: Context, number: int) -> View:
    """Eight to a page, each a button to its card."""
    page = await strategies.page(ctx.session, ctx.user.id, number)
    rows = tuple(
        (ctx.buttons.show(names.strategy(ctx.t, row.name)[:40], "strategy", row.id),)
        for row in page.rows
    )
    menu = (
        ctx.buttons.show(plain(ctx.t("button.new_strategy")), "write"),
        ctx.buttons.show(plain(ctx.t("button.menu")), "menu"),
    )
    keyboard: Keyboard = (*rows, *pager(ctx, "strategies", page.number, page.pages), menu)
    return View(strategy_cards.listed(ctx.t, page), keyboard, card="strategies:")


async def strategy_view(ctx: Context, row: Strategy) -> View:
    """Its card: what it does, its code, its inputs, how it did last."""
    program = strategies.compiled(row)
    last = await backtests.latest(ctx.session, ctx.user.id, strategy_id=row.id, limit=3)
    show, t = ctx.buttons.show, ctx.t
    keyboard: Keyboard = (
        (
            show(plain(t("button.start_this")), "new_bot", row.id, style="success"),
            show(plain(t("button.backtest_this")), "new_bt", row.id, style="primary"),
        ),
        *_owners_row(ctx, row),
        (show(plain(t("button.strategies")), "strategies"), show(plain(t("button.menu")), "menu")),
    )
    return View(strategy_cards.card(t, row, program, last), keyboard, card=f"strategy:{row.id}")


def _owners_row(ctx: Context, row: Strategy) -> Keyboard:
    """What only its owner may do."""
    if row.user_id is None:
        return ()
    show, t = ctx.buttons.show, ctx.t
    return (
        (
            show(plain(t("button.edit_strategy")), "edit", row.id),
            show(plain(t("button.share")), "share", row.id),
            show(plain(t("button.delete")), "delete", row.id),
        ),
    )
