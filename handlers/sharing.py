"""/share and what its link opens: the rules to read and to backtest, before they are imported."""

from __future__ import annotations

from datetime import timedelta

from domain.errors import DomainError
from domain.strategies import own, sharing
from domain.strategies import service as strategies
from domain.strategies.models import StrategyShare
from handlers import backtests
from handlers.context import Context
from handlers.render import strategy_cards
from handlers.render.text import lines
from handlers.strategies import strategy_view
from handlers.texts import plain
from handlers.types import Button, Reply
from handlers.views import View, anew, present
from handlers.wizard import BACKTEST, Draft

_READ_FOR = timedelta(days=1)  # a link's buttons: whoever tests first comes back for the import


async def share(ctx: Context) -> Reply:
    """`/share <id|name>`. Raises DomainError: "which_strategy", "strategy_shipped", and as
    `strategies.resolve`.
    """
    wanted = " ".join(ctx.incoming.args)
    if not wanted:
        raise DomainError("which_strategy", command="share")
    row = await strategies.resolve(ctx.session, ctx.user.id, wanted)
    return anew(await _shared_view(ctx, row.id))


async def tap_share(ctx: Context) -> Reply:
    """The button of a card."""
    return anew(await _shared_view(ctx, int(ctx.tap["0"])))


async def tap_revoke(ctx: Context) -> Reply:
    """The link leads nowhere from now on."""
    row = await own.owned(ctx.session, ctx.user.id, int(ctx.tap["0"]))
    await sharing.revoke(ctx.session, ctx.user.id, row.id, ctx.now)
    back = ((ctx.buttons.show(plain(ctx.t("button.strategy")), "strategy", row.id),),)
    return present(ctx, View(ctx.t("share.revoked", name=row.name), back))


def is_share(payload: str) -> bool:
    """Whether a payload of /start is a link to a strategy."""
    return payload.startswith(sharing.PAYLOAD)


async def opened(ctx: Context, payload: str) -> Reply:
    """What a link shows. Raises DomainError("share_unknown")."""
    token = payload.removeprefix(sharing.PAYLOAD)
    return anew(await _card(ctx, await sharing.shared(ctx.session, token)))


async def tap_try(ctx: Context) -> Reply:
    """A backtest of what was read, in a new message: the card to import it from stays."""
    return anew(await backtests.go_on(ctx, Draft(BACKTEST, shared=str(ctx.tap["token"]))))


async def tap_import(ctx: Context) -> Reply:
    """An own copy of what was read; the one there is already, where nothing would differ."""
    token = str(ctx.tap["token"])
    row = await sharing.had(ctx.session, ctx.user.id, token)
    said = ctx.t("share.imported" if row is None else "share.had")
    if row is None:
        row = await sharing.take(ctx.session, ctx.user.id, token, ctx.now)
    view = await strategy_view(ctx, row)
    return present(ctx, View(lines(said, "", view.text), view.keyboard, view.card))


async def _shared_view(ctx: Context, strategy_id: int) -> View:
    made = await sharing.share(ctx.session, ctx.user.id, strategy_id, ctx.now)
    url = f"https://t.me/{ctx.services.bot_username}?start={sharing.PAYLOAD}{made.token}"
    revoke = ctx.buttons.show(
        plain(ctx.t("button.revoke_link")), "unshare", strategy_id, style="danger"
    )
    copy = Button(plain(ctx.t("button.copy_link")), copy=url)
    return View(ctx.t("share.link", name=made.name, url=url), ((copy,), (revoke,)))


async def _card(ctx: Context, made: StrategyShare) -> View:
    program = strategies.compile_code(made.code)
    act, t = ctx.buttons.act, ctx.t
    label = plain(t("button.backtest_this"))
    test = act(label, "try_shared", style="primary", lives=_READ_FOR, token=made.token)
    take = act(
        plain(t("button.import")), "import", style="success", lives=_READ_FOR, token=made.token
    )
    return View(strategy_cards.shared(t, made, program), ((test,), (take,)))
