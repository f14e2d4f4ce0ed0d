"""/start: an account for a newcomer whom the operator lets in, and the main menu for everybody."""

from __future__ import annotations

from decimal import Decimal

from domain.bots import config
from domain.errors import DomainError
from domain.risk import service as risk
from domain.users import service as users
from handlers import sharing
from handlers.context import Context
from handlers.render import numbers
from handlers.render.text import lines
from handlers.texts import home_zone, language_of, plain
from handlers.types import Keyboard, Reply
from handlers.views import View, present


async def start(ctx: Context) -> Reply:
    """`/start [payload]`. A payload may be an invitation code, or a link to a strategy.

    Raises DomainError("suspended" | "registration_closed" | "invite_needed" | "invite_unknown" |
    "share_unknown").
    """
    payload = ctx.incoming.args[0] if ctx.incoming.args else ""
    if ctx.account is not None:
        if ctx.account.is_suspended:
            raise DomainError("suspended")
        if sharing.is_share(payload):
            return await sharing.opened(ctx, payload)
        hello = ctx.t("start.again", name=_name(ctx))
        return Reply.text(lines(hello, "", ctx.t("menu.text")), menu_keyboard(ctx))
    check_invited(ctx)
    balance = await _register(ctx)
    welcome = ctx.t("start.welcome", name=_name(ctx), balance=numbers.fixed(ctx.t, balance, 0))
    greeted = Reply.text(lines(welcome, "", ctx.t("menu.text")), menu_keyboard(ctx))
    return greeted + await sharing.opened(ctx, payload) if sharing.is_share(payload) else greeted


async def menu(ctx: Context) -> Reply:
    """The main menu, in place of the tapped card."""
    return present(ctx, View(ctx.t("menu.text"), menu_keyboard(ctx)))


def check_invited(ctx: Context) -> None:
    """Raises DomainError("registration_closed" | "invite_needed" | "invite_unknown")."""
    services = ctx.services
    if ctx.incoming.sender_id in services.admins or services.registration == "open":
        return
    if services.registration == "closed":
        raise DomainError("registration_closed")
    code = ctx.incoming.args[0] if ctx.incoming.args else ""
    if not code:
        raise DomainError("invite_needed")
    if code not in services.invites:
        raise DomainError("invite_unknown")


def menu_keyboard(ctx: Context) -> Keyboard:
    """What a trader does most."""
    t, show = ctx.t, ctx.buttons.show
    return (
        (show(plain(t("button.start_bot")), "new_bot", style="success"),),
        (
            show(plain(t("button.status")), "status"),
            show(plain(t("button.positions")), "positions"),
        ),
        (
            show(plain(t("button.strategies")), "strategies"),
            show(plain(t("button.backtest")), "new_bt"),
        ),
        (show(plain(t("button.pnl")), "pnl"), show(plain(t("button.trades")), "trades")),
        (show(plain(t("button.settings")), "settings"), show(plain(t("button.help")), "help")),
    )


async def _register(ctx: Context) -> Decimal:
    """Account, preferences, limits, bot settings; the paper account begins with its first use.

    Returns what that begins with, USDT.
    """
    language = language_of(ctx.incoming.language_code)
    person = users.ChatPerson(
        telegram_id=ctx.incoming.sender_id,
        chat_id=ctx.incoming.chat_id,
        name=ctx.incoming.sender_name,
        language=language,
        timezone=home_zone(language),
    )
    user, _settings = await users.register(
        ctx.session,
        person,
        now=ctx.now,
        exchange=ctx.services.exchange_name,
        admin=person.telegram_id in ctx.services.admins,
    )
    await risk.locked_limits(ctx.session, user.id)
    defaults = await config.config(ctx.session, user.id)
    await config.set_config(ctx.session, user.id, "leverage", defaults.leverage)
    return (await ctx.services.exchanges.of(user.id, "paper").balance()).balance


def _name(ctx: Context) -> str:
    return ctx.incoming.sender_name.strip() or ctx.t("start.trader")
