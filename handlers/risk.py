"""/risk and /config: the limits nothing may pass, and how the bot sizes and protects."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from domain.bots import config
from domain.errors import DomainError
from domain.risk import service as risk
from domain.risk.bounds import Bounds, Change
from handlers.context import Context
from handlers.late import refuse_late
from handlers.render import risk_cards
from handlers.texts import plain
from handlers.types import Button, Keyboard, Reply
from handlers.views import View, present

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

Setter = Callable[["AsyncSession", int, str, str | float], Awaitable[Change]]
_UNITS = ("usdt", "usd", "%", "x", "배")
_SYNONYMS = {
    "daily_loss": "daily_loss_limit",
    "loss": "daily_loss_limit",
    "일일손실": "daily_loss_limit",
    "positions": "max_positions",
    "포지션": "max_positions",
    "risk": "max_risk_percent",
    "risk_percent": "max_risk_percent",
    "위험": "max_risk_percent",
    "tp": "auto_tp",
    "take_profit": "auto_tp",
    "익절": "auto_tp",
    "sl": "auto_sl",
    "stop": "auto_sl",
    "stop_loss": "auto_sl",
    "손절": "auto_sl",
}


async def risk_command(ctx: Context) -> Reply:
    """`/risk`, `/risk set <name> <value>`."""
    if not ctx.incoming.args:
        return await show_risk(ctx)
    change = await _set(ctx, risk.LIMITS, {"leverage": "max_leverage"}, risk.set_limit, "risk")
    view = await risk_view(ctx)
    return Reply.text(risk_cards.changed(ctx.t, change, view.text), view.keyboard, view.card)


async def config_command(ctx: Context) -> Reply:
    """`/config`, `/config set <name> <value>`."""
    if not ctx.incoming.args:
        return await show_config(ctx)
    change = await _set(ctx, config.CONFIG, {}, config.set_config, "config")
    view = await config_view(ctx)
    return Reply.text(risk_cards.changed(ctx.t, change, view.text), view.keyboard, view.card)


async def show_risk(ctx: Context) -> Reply:
    """The limits."""
    return present(ctx, await risk_view(ctx))


async def show_config(ctx: Context) -> Reply:
    """The bot's settings."""
    return present(ctx, await config_view(ctx))


async def risk_view(ctx: Context) -> View:
    """The limits' card."""
    limits = await risk.limits(ctx.session, ctx.user.id)
    other = ctx.buttons.show(plain(ctx.t("button.config")), "config")
    return View(risk_cards.limits(ctx.t, limits), _keyboard(ctx, other), card="risk:")


async def config_view(ctx: Context) -> View:
    """The settings' card."""
    wanted = await config.config(ctx.session, ctx.user.id)
    limits = await risk.limits(ctx.session, ctx.user.id)
    other = ctx.buttons.show(plain(ctx.t("button.risk")), "risk")
    return View(risk_cards.config(ctx.t, wanted, limits), _keyboard(ctx, other), card="config:")


def _keyboard(ctx: Context, other: Button) -> Keyboard:
    return ((other, ctx.buttons.show(plain(ctx.t("button.menu")), "menu")),)


async def _set(
    ctx: Context,
    known: Mapping[str, Bounds],
    synonyms: Mapping[str, str],
    change_to: Setter,
    command: str,
) -> Change:
    """One setting to one value. Raises DomainError("risk_usage" | "config_usage" | "too_late")."""
    name, value = _parsed(ctx.incoming.args, known, dict(_SYNONYMS) | dict(synonyms), command)
    change = await change_to(ctx.session, ctx.user.id, name, value)
    if change.loosens:
        refuse_late(ctx)
    return change


def _parsed(
    args: Sequence[str], known: Mapping[str, Bounds], synonyms: Mapping[str, str], command: str
) -> tuple[str, str]:
    """`set max_leverage 5`, `max_leverage=5`, `set max leverage 5x` -> ("max_leverage", "5")."""
    words = " ".join(args).replace("=", " ").lower().split()
    if words and words[0] in {"set", "설정"}:
        words = words[1:]
    if len(words) > 2 and words[-1] in _UNITS:
        words = words[:-1]
    if len(words) < 2:
        if command == "risk":
            raise DomainError("risk_usage")
        raise DomainError("config_usage")
    typed = "_".join(words[:-1])
    name = synonyms.get(typed, typed)
    if name not in known:
        alike = difflib.get_close_matches(name[:40], known, n=1, cutoff=0.6)
        name = alike[0] if alike else name
    return name, _number(words[-1])


def _number(text: str) -> str:
    """Without the unit and the thousands' commas that people type."""
    for unit in _UNITS:
        text = text.removesuffix(unit)
    return text.replace(",", "")
