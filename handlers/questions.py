"""Questions whose answer is the user's next message: a new value for a limit or a setting.

The question is a row: it survives a restart, and is forgotten after ten minutes.
"""

from __future__ import annotations

from domain.backtests import service as backtests
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.errors import DomainError
from handlers.context import Context
from handlers.errors import sentence
from handlers.render import risk_cards
from handlers.render.text import lines
from handlers.results import going_rows
from handlers.risk import Group, change, group_of
from handlers.texts import Html
from handlers.types import Reply

SETTING = "setting"
"""The kind of these forms; the step is the setting's name."""

_MISTAKES = {"not_a_number", "limit_out_of_range", "wrong_unit"}


async def tap_ask(ctx: Context) -> Reply:
    """The button of one setting: asks, below the card. Raises DomainError("button_invalid")."""
    name = str(ctx.tap.get("0"))
    group = group_of(name)
    if group is None:
        raise DomainError("button_invalid")
    return Reply.text(await _asked(ctx, group, name))


async def answer(ctx: Context) -> Reply:
    """The message that answers. One that cannot be taken says why and leaves the question open.

    Raises DomainError("not_understood" | "too_late"), which leave it open, too.
    """
    form = await _open(ctx)
    group = None if form is None else group_of(form.step)
    if form is None or group is None:
        raise DomainError("not_understood")
    try:
        reply = await change(ctx, group, form.step, ctx.incoming.text)
    except DomainError as error:
        if error.code not in _MISTAKES:
            raise
        return Reply.text(
            lines(_mistake(ctx, error, form.step), "", await _asked(ctx, group, form.step))
        )
    await forms.close(ctx.session, ctx.user.id)
    return reply


async def cancel(ctx: Context) -> Reply:
    """`/cancel`: whatever was asked stays as it is. Where nothing was, the tests that go on: one of
    them may have been meant.
    """
    form = await _open(ctx)
    await forms.close(ctx.session, ctx.user.id)
    if form is not None:
        return Reply.text(ctx.t("form.cancelled"))
    going = await backtests.unfinished(ctx.session, ctx.user.id)
    text = ctx.t("form.tests_go_on" if going else "form.nothing_open")
    return Reply.text(text, going_rows(ctx, going))


async def _open(ctx: Context) -> OpenForm | None:
    """Answered in time, however late we get to it."""
    at = ctx.incoming.received_at
    return await forms.waiting(ctx.session, ctx.services.cipher, ctx.user.id, at)


async def _asked(ctx: Context, group: Group, name: str) -> Html:
    """Wait for the value, ten minutes from now."""
    form = OpenForm(SETTING, name)
    await forms.ask(ctx.session, ctx.services.cipher, ctx.user.id, form, ctx.now)
    row = await group.get(ctx.session, ctx.user.id)
    return risk_cards.question(ctx.t, name, getattr(row, name), group.known[name])


def _mistake(ctx: Context, error: DomainError, name: str) -> Html:
    """As for the command, but with the setting's title: nobody typed its name here."""
    if error.code == "not_a_number":
        return ctx.t("form.not_a_number", value=error.params["value"])
    titled = error.params | {"name": ctx.t(f"setting.{name}")}
    return sentence(DomainError(error.code, **titled), ctx.t)
