"""/mode: paper, demo or live; live with a code of the second factor, from a flat account only."""

from __future__ import annotations

from domain.access.step_up import check_going_live
from domain.bots.modes import LIVE, check_mode, set_mode
from domain.errors import DomainError
from handlers.context import Context
from handlers.late import refuse_late
from handlers.render.text import lines
from handlers.texts import Html, plain
from handlers.types import Reply
from handlers.views import View, present

_SPELLINGS = {
    "paper": {"paper", "모의", "모의투자", "페이퍼"},
    "demo": {"demo", "데모"},
    "live": {"live", "real", "실거래", "라이브", "실전"},
}


async def mode_command(ctx: Context) -> Reply:
    """`/mode paper|demo|live`; without an argument, the card.

    Raises as `domain.bots.modes.set_mode`, and for live as `check_going_live`.
    """
    if not ctx.incoming.args:
        return present(ctx, mode_view(ctx))
    typed = ctx.incoming.args[0].lower()
    wanted = next((mode for mode, known in _SPELLINGS.items() if typed in known), typed)
    return await _change(ctx, wanted)


async def tap_mode(ctx: Context) -> Reply:
    """A button of the card, or the one that leads to it."""
    if "0" not in ctx.tap:
        return present(ctx, mode_view(ctx))
    return await _change(ctx, str(ctx.tap["0"]))


def mode_view(ctx: Context) -> View:
    """Where it trades now, what each mode means, and a button for each that is to be had."""
    t, show, now = ctx.t, ctx.buttons.show, ctx.settings.mode
    of = {"prices": t(f"prices.{ctx.services.prices}"), "money": t(f"money.{ctx.services.money}")}
    others = [mode for mode in ctx.services.modes if mode != now]
    buttons = tuple(
        show(
            plain(t("button.mode", mode=t(f"mode.{mode}"))),
            "mode",
            mode,
            style="danger" if mode == LIVE else None,
        )
        for mode in others
    )
    text = lines(
        t("mode.title", mode=t(f"mode.{now}")),
        "",
        *(t(f"mode.what_{mode}", **of) for mode in ctx.services.modes),
        None if others else _why_paper(ctx),
        *(("", t("mode.hint")) if others else ()),
    )
    foot = (show(plain(t("button.keys")), "keys"), show(plain(t("button.menu")), "menu"))
    return View(text, (buttons, foot) if buttons else (foot,), card="mode:")


def _why_paper(ctx: Context) -> Html:
    """Why there is nothing but paper here."""
    if ctx.services.prices == "real":
        return ctx.t("mode.paper_venue", exchange=ctx.services.exchange_name.capitalize())
    return ctx.t("mode.paper_only", prices=ctx.t(f"prices.{ctx.services.prices}"))


async def _change(ctx: Context, wanted: str) -> Reply:
    check_mode(wanted, ctx.services.modes)
    if wanted == LIVE != ctx.settings.mode:
        refuse_late(ctx)
        await check_going_live(ctx.session, ctx.user, ctx.now)
    try:
        await set_mode(
            ctx.session,
            ctx.services.cipher,
            ctx.services.clock,
            ctx.settings,
            wanted,
            exchange=ctx.services.exchange_name,
            modes=ctx.services.modes,
            now=ctx.now,
        )
    except DomainError as error:
        if error.code != "no_key":
            raise
        raise DomainError("no_key", mode=ctx.t(f"mode.{wanted}")) from error
    said = ctx.t(f"mode.changed_{wanted}", money=ctx.t(f"money.{ctx.services.money}"))
    view = mode_view(ctx)
    return present(ctx, View(lines(said, "", view.text), view.keyboard, view.card))
