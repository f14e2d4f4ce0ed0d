"""/backtest and /results: queued at once, followed by its card, to be looked at again later."""

from __future__ import annotations

from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.errors import DomainError
from handlers import pictures
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.render import backtest_cards
from handlers.texts import Translator, plain
from handlers.types import Action, Keyboard, Reply
from handlers.views import View, present
from handlers.wizard import BACKTEST, Draft, drafted, question


async def backtest(ctx: Context) -> Reply:
    """`/backtest [strategy] [symbol] [timeframe] [range]` in any order; asks for the rest."""
    return present(ctx, await go_on(ctx, await drafted(ctx, BACKTEST)))


async def tap_new(ctx: Context) -> Reply:
    """The button "Backtest", of the menu or of a strategy's card."""
    return present(ctx, await new_view(ctx, ctx.tap.get("0")))


async def new_view(ctx: Context, strategy: object = None) -> View:
    """The first question."""
    chosen = None if strategy is None else int(str(strategy))
    return await go_on(ctx, Draft(BACKTEST, strategy=chosen))


async def go_on(ctx: Context, draft: Draft) -> View:
    """Ask for what is missing, else queue it."""
    return await question(ctx, draft) or await _queued(ctx, draft)


async def tap_cancel(ctx: Context) -> Reply:
    """Call it off."""
    row = await backtests.cancel(ctx.session, ctx.user.id, int(ctx.tap["0"]), ctx.now)
    return present(ctx, await result_view(ctx, row))


async def results(ctx: Context) -> Reply:
    """`/results [id]`. Raises DomainError("unknown_result")."""
    if not ctx.incoming.args:
        return present(ctx, await list_view(ctx))
    text = ctx.incoming.args[0].removeprefix("#")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DomainError("unknown_result", result=text[:20])
    row = await backtests.get(ctx.session, ctx.user.id, int(text))
    return present(ctx, await result_view(ctx, row))


async def tap_result(ctx: Context) -> Reply:
    """One of the list."""
    row = await backtests.get(ctx.session, ctx.user.id, int(ctx.tap["0"]))
    return present(ctx, await result_view(ctx, row))


async def list_view(ctx: Context) -> View:
    """The latest results."""
    rows = await backtests.latest(ctx.session, ctx.user.id)
    show, t = ctx.buttons.show, ctx.t
    buttons = tuple(
        (show(f"#{row.id} {row.pair} {row.timeframe}", "result", row.id),) for row in rows
    )
    keyboard: Keyboard = (
        *buttons,
        (show(plain(t("button.backtest")), "new_bt"), show(plain(t("button.menu")), "menu")),
    )
    return View(backtest_cards.listed(t, rows), keyboard, card="results:")


async def result_view(ctx: Context, row: BacktestResult) -> View:
    """Its card, whatever state it is in."""
    ahead = await backtests.ahead(ctx.session, ctx.services.queue, row)
    text = backtest_cards.card(ctx.t, row, ahead)
    return View(text, result_keyboard(ctx.t, ctx.buttons, row), card=card_name(row))


def card_name(row: BacktestResult) -> str:
    """The live card that follows a backtest."""
    return f"backtest:{row.id}"


def live_card(
    t: Translator, buttons: Buttons, row: BacktestResult, ahead: int | None = None
) -> Action:
    """The card as it is now, for whoever carries the backtest out; `ahead`: of it in the queue."""
    text = backtest_cards.card(t, row, ahead)
    return Action("edit", text=text, keyboard=result_keyboard(t, buttons, row), card=card_name(row))


def result_keyboard(t: Translator, buttons: Buttons, row: BacktestResult) -> Keyboard:
    """Cancel while it goes on; afterwards what one wants next."""
    show = buttons.show
    if row.status in (backtests.QUEUED, backtests.RUNNING):
        return ((show(plain(t("button.cancel_backtest")), "cancel_bt", row.id, style="danger"),),)
    which = () if row.strategy_id is None else (row.strategy_id,)
    again = show(plain(t("button.backtest")), "new_bt", *which)
    start = show(plain(t("button.start_this")), "new_bot", *which, style="success")
    if row.status == backtests.COMPLETED:
        return ((pictures.open_button(t, buttons, row.id),), (start, again))
    return ((start, again),)


async def _queued(ctx: Context, draft: Draft) -> View:
    if draft.timeframe is None:
        raise LookupError("the draft is not complete")
    symbol = draft.symbols[0]
    history = await ctx.services.market.history_range(symbol)
    start_ms, end_ms = backtests.span(
        history,
        draft.timeframe,
        days=draft.span_days,
        start_ms=draft.start_ms,
        end_ms=draft.end_ms,
    )
    wanted = backtests.Request(
        draft.strategy, symbol, draft.timeframe, start_ms, end_ms, share=draft.shared
    )
    row = await backtests.request(ctx.session, ctx.services.queue, ctx.user.id, wanted, ctx.now)
    return await result_view(ctx, row)
