"""/results: earlier backtests by page, one of them, and two side by side."""

from __future__ import annotations

from collections.abc import Sequence

from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.errors import DomainError
from handlers.backtests import cancel_button, followed_at, result_view
from handlers.context import Context
from handlers.render import backtest_cards, comparison
from handlers.render.text import lines
from handlers.texts import Translator, plain
from handlers.types import Action, Keyboard, Reply
from handlers.views import View, pager, present

_COMPARE = {"compare", "vs", "비교"}


async def results(ctx: Context) -> Reply:
    """`/results [id] [id]`: the list, one, or two side by side (`compare` may stand before them).

    Raises DomainError: "unknown_result" (result), "results_one_or_two", and for what cannot be held
    against another "result_has_no_trades" (result).
    """
    words = [word for word in ctx.incoming.args if word.lower() not in _COMPARE]
    if not words:
        return present(ctx, await list_view(ctx, 1))
    if len(words) > 2:
        raise DomainError("results_one_or_two")
    rows = [await _named(ctx, word) for word in words]
    if rows[0] is rows[-1]:
        return await _one(ctx, rows[0])
    for row in rows:
        if row.kind in backtest_cards.TITLES or row.status != backtests.COMPLETED:
            raise DomainError("result_has_no_trades", result=row.id)
    return present(ctx, _both(ctx, rows[0], rows[1]))


async def tap_result(ctx: Context) -> Reply:
    """One of the list."""
    return await _one(ctx, await _numbered(ctx, int(ctx.tap["0"])))


async def tap_results(ctx: Context) -> Reply:
    """A page of the list."""
    return present(ctx, await list_view(ctx, int(ctx.tap.get("0", 1))))


async def tap_compare(ctx: Context) -> Reply:
    """With which one? The tapped row, and the page of the others."""
    first, number = int(ctx.tap["0"]), int(ctx.tap.get("1", 1))
    row = await _numbered(ctx, first)
    found = await backtests.page(ctx.session, ctx.user.id, number, besides=first)
    show = ctx.buttons.show
    choices = tuple((show(_label(other), "both", first, other.id),) for other in found.rows)
    turns = tuple(
        show(sign, "compare", first, page)
        for sign, page in (("◀", found.number - 1), ("▶", found.number + 1))
        if 1 <= page <= found.pages
    )
    back = (show(plain(ctx.t("button.back")), "result", first),)
    keyboard: Keyboard = (*choices, *((turns,) if turns else ()), back)
    asked = ctx.t("results.which" if found.rows else "results.no_other", result=row.id)
    return present(ctx, View(asked, keyboard))


async def tap_both(ctx: Context) -> Reply:
    """Side by side."""
    first = await _numbered(ctx, int(ctx.tap["0"]))
    second = await _numbered(ctx, int(ctx.tap["1"]))
    return present(ctx, _both(ctx, first, second))


async def list_view(ctx: Context, number: int) -> View:
    """Eight to a page, each a button to its card; before the first what still goes on."""
    found = await backtests.page(ctx.session, ctx.user.id, number)
    first = found.number == 1
    going = await backtests.unfinished(ctx.session, ctx.user.id) if first else ()
    show, t = ctx.buttons.show, ctx.t
    buttons = tuple((show(_titled(t, row), "result", row.id),) for row in found.rows)
    keyboard: Keyboard = (
        *going_rows(ctx, going),
        *buttons,
        *pager(ctx, "results", found.number, found.pages),
        (show(plain(t("button.backtest")), "new_bt"), show(plain(t("button.menu")), "menu")),
    )
    return View(backtest_cards.listed(t, found.rows, going), keyboard, card="results:")


def going_rows(ctx: Context, going: Sequence[BacktestResult]) -> Keyboard:
    """Each test that waits or runs, with what calls it off."""
    return tuple(
        (
            ctx.buttons.show(_titled(ctx.t, row), "result", row.id),
            cancel_button(ctx.t, ctx.buttons, row),
        )
        for row in going
    )


async def _one(ctx: Context, row: BacktestResult) -> Reply:
    """Its card. What still goes on is followed here from now on: the card before says so, else it
    would stay at what it was.
    """
    shown = present(ctx, await result_view(ctx, row))
    before = await followed_at(ctx, row)
    if before is None or row.status not in (backtests.QUEUED, backtests.RUNNING):
        return shown
    text = lines(backtest_cards.heading(ctx.t, row), "", ctx.t("backtest.moved"))
    return Reply((Action("edit", text=text, message_id=before),)) + shown


def _both(ctx: Context, first: BacktestResult, second: BacktestResult) -> View:
    show = ctx.buttons.show
    row = tuple(show(f"#{each.id}", "result", each.id) for each in (first, second))
    back = (show(plain(ctx.t("button.results")), "results"),)
    return View(comparison.side_by_side(ctx.t, first, second), (row, back))


def _label(row: BacktestResult) -> str:
    return f"#{row.id} {row.pair} {row.timeframe}"


def _titled(t: Translator, row: BacktestResult) -> str:
    """A study also says what kind of study it is."""
    return (
        plain(backtest_cards.titled(t, row)) if row.kind in backtest_cards.TITLES else _label(row)
    )


async def _named(ctx: Context, word: str) -> BacktestResult:
    text = word.removeprefix("#")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DomainError("unknown_result", result=text[:20])
    return await _numbered(ctx, int(text))


async def _numbered(ctx: Context, result_id: int) -> BacktestResult:
    return await backtests.get(ctx.session, ctx.user.id, result_id)
