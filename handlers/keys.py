"""/keys and /disconnect: what is connected, masked, and what it may do; take it away again."""

from __future__ import annotations

from domain.bots.key_use import check_unused
from domain.keys import service as keys
from domain.keys.service import KeyView
from handlers.context import Context
from handlers.render import key_cards
from handlers.render.text import lines
from handlers.texts import plain
from handlers.types import Button, Keyboard, Reply
from handlers.views import View, present, rows_of


async def show_keys(ctx: Context) -> Reply:
    """`/keys`, and the same as a tap."""
    return present(ctx, await keys_view(ctx))


async def keys_view(ctx: Context) -> View:
    """The card: each key with its state, and a button for what it waits for."""
    t, show = ctx.t, ctx.buttons.show
    held = await keys.views(ctx.session, ctx.services.cipher, ctx.user.id)
    waiting = [button for key in held for button in _waits_for(ctx, key)]
    foot: Keyboard = (
        (show(plain(t("button.connect")), "connect"),),
        (show(plain(t("button.menu")), "menu"),),
    )
    if held:
        removal = show(plain(t("button.disconnect")), "disconnect", style="danger")
        foot = ((*foot[0], removal), *foot[1:])
    return View(key_cards.overview(t, held), (*rows_of(waiting, 1), *foot), card="keys:")


async def disconnect(ctx: Context) -> Reply:
    """`/disconnect`: a button for each key; a code was given."""
    held = await keys.views(ctx.session, ctx.services.cipher, ctx.user.id)
    t, buttons = ctx.t, ctx.buttons
    removals = [
        buttons.act(
            plain(t("button.remove_key", shown=key.masked)),
            "go_disconnect",
            style="danger",
            key=key.id,
        )
        for key in held
    ]
    cancel = (buttons.show(plain(t("button.cancel")), "keys"),)
    text = lines(key_cards.overview(t, held), "", t("disconnect.ask")) if held else t("keys.none")
    return present(ctx, View(text, (*rows_of(removals, 1), cancel)))


async def tap_disconnect(ctx: Context) -> Reply:
    """Remove it. Raises DomainError("unknown_key" | "key_in_use")."""
    key = await keys.view(ctx.session, ctx.services.cipher, ctx.user.id, int(ctx.tap["key"]))
    if key.state == "ready":
        await check_unused(ctx.session, ctx.user.id, "demo" if key.demo else "live")
    await keys.remove(ctx.session, ctx.user.id, key.id, ctx.now)
    await ctx.session.flush()
    view = await keys_view(ctx)
    text = lines(ctx.t("disconnect.done", shown=key.masked), "", view.text)
    return present(ctx, View(text, view.keyboard, view.card))


async def tap_confirm(ctx: Context) -> Reply:
    """An imported key is theirs; a code was given. Raises DomainError("unknown_key" |
    "cipher_broken").
    """
    services, key_id = ctx.services, int(ctx.tap["0"])
    await keys.confirm(ctx.session, services.cipher, services.queue, ctx.user.id, key_id, ctx.now)
    return await _shown_again(ctx)


async def tap_accept(ctx: Context) -> Reply:
    """Use a key whose rights nobody knows. Raises DomainError("unknown_key")."""
    await keys.accept_rights(ctx.session, ctx.user.id, int(ctx.tap["0"]), ctx.now)
    return await _shown_again(ctx)


async def _shown_again(ctx: Context) -> Reply:
    await ctx.session.flush()
    return present(ctx, await keys_view(ctx))


def _waits_for(ctx: Context, key: KeyView) -> list[Button]:
    """The button of what has to be said first."""
    t, show = ctx.t, ctx.buttons.show
    if key.state == "imported":
        return [show(plain(t("button.confirm_key", shown=key.masked)), "key_ok", key.id)]
    if key.state == "rights":
        return [show(plain(t("button.accept_key", shown=key.masked)), "key_use", key.id)]
    return []
