"""/new_strategy, /edit_strategy, /delete_strategy: rules as the next message or as a file.

What cannot be taken says why, mistake by mistake, and the question stays open: the corrected text
is the next message.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath

from domain.bots import editing
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.errors import DomainError
from domain.strategies import own
from domain.strategies import service as strategies
from domain.strategies.language import RuleErrors
from domain.strategies.models import Strategy
from handlers import rule_errors
from handlers.context import Context
from handlers.render import strategy_cards
from handlers.render.text import lines
from handlers.strategies import strategy_view
from handlers.texts import Html, plain
from handlers.types import Reply
from handlers.views import View, anew, present

CODE = "code"
"""The kind of these forms; the step is NEW or EDIT."""
NEW, EDIT = "new", "edit"
LIVES = timedelta(hours=1)
_NAME_ERRORS = {"strategy_name_bad", "strategy_name_taken"}


async def new_strategy(ctx: Context) -> Reply:
    """`/new_strategy [name]`, with the rules as a file or in the next message.

    Raises DomainError: "strategy_name_bad", "strategy_name_taken", "too_many_strategies", and for
    a file as `attachments.attached`.
    """
    name = " ".join(ctx.incoming.args) or None
    if name is not None:
        name = await own.check_name(ctx.session, ctx.user.id, name)
    form = OpenForm(CODE, NEW, {"name": name})
    if ctx.incoming.file_text is not None:
        return await _taken(ctx, form, ctx.incoming.file_text)
    await _ask(ctx, form)
    return Reply.text(strategy_cards.ask_new(ctx.t, name))


async def edit_strategy(ctx: Context) -> Reply:
    """`/edit_strategy <id|name>`. Raises DomainError: "which_strategy", "strategy_shipped", and as
    `strategies.resolve`.
    """
    row = await _named(ctx, "edit_strategy")
    form = OpenForm(CODE, EDIT, {"id": row.id})
    if ctx.incoming.file_text is not None:
        return await _taken(ctx, form, ctx.incoming.file_text)
    await _ask(ctx, form)
    return Reply.text(strategy_cards.ask_edit(ctx.t, row))


async def tap_edit(ctx: Context) -> Reply:
    """The button of a card."""
    row = await own.owned(ctx.session, ctx.user.id, int(ctx.tap["0"]))
    await _ask(ctx, OpenForm(CODE, EDIT, {"id": row.id}))
    return Reply.text(strategy_cards.ask_edit(ctx.t, row))


async def tap_new(ctx: Context) -> Reply:
    """The button of the list."""
    await _ask(ctx, OpenForm(CODE, NEW, {"name": None}))
    return Reply.text(strategy_cards.ask_new(ctx.t, None))


async def answer(ctx: Context) -> Reply:
    """The rules. Raises DomainError("not_understood")."""
    at = ctx.incoming.received_at
    form = await forms.waiting(ctx.session, ctx.services.cipher, ctx.user.id, at)
    if form is None:
        raise DomainError("not_understood")
    typed = ctx.incoming.file_text
    return await _taken(ctx, form, ctx.incoming.text if typed is None else typed)


async def delete_strategy(ctx: Context) -> Reply:
    """`/delete_strategy <id|name>`: asks first. Raises DomainError("strategy_in_use"), and as
    `edit_strategy`.
    """
    row = await _named(ctx, "delete_strategy")
    return present(ctx, await _delete_view(ctx, row.id))


async def tap_delete(ctx: Context) -> Reply:
    """The button of a card."""
    return present(ctx, await _delete_view(ctx, int(ctx.tap["0"])))


async def tap_go_delete(ctx: Context) -> Reply:
    """The confirmed deletion."""
    name = await editing.delete(ctx.session, ctx.user.id, int(ctx.tap["id"]), ctx.now)
    back = ((ctx.buttons.show(plain(ctx.t("button.strategies")), "strategies"),),)
    return present(ctx, View(ctx.t("author.deleted", name=name), back))


async def _delete_view(ctx: Context, strategy_id: int) -> View:
    row = await editing.check_unused(ctx.session, ctx.user.id, strategy_id)
    label = plain(ctx.t("button.delete_now", name=row.name))
    go = ctx.buttons.act(label, "go_delete", style="danger", id=row.id)
    keep = ctx.buttons.show(plain(ctx.t("button.keep")), "strategy", row.id)
    return View(ctx.t("author.delete_ask", name=row.name), ((go,), (keep,)))


async def _ask(ctx: Context, form: OpenForm) -> None:
    cipher = ctx.services.cipher
    await forms.ask(ctx.session, cipher, ctx.user.id, form, ctx.now, LIVES)


async def _taken(ctx: Context, form: OpenForm, typed: str) -> Reply:
    """Store what was sent; with mistakes, ask again."""
    code = own.tidy(typed)
    try:
        row, said = await _stored(ctx, form, code)
    except RuleErrors as mistakes:
        await _ask(ctx, form)
        return Reply.text(
            lines(rule_errors.message(mistakes, ctx.t, code), "", ctx.t("author.again"))
        )
    await forms.close(ctx.session, ctx.user.id)
    view = await strategy_view(ctx, row)
    return anew(View(lines(said, "", view.text), view.keyboard, view.card))


async def _stored(ctx: Context, form: OpenForm, code: str) -> tuple[Strategy, Html]:
    """(the row, what to say). Raises RuleErrors before anything is changed."""
    if form.step == EDIT:
        edited = await editing.edit(
            ctx.session, ctx.user.id, int(form.answers["id"]), code, ctx.now
        )
        key = "author.edited_bot_keeps" if edited.bot_keeps_old else "author.edited"
        return edited.row, ctx.t(key, id=edited.row.id)
    name = form.answers.get("name") or await _name_for(ctx, code)
    row = await own.create(ctx.session, ctx.user.id, str(name), code, ctx.now)
    return row, ctx.t("author.created")


async def _name_for(ctx: Context, code: str) -> str:
    """For a program that came without a name: from its first comment, its file, or a number."""
    stem = PurePath(ctx.incoming.document_name or "").stem
    for wanted in (own.named_in(code), stem, plain(ctx.t("author.unnamed"))):
        try:
            return await own.free_name(ctx.session, ctx.user.id, wanted or "")
        except DomainError as error:
            if error.code not in _NAME_ERRORS:
                raise
    raise LookupError("author.unnamed is no name")


async def _named(ctx: Context, command: str) -> Strategy:
    wanted = " ".join(ctx.incoming.args)
    if not wanted:
        raise DomainError("which_strategy", command=command)
    row = await strategies.resolve(ctx.session, ctx.user.id, wanted)
    return await own.owned(ctx.session, ctx.user.id, row.id)
