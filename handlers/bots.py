"""/start_bot, /stop_bot, /pause, /resume and /status."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from domain.access.step_up import Need, check, check_going_live
from domain.bots import service as bots
from domain.bots.modes import LIVE, PAPER
from domain.bots.service import BotView
from domain.errors import DomainError
from domain.money import exact
from domain.strategies import service as strategies
from handlers.context import Context
from handlers.own_account import OwnAccount
from handlers.render import bot_cards, names, strategy_cards
from handlers.render.text import lines
from handlers.texts import plain
from handlers.trading import live_positions
from handlers.types import Keyboard, Reply
from handlers.views import View, as_of, present
from handlers.wizard import BOT, Draft, ask_another_symbol, drafted, question

_MOST_SYMBOLS_SHOWN = 2


async def start_bot(ctx: Context) -> Reply:
    """`/start_bot [strategy] [symbols] [timeframe]`: asks for what is missing, then to confirm."""
    return present(ctx, await go_on(ctx, await drafted(ctx, BOT)))


async def tap_new(ctx: Context) -> Reply:
    """The button "Start", of the menu or of a strategy's card."""
    return present(ctx, await new_view(ctx, ctx.tap.get("0")))


async def new_view(ctx: Context, strategy: object = None) -> View:
    """The first question."""
    return await go_on(ctx, Draft(BOT, strategy=None if strategy is None else int(str(strategy))))


async def go_on(ctx: Context, draft: Draft) -> View:
    """Ask for what is missing, else show what would start."""
    return await question(ctx, draft) or await confirm_view(ctx, draft)


async def tap_more(ctx: Context) -> Reply:
    """One more market for the same bot."""
    return present(ctx, await ask_another_symbol(ctx, Draft.from_args(ctx.tap)))


async def confirm_view(ctx: Context, draft: Draft) -> View:
    """What it will do, in which mode, within which limits, and the worst case."""
    if draft.strategy is None or draft.timeframe is None:
        raise LookupError("the draft is not complete")
    preview = await bots.preview_start(
        ctx.session,
        ctx.services.market,
        ctx.user.id,
        strategy_id=draft.strategy,
        symbols=draft.symbols,
        timeframe=draft.timeframe,
        inputs=draft.inputs,
        modes=ctx.services.modes,
    )
    equity = await equity_of(ctx, await bots.status(ctx.session, ctx.services.clock, ctx.user.id))
    label = ctx.t(
        "button.start_now" if preview.switches_from is None else "button.switch_now",
        symbols=_short(preview.symbols),
        timeframe=preview.timeframe,
    )
    act = ctx.buttons.act
    start = act(plain(label), "go_bot", style="success", **draft.to_args())
    more = act(plain(ctx.t("button.add_market")), "more", **draft.to_args())
    cancel = ctx.buttons.show(plain(ctx.t("button.cancel")), "menu")
    row = await strategies.get(ctx.session, ctx.user.id, draft.strategy)
    program = strategies.compiled(row)
    own = frozenset(program.checked.outputs)
    card = bot_cards.confirm(ctx.t, preview, own, equity, ctx.services.prices, ctx.services.money)
    if preview.inputs:
        values = program.bind(preview.inputs).values
        card = lines(card, *strategy_cards.chosen_inputs(ctx.t, program, values))
    return View(card, ((start,), (more, cancel)))


async def tap_start(ctx: Context) -> Reply:
    """The confirmed start."""
    draft = Draft.from_args(ctx.tap)
    if draft.strategy is None or draft.timeframe is None:
        raise DomainError("button_invalid")
    started = await bots.start(
        ctx.session,
        ctx.services.market,
        ctx.services.clock,
        ctx.user.id,
        exchange=ctx.services.exchange_name,
        strategy_id=draft.strategy,
        symbols=draft.symbols,
        timeframe=draft.timeframe,
        inputs=draft.inputs,
        modes=ctx.services.modes,
    )
    view = await status_view(ctx)
    said = ctx.t("start_bot.done", strategy=names.strategy(ctx.t, started.strategy))
    return present(ctx, View(lines(said, "", view.text), view.keyboard, view.card)) + Reply.answer(
        plain(ctx.t("start_bot.toast"))
    )


async def stop_bot(ctx: Context) -> Reply:
    """`/stop_bot`, and the button. Raises DomainError("bot_not_running")."""
    return present(ctx, await stop_view(ctx))


async def stop_view(ctx: Context) -> View:
    """Keep or close what is open? Stopping itself is never refused."""
    view = await bots.status(ctx.session, ctx.services.clock, ctx.user.id)
    held = [each for each in await live_positions(ctx) if each.row.source == "bot"]
    if view.state in {"none", "stopped"} and not held:
        raise DomainError("bot_not_running")
    t, group = ctx.t, f"stop{ctx.incoming.update_id}"
    act = ctx.buttons.act
    cancel = ctx.buttons.show(plain(t("button.keep_running")), "status")
    if not held:
        stop = act(
            plain(t("button.stop_now")),
            "go_stop",
            style="danger",
            group=group,
            urgent=True,
            close=False,
        )
        return View(bot_cards.stopping(t, view, held), ((stop,), (cancel,)))
    named = _short(tuple(each.row.symbol for each in held))
    keep = act(
        plain(t("button.stop_keep", symbols=named)),
        "go_stop",
        group=group,
        urgent=True,
        close=False,
    )
    close = act(
        plain(t("button.stop_close", symbols=named)),
        "go_stop",
        style="danger",
        group=group,
        urgent=True,
        close=True,
    )
    return View(bot_cards.stopping(t, view, held), ((close,), (keep,), (cancel,)))


