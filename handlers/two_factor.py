"""/twofa: switch the second factor on with a QR code, prove it, renew the recovery codes, off."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access import two_factor
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.errors import DomainError
from handlers import step_up
from handlers.context import Context
from handlers.render import numbers
from handlers.render.text import code, lines
from handlers.texts import plain
from handlers.types import Action, Reply
from handlers.views import View, present

FORM = "twofa"
_QR = "twofa:qr"


async def show_two_factor(ctx: Context) -> Reply:
    """`/twofa`, and the same as a tap."""
    return present(ctx, await _view(ctx))


async def tap_begin(ctx: Context) -> Reply:
    """A new secret as a picture, and the question for the first code.

    As a picture only: a chat keeps what is written in it. Raises DomainError("two_factor_is_on").
    """
    cipher, user_id = ctx.services.cipher, ctx.user.id
    enrolment = await two_factor.begin(ctx.session, cipher, user_id)
    await forms.ask(ctx.session, cipher, user_id, OpenForm(FORM, "code"), ctx.now)
    text = lines(ctx.t("twofa.scan"), "", ctx.t("twofa.send_code"))
    qr = Action("photo", text=text, qr=enrolment.address, card=_QR, protect=True)
    return Reply((Action("delete", card=_QR), qr))


async def answer(ctx: Context) -> Reply:
    """The first code. A wrong one is counted and leaves the question open."""
    deleted = step_up.taken_away(ctx)
    typed = ctx.incoming.text
    if not step_up.looks_like_code(typed):
        return deleted + Reply.text(ctx.t("step_up.not_a_code"))
    at = ctx.incoming.received_at
    verdict, codes = await two_factor.finish(
        ctx.session, ctx.services.cipher, ctx.user.id, typed, at
    )
    if not verdict.is_right:
        return deleted + Reply.text(step_up.refusal(ctx, verdict))
    await forms.close(ctx.session, ctx.user.id)
    qr_gone = Reply((Action("delete", card=_QR),))
    view = await _view(ctx)
    told = Reply.text(lines(ctx.t("twofa.done"), "", view.text), view.keyboard, view.card)
    return deleted + qr_gone + told + _codes(ctx, codes)


async def tap_off(ctx: Context) -> Reply:
    """Off; a code was given. Raises DomainError("two_factor_live") while real money is traded."""
    if ctx.settings.mode == "live":
        raise DomainError("two_factor_live")
    await two_factor.disable(ctx.session, ctx.user.id, ctx.now)
    return present(ctx, await _view(ctx))


async def tap_codes(ctx: Context) -> Reply:
    """New recovery codes; a code was given."""
    codes = await two_factor.renew_recovery(ctx.session, ctx.user.id, ctx.now)
    return _codes(ctx, codes)


async def _view(ctx: Context) -> View:
    """On or off, what that means, and what can be done."""
    await ctx.session.flush()
    t, show = ctx.t, ctx.buttons.show
    now = await two_factor.standing(ctx.session, ctx.user, ctx.now)
    menu = show(plain(t("button.menu")), "menu")
    if not now.on:
        begin = show(plain(t("button.twofa_on")), "tf_on", style="success")
        return View(lines(t("twofa.off"), "", t("twofa.why")), ((begin,), (menu,)), "twofa:")
    text = lines(
        t("twofa.on"),
        t("twofa.recovery_left", n=now.recovery_codes),
        t("twofa.frozen", until=numbers.moment(t, now.frozen_until)) if now.frozen_until else None,
        t("twofa.live_frozen", until=numbers.moment(t, now.live_frozen_until))
        if now.live_frozen_until
        else None,
        t("step_up.locked", until=numbers.moment(t, now.locked_until))
        if now.locked_until
        else None,
    )
    codes = show(plain(t("button.recovery_codes")), "tf_codes")
    off = show(plain(t("button.twofa_off")), "tf_off", style="danger")
    return View(text, ((codes,), (off, menu)), "twofa:")


def _codes(ctx: Context, codes: Sequence[str]) -> Reply:
    shown = lines(*(code(each) for each in codes))
    text = lines(ctx.t("twofa.recovery"), "", shown)
    return Reply((Action("send", text=text, protect=True),))
