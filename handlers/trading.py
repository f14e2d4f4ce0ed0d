"""/positions, /trades and /pnl: what is open, what was closed, what came of it."""

from __future__ import annotations

from domain.errors import DomainError
from domain.portfolio import service as portfolio
from domain.risk.earned import earned
from domain.trading import queries
from handlers import trade_pages
from handlers.context import Context
from handlers.marks import MarketNow, Marks
from handlers.render import money_cards, numbers, position_cards, trade_cards
from handlers.render.position_cards import LivePosition
from handlers.render.text import lines
from handlers.texts import plain
from handlers.trade_pages import Decimals, typed_count
from handlers.types import Button, Keyboard, Reply
from handlers.views import View, as_of, pager, present

_PERIODS = {
    "day": portfolio.DAY,
    "today": portfolio.DAY,
    "week": portfolio.WEEK,
    "month": portfolio.MONTH,
    "all": portfolio.ALL,
    "total": portfolio.ALL,
    "오늘": portfolio.DAY,
    "일": portfolio.DAY,
    "주": portfolio.WEEK,
    "이번주": portfolio.WEEK,
    "월": portfolio.MONTH,
    "이번달": portfolio.MONTH,
    "전체": portfolio.ALL,
}


async def positions(ctx: Context) -> Reply:
    """`/positions`, and its refresh button."""
    return present(ctx, await positions_view(ctx))


async def trades(ctx: Context) -> Reply:
    """`/trades [n]`: the last n, or all, eight to a page. Raises DomainError("not_a_count")."""
    return present(ctx, await trades_view(ctx, 1, typed_count(ctx.incoming.args)))


async def tap_trades(ctx: Context) -> Reply:
    """A page of them."""
    return present(ctx, await trades_view(ctx, int(ctx.tap.get("0", 1)), int(ctx.tap.get("1", 0))))


async def pnl(ctx: Context) -> Reply:
    """`/pnl [day|week|month|all]`. Raises DomainError("unknown_period")."""
    if not ctx.incoming.args:
        return present(ctx, await pnl_view(ctx))
    typed = ctx.incoming.args[0].lower()
    if typed not in _PERIODS:
        raise DomainError("unknown_period", period=typed[:20])
    return present(ctx, await pnl_view(ctx, _PERIODS[typed]))


async def tap_pnl(ctx: Context) -> Reply:
    """One period, or the summary."""
    return present(ctx, await pnl_view(ctx, ctx.tap.get("0")))


async def live_positions(ctx: Context) -> list[LivePosition]:
    """The open positions at the price of now, where the route looked first; else at the last one
    seen. Nobody is asked here: a unit of work may be open.
    """
    held = await queries.open_positions(ctx.session, ctx.user.id, ctx.settings.mode)
    return [_live(each, marks_of(ctx).of(each.position.symbol)) for each in held]


def marks_of(ctx: Context) -> Marks:
    """What the route found out before."""
    return ctx.looked if isinstance(ctx.looked, Marks) else Marks({})


async def known_positions(ctx: Context) -> list[LivePosition]:
    """The same as last seen: nobody is asked."""
    held = await queries.open_positions(ctx.session, ctx.user.id, ctx.settings.mode)
    return [LivePosition(each.position, each.mark, numbers.decimals_of(each.mark)) for each in held]


async def positions_view(ctx: Context) -> View:
    """Every open position, with its levels."""
    t, show, clock = ctx.t, ctx.buttons.show, ctx.services.clock
    held = await live_positions(ctx)
    text = lines(
        position_cards.card(t, held, ctx.settings.mode, clock.now()),
        "",
        as_of(t, ctx.now, clock.now_ms()),
    )
    stop: tuple[Button, ...] = ()
    if held:
        stop = (show(plain(t("button.close")), "close", style="danger"),)
    if any(each.row.gone_told for each in held):
        stop = (*stop, show(plain(t("button.settle")), "settle", style="danger"))
    keyboard: Keyboard = (
        (show(plain(t("button.refresh")), "positions"), *stop),
        (show(plain(t("button.status")), "status"), show(plain(t("button.menu")), "menu")),
    )
    return View(text, keyboard, card="positions:")


async def trades_view(ctx: Context, number: int, most: int = 0) -> View:
    """Newest first. `most` 0 = all."""
    t, show, mode = ctx.t, ctx.buttons.show, ctx.settings.mode
    page = await trade_pages.page_of(ctx.session, ctx.user.id, mode, number, most)
    known = ctx.looked.known if isinstance(ctx.looked, Decimals) else {}
    decimals = {row.trade.symbol: known.get(row.trade.symbol, -1) for row in page.rows}
    keyboard: Keyboard = (
        *pager(ctx, "trades", page.number, page.pages, *((most,) if most else ())),
        (show(plain(t("button.pnl")), "pnl"), show(plain(t("button.menu")), "menu")),
    )
    card = trade_cards.card(t, page.rows, mode, page.total, decimals)
    return View(card, keyboard, card="trades:")


async def pnl_view(ctx: Context, period: str | None = None) -> View:
    """All periods side by side, or one in detail."""
    t, show, clock = ctx.t, ctx.buttons.show, ctx.services.clock
    mode, zone, now = ctx.settings.mode, ctx.settings.timezone, clock.now()
    if period in portfolio.PERIODS:
        found = await earned(ctx.session, ctx.user.id, mode, str(period), zone=zone, now=now)
        text = money_cards.period(t, found, mode)
    else:
        every = await portfolio.pnl_summary(ctx.session, ctx.user.id, mode, zone=zone, now=now)
        text = money_cards.summary(t, every, mode)
    switches = tuple(
        show(plain(t(f"button.period_{each}")), "pnl", each) for each in portfolio.PERIODS
    )
    again = () if period is None else (period,)
    keyboard: Keyboard = (
        switches,
        (
            show(plain(t("button.refresh")), "pnl", *again),
            show(plain(t("button.trades")), "trades"),
            show(plain(t("button.menu")), "menu"),
        ),
    )
    return View(lines(text, "", as_of(t, ctx.now, clock.now_ms())), keyboard, card="pnl:")


def _live(view: queries.PositionView, now: MarketNow) -> LivePosition:
    mark = view.mark if now.mark is None else now.mark
    decimals = -1 if now.contract is None else now.contract.price_decimals
    return LivePosition(view.position, mark, numbers.decimals_or(decimals, mark))