async def tap_stop(ctx: Context) -> Reply:
    """The confirmed stop."""
    stopped = await bots.stop(
        ctx.session,
        ctx.services.queue,
        ctx.services.clock,
        ctx.user.id,
        close_positions=ctx.tap.get("close") is True,
    )
    show, t = ctx.buttons.show, ctx.t
    keyboard: Keyboard = (
        (
            show(plain(t("button.positions")), "positions"),
            show(plain(t("button.menu")), "menu"),
        ),
    )
    return present(ctx, View(bot_cards.stopped(t, stopped), keyboard))


async def pause(ctx: Context) -> Reply:
    """No new entries. Raises DomainError("bot_not_running")."""
    await bots.pause(ctx.session, ctx.user.id)
    return await _status_saying(ctx, "pause.done")


async def resume(ctx: Context) -> Reply:
    """Entries again; what was locked needs a code once there is a live key.

    Raises DomainError("bot_not_running" | "panic_under_way"), and those of a step-up; with real
    money as `check_going_live`.
    """
    was_locked = await bots.resume(ctx.session, ctx.user.id)
    if was_locked and ctx.settings.mode == LIVE:
        await check_going_live(ctx.session, ctx.user, ctx.now)
    elif was_locked:
        await check(ctx.session, ctx.user, Need.LIVE, ctx.now)
    return await _status_saying(ctx, "resume.done")


async def status(ctx: Context) -> Reply:
    """`/status`, and its refresh button."""
    return present(ctx, await status_view(ctx))


async def status_view(ctx: Context) -> View:
    """One card with everything."""
    clock, t = ctx.services.clock, ctx.t
    view = await bots.status(ctx.session, clock, ctx.user.id)
    held = await live_positions(ctx)
    money = bot_cards.Money(
        await equity_of(ctx, view), await _today(ctx, view), _seen_before(ctx, view)
    )
    card = bot_cards.status(t, view, money, held, clock.now())
    text = lines(card, "", as_of(t, ctx.now, clock.now_ms()))
    return View(text, _status_keyboard(ctx, view), card="status:")


async def equity_of(ctx: Context, view: BotView) -> float | None:
    """Of now, where the route looked, else as last seen; a paper account that never traded is asked
    itself, which is a local read.
    """
    if isinstance(ctx.looked, OwnAccount) and ctx.looked.balance is not None:
        return float(ctx.looked.balance.equity)
    if view.equity is not None or view.mode != PAPER:
        return view.equity
    balance = await ctx.services.exchanges.of(ctx.user.id, view.mode).balance()
    return float(balance.equity)


def _seen_before(ctx: Context, view: BotView) -> datetime | None:
    """When a real account was last read, where that could not be done now."""
    known = isinstance(ctx.looked, OwnAccount) and ctx.looked.balance is not None
    return None if known or view.mode == PAPER else view.seen_at


async def _today(ctx: Context, view: BotView) -> Decimal:
    """What equity gained since the day began in the reader's time zone."""
    known = ctx.looked.balance if isinstance(ctx.looked, OwnAccount) else None
    worth = None if known is None else exact(known.equity)
    zone = ctx.settings.timezone
    return await bots.gained_today(ctx.session, ctx.services.clock, view, ctx.user.id, zone, worth)


async def _status_saying(ctx: Context, key: str) -> Reply:
    await ctx.session.flush()
    view = await status_view(ctx)
    said = ctx.t(key)
    if ctx.incoming.callback_id is not None:
        return present(ctx, view) + Reply.answer(plain(said))
    return present(ctx, View(lines(said, "", view.text), view.keyboard, view.card))


def _status_keyboard(ctx: Context, view: BotView) -> Keyboard:
    show, t = ctx.buttons.show, ctx.t
    first = [show(plain(t("button.refresh")), "status")]
    if view.state == "running":
        first.append(show(plain(t("button.pause")), "pause"))
    elif view.state in {"paused", "halted", "panicked"}:
        first.append(show(plain(t("button.resume")), "resume", style="success"))
    if view.state in {"none", "stopped"}:
        first.append(show(plain(t("button.start_bot")), "new_bot", style="success"))
    else:
        first.append(show(plain(t("button.stop_bot")), "stop_bot", style="danger"))
    return (
        tuple(first),
        (
            show(plain(t("button.positions")), "positions"),
            show(plain(t("button.signals")), "sig"),
            show(plain(t("button.pnl")), "pnl"),
        ),
        (
            show(plain(t("button.panic")), "panic", style="danger"),
            show(plain(t("button.risk")), "risk"),
            show(plain(t("button.menu")), "menu"),
        ),
    )


def _short(symbols: tuple[str, ...]) -> str:
    """For a button: `BTCUSDT, ETHUSDT +3`."""
    shown = ", ".join(symbols[:_MOST_SYMBOLS_SHOWN])
    more = len(symbols) - _MOST_SYMBOLS_SHOWN
    return f"{shown} +{more}" if more > 0 else shown
