"""A code of the second factor before what matters: asked for, judged, then on with what was asked.

What was asked rests in the form, encrypted: the command, the tap or the message, and the form that
message answers. The code proves who it is for five minutes; whatever comes of the rest, it is used.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.access import recovery, two_factor
from domain.access.totp import DIGITS
from domain.access.two_factor import Verdict
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.errors import DomainError
from handlers.context import Context
from handlers.errors import sentence
from handlers.render import numbers
from handlers.render.text import lines
from handlers.texts import Html, markup
from handlers.types import Action, Incoming, Reply

FORM = "step_up"
LIVES = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes on after the code. `tapped_at`: a button had to be tapped in time, not the code to
    be typed. `form`: what the message answered.
    """

    incoming: Incoming
    tapped_at: datetime
    form: OpenForm | None


async def ask(ctx: Context) -> Reply:
    """Keep what was asked and wait for the code."""
    cipher, incoming = ctx.services.cipher, ctx.incoming
    form = None
    if incoming.callback_data is None and incoming.command is None:
        at = incoming.received_at
        form = await forms.waiting(ctx.session, cipher, ctx.user.id, at)
    answers = {
        "incoming": asdict(replace(incoming, callback_id=None))
        | {"received_at": incoming.received_at.isoformat()},
        "form": None if form is None else asdict(form),
    }
    kept = OpenForm(FORM, "code", answers)
    await forms.ask(ctx.session, cipher, ctx.user.id, kept, ctx.now, LIVES)
    return Reply.text(ctx.t("step_up.ask"))


def asked(form: OpenForm, answered_at: datetime) -> Asked:
    """What `ask` kept, as if it had been asked with the code."""
    packed: dict[str, Any] = dict(form.answers["incoming"])
    tapped_at = datetime.fromisoformat(packed.pop("received_at"))
    packed["args"] = tuple(packed["args"])
    incoming = Incoming(**packed, received_at=answered_at)
    before = form.answers["form"]
    return Asked(incoming, tapped_at, None if before is None else OpenForm(**before))


async def reopen(ctx: Context, asked: Asked) -> None:
    """The form that was open before takes the place of the one for the code."""
    if asked.form is None:
        await forms.close(ctx.session, ctx.user.id)
        return
    await forms.ask(ctx.session, ctx.services.cipher, ctx.user.id, asked.form, ctx.now)


async def judge(ctx: Context) -> Reply | None:
    """The message with the code; None: it is right, go on. Else what to say.

    Raises DomainError("two_factor_needed") when it was switched off meanwhile.
    """
    code = ctx.incoming.text
    if not looks_like_code(code):
        return Reply.text(ctx.t("step_up.not_a_code"))
    verdict = await two_factor.prove(
        ctx.session, ctx.services.cipher, ctx.user.id, code, ctx.incoming.received_at
    )
    if verdict.is_right:
        return None
    if verdict.said == "locked":
        await forms.close(ctx.session, ctx.user.id)
    return Reply.text(refusal(ctx, verdict))


def refusal(ctx: Context, verdict: Verdict) -> Html:
    """Why a code does not count."""
    if verdict.said == "locked":
        until = numbers.moment(ctx.t, verdict.until or ctx.now)
        return ctx.t("step_up.locked", until=until)
    key = "step_up.used" if verdict.said == "used" else "step_up.wrong"
    return lines(ctx.t(key), ctx.t("step_up.tries_left", n=verdict.left))


def looks_like_code(text: str) -> bool:
    """Six digits, however they are grouped, or a recovery code: anything else is no try."""
    bare = "".join(text.split())
    digits = len(bare) == DIGITS and bare.isascii() and bare.isdigit()
    return digits or recovery.looks_like_one(text)


def taken_away(ctx: Context) -> Reply:
    """Delete the message that held a secret."""
    return Reply((Action("delete", message_id=ctx.incoming.message_id),))


async def late(ctx: Context) -> Reply:
    """A secret that came after its form had expired: deleted all the same."""
    await forms.close(ctx.session, ctx.user.id)
    return taken_away(ctx) + Reply.text(ctx.t("step_up.late"))


def said_anew(reply: Reply) -> Reply:
    """As new messages: what was tapped is further up by now, and its tap answered."""
    actions = []
    for action in reply.actions:
        if action.kind == "answer":
            continue
        fresh = action.kind == "edit" and action.message_id is None
        actions.append(replace(action, kind="send") if fresh else action)
    if not actions:
        toasts = [action.text for action in reply.actions if action.text]
        actions = [Action("send", text=markup(text)) for text in toasts]
    return Reply(tuple(actions))


def explained(error: DomainError, ctx: Context) -> Reply:
    """The code was right, but what was asked is not possible."""
    return Reply.text(sentence(error, ctx.t))
