"""/backtest: asked for, queued, followed by its card, run again with changes."""

from __future__ import annotations

from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.chat import cards
from domain.errors import DomainError
from domain.research.service import MONTECARLO, OPTIMIZE, PARITY, WALKFORWARD
from domain.strategies import service as strategies
from handlers import bots, documents, pictures, reach, setup, wizard
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.render import backtest_cards
from handlers.texts import Translator, plain
from handlers.types import Action, Button, Keyboard, Reply
from handlers.views import View, present
from handlers.wizard import BACKTEST, BOT, Draft, drafted, question

_SEARCHES = {OPTIMIZE: wizard.OPTIMIZE, WALKFORWARD: wizard.WALKFORWARD}


async def backtest(ctx: Context) -> Reply:
    """`/backtest [strategy] [symbol] [timeframe] [range] [input=value ...]` in any order: with all
    that is needed it is queued, else the rest is asked for.
    """
    draft = await drafted(ctx, BACKTEST)
    return present(ctx, await question(ctx, draft) or await _queued(ctx, draft))


async def tap_new(ctx: Context) -> Reply:
    """The button "Backtest", of the menu or of a strategy's card."""
    return present(ctx, await new_view(ctx, ctx.tap.get("0")))


async def new_view(ctx: Context, strategy: object = None) -> View:
    """The first question."""
    chosen = None if strategy is None else int(str(strategy))
    return await go_on(ctx, Draft(BACKTEST, strategy=chosen))


async def go_on(ctx: Context, draft: Draft) -> View:
    """Ask for what is missing, then show the whole, then queue it."""
    asked = await question(ctx, draft)
    if asked is not None:
        return asked
    return await _queued(ctx, draft) if draft.step == setup.RUN else await setup.view(ctx, draft)


async def tap_again(ctx: Context) -> Reply:
    """The same once more, to change something first."""
    return present(ctx, await again_view(ctx, ctx.tap["0"]))


async def tap_start_as(ctx: Context) -> Reply:
    """A bot with what was tested: strategy, market, timeframe and inputs."""
    return present(ctx, await start_view(ctx, ctx.tap["0"]))


async def again_view(ctx: Context, result_id: object) -> View:
    """The card to change and run the same from: an earlier backtest, or a search as it was asked
    for. Raises DomainError("unknown_result").
    """
    draft = await _as_before(ctx, BACKTEST, result_id)
    return await question(ctx, draft) or await setup.view(ctx, draft)


async def start_view(ctx: Context, result_id: object) -> View:
    """What would start. Raises DomainError: "unknown_result", "strategy_gone", "rules_changed"."""
    await check_rules(ctx, await backtests.get(ctx.session, ctx.user.id, int(str(result_id))))
    return await bots.go_on(ctx, await _as_before(ctx, BOT, result_id))


async def check_rules(ctx: Context, row: BacktestResult) -> None:
    """What a result found holds for the rules it ran only. Raises as `strategies.as_tested`."""
    user, strategy = ctx.user.id, row.strategy_id
    await strategies.as_tested(ctx.session, user, strategy or 0, row.program_hash)


async def tap_cancel(ctx: Context) -> Reply:
    """Call it off. The card that followed it says so, too, wherever the button was."""
    row = await backtests.cancel(ctx.session, ctx.user.id, int(ctx.tap["0"]), ctx.now)
    view = await result_view(ctx, row)
    before = await followed_at(ctx, row)
    shown = present(ctx, view)
    if before is None:
        return shown
    edit = Action("edit", text=view.text, keyboard=view.keyboard, message_id=before)
    return Reply((edit,)) + shown


async def followed_at(ctx: Context, row: BacktestResult) -> int | None:
    """The message that follows it, where that is not the tapped one."""
    kind, ref = cards.split(card_name(row))
    found = await cards.message_of(ctx.session, ctx.incoming.chat_id, kind, ref)
    return None if found == ctx.incoming.message_id else found


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
    text = backtest_cards.followed(t, row, ahead)
    keyboard = result_keyboard(t, buttons, row)
    if row.status == backtests.COMPLETED:  # the rest is below what was found
        keyboard = (_compared(t, buttons, row),) if row.kind not in backtest_cards.TITLES else ()
    return Action("edit", text=text, keyboard=keyboard, card=card_name(row))


