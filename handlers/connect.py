"""/connect: an exchange key, step by step. Each message that held a part is deleted at once."""

from __future__ import annotations

from domain.access import step_up as access
from domain.access.step_up import Need
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.errors import DomainError
from domain.keys import links
from domain.keys import service as keys
from domain.keys.ports import Credentials
from handlers.context import Context
from handlers.errors import sentence
from handlers.render.text import lines
from handlers.step_up import taken_away
from handlers.texts import Html, plain
from handlers.types import Button, Keyboard, Reply
from handlers.views import View, present

FORM = "connect"
STEPS = ("api_key", "secret", "passphrase")


async def connect(ctx: Context) -> Reply:
    """`/connect`: what the key must be like, and where to enter it.

    Words after the command may be a key: they are not taken, and the message is deleted.
    Raises DomainError("connect_offline"), and those of the step-up.
    """
    if ctx.incoming.args:
        return taken_away(ctx) + Reply.text(ctx.t("connect.not_here"))
    return present(ctx, await connect_view(ctx))


async def connect_view(ctx: Context) -> View:
    """The card."""
    if not ctx.services.connects:
        raise DomainError("connect_offline")
    await access.check(ctx.session, ctx.user, Need.KEYS, ctx.now)
    t = ctx.t
    url = ctx.services.public_url
    text = lines(
        t("connect.title"),
        "",
        t("connect.how"),
        "",
        t("connect.page") if url else None,
        t("connect.where"),
    )
    return View(text, (*await _page_row(ctx, url), *_keyboard(ctx)))


async def tap_type(ctx: Context) -> Reply:
    """Here in the chat: the first question. The button holds the kind of account."""
    kind = {"demo": ctx.tap.get("0") == "demo"}
    return Reply.text(await _asked(ctx, OpenForm(FORM, STEPS[0], kind)))


async def answer(ctx: Context) -> Reply:
    """A part of the key: deleted, whatever it is. One that no exchange makes is asked for again."""
    deleted = taken_away(ctx)
    at = ctx.incoming.received_at
    form = await forms.waiting(ctx.session, ctx.services.cipher, ctx.user.id, at)
    if form is None or form.step not in STEPS:
        return deleted + Reply.text(sentence(DomainError("not_understood"), ctx.t))
    typed = ctx.incoming.text.strip()
    try:
        keys.check_part(form.step, typed)
    except DomainError as error:
        asked = await _asked(ctx, form)
        return deleted + Reply.text(lines(sentence(error, ctx.t), "", asked))
    known = form.answers | {form.step: typed}
    rest = STEPS[STEPS.index(form.step) + 1 :]
    if rest:
        asked = await _asked(ctx, OpenForm(FORM, rest[0], known))
        return deleted + Reply.text(lines(ctx.t("connect.deleted"), "", asked))
    await forms.close(ctx.session, ctx.user.id)
    return deleted + await _taken(ctx, known)


async def _taken(ctx: Context, known: dict[str, object]) -> Reply:
    credentials = Credentials(
        exchange=ctx.services.exchange_name,
        demo=known["demo"] is True,
        api_key=str(known["api_key"]),
        secret=str(known["secret"]),
        passphrase=str(known["passphrase"]),
    )
    services = ctx.services
    try:
        await keys.add(
            ctx.session, services.cipher, services.queue, ctx.user.id, credentials, ctx.now
        )
    except DomainError as error:
        return Reply.text(sentence(error, ctx.t))
    return Reply.text(lines(ctx.t("connect.checking"), "", ctx.t("connect.not_erased")))


async def _page_row(ctx: Context, url: str | None) -> Keyboard:
    """The page is the better place, so it comes first; it works once."""
    if url is None:
        return ()
    token = await links.make(ctx.session, ctx.services.cipher, ctx.user.id, ctx.now)
    return ((Button(plain(ctx.t("button.key_page")), url=f"{url}/key/{token}", style="success"),),)


async def _asked(ctx: Context, form: OpenForm) -> Html:
    await forms.ask(ctx.session, ctx.services.cipher, ctx.user.id, form, ctx.now)
    return ctx.t(f"connect.ask_{form.step}")


def _keyboard(ctx: Context) -> Keyboard:
    t, show = ctx.t, ctx.buttons.show
    typed = (
        show(plain(t("button.type_key")), "key_type", "live"),
        show(plain(t("button.type_demo_key")), "key_type", "demo"),
    )
    return (typed, (show(plain(t("button.keys")), "keys"), show(plain(t("button.menu")), "menu")))