def result_keyboard(t: Translator, buttons: Buttons, row: BacktestResult) -> Keyboard:
    """Cancel while it goes on; afterwards what one wants next."""
    show = buttons.show
    if row.status in (backtests.QUEUED, backtests.RUNNING):
        return ((cancel_button(t, buttons, row),),)
    done = row.status == backtests.COMPLETED
    rows: list[tuple[Button, ...]] = []
    if done and row.kind != PARITY:
        rows.append((pictures.open_button(t, buttons, row.id),))
    if row.kind == OPTIMIZE and done:
        return (*rows, *after_search(t, buttons, row.id))
    if row.kind == MONTECARLO:
        return (*rows, *_after_draws(t, buttons, row))
    if done and row.kind not in backtest_cards.TITLES:
        rows.append(documents.buttons_for(t, buttons, row.id))
        rows.append(_compared(t, buttons, row))
    if row.strategy_id is not None and row.kind != PARITY:
        again = show(plain(t("button.again_with")), "again", row.id)
        start = show(plain(t("button.start_this")), "start_as", row.id, style="success")
        rows.append((start, again) if done else (again,))
    return tuple(rows)


def cancel_button(t: Translator, buttons: Buttons, row: BacktestResult) -> Button:
    """Calls off what goes on."""
    study = row.kind in backtest_cards.TITLES
    label = plain(t("button.cancel_study" if study else "button.cancel_backtest"))
    return buttons.show(label, "cancel_bt", row.id, style="danger")


def _after_draws(t: Translator, buttons: Buttons, row: BacktestResult) -> Keyboard:
    """The backtest whose trades were drawn, and to draw them once more where it came to nothing."""
    source = (row.params or {})["source"]
    shown = [buttons.show(plain(t("button.source", id=source)), "result", source)]
    if row.status != backtests.COMPLETED:
        shown.append(buttons.show(plain(t("button.montecarlo")), "mc", source))
    return (tuple(shown),)


def _compared(t: Translator, buttons: Buttons, row: BacktestResult) -> tuple[Button, ...]:
    """What one learns by holding a result against others."""
    compare = buttons.show(plain(t("button.compare")), "compare", row.id)
    return (compare, buttons.show(plain(t("button.montecarlo")), "mc", row.id))


def after_search(t: Translator, buttons: Buttons, result_id: int) -> Keyboard:
    """What one does with the best inputs, or another search; each opens as a new message."""
    show = buttons.show
    again = show(plain(t("button.again_with")), "begin", "again", result_id)
    bot = show(plain(t("button.start_best")), "begin", "start_as", result_id, style="success")
    return ((bot,), (show(plain(t("button.test_best")), "use_best", result_id), again))


async def _as_before(ctx: Context, purpose: str, result_id: object) -> Draft:
    """What an earlier backtest ran, or with what a search found best."""
    row = await backtests.get(ctx.session, ctx.user.id, int(str(result_id)))
    params = row.params or {}
    tested = purpose == BACKTEST
    same = await _still_says(ctx, row)
    return Draft(
        _SEARCHES.get(row.kind, BACKTEST) if tested else purpose,
        strategy=row.strategy_id,
        symbols=(str(row.pair),),
        timeframe=row.timeframe,
        start_ms=int(params["start_ms"]) if tested else None,
        end_ms=int(params["end_ms"]) if tested else None,
        inputs=dict(params.get("inputs") or {}) or None if same else None,
        spans=params.get("spans") if tested and same else None,
    )


async def _still_says(ctx: Context, row: BacktestResult) -> bool:
    """Whether the inputs of a result are still those of its strategy."""
    try:
        await check_rules(ctx, row)
    except DomainError as error:
        if error.code != "rules_changed":
            raise
        return False
    return True


async def _queued(ctx: Context, draft: Draft) -> View:
    wanted = reach.asked(ctx, draft)
    row = await backtests.request(ctx.session, ctx.services.queue, ctx.user.id, wanted, ctx.now)
    return await result_view(ctx, row)
