"""/risk and /config: the limits nothing may pass, and how the bot sizes and protects."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.access.step_up import check_loosening
from domain.bots import config
from domain.bots.models import BotConfig
from domain.errors import DomainError
from domain.risk import service as risk
from domain.risk.bounds import Bounds, Change
from domain.risk.models import RiskSettings
from handlers import allowed
from handlers.amounts import UNITS, amount_of, in_unit
from handlers.context import Context
from handlers.late import refuse_late
from handlers.render import risk_cards
from handlers.texts import plain
from handlers.types import Button, Keyboard, Reply
from handlers.views import View, present, rows_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

Setter = Callable[["AsyncSession", int, str, str | float], Awaitable[Change]]
Getter = Callable[["AsyncSession", int], Awaitable[RiskSettings | BotConfig]]
_SYNONYMS = {
    "daily_loss": "daily_loss_limit",
    "loss": "daily_loss_limit",
    "일일손실": "daily_loss_limit",
    "positions": "max_positions",
    "포지션": "max_positions",
    "order": "max_order_usdt",
    "max_order": "max_order_usdt",
    "주문": "max_order_usdt",
    "exposure": "max_exposure_usdt",
    "max_exposure": "max_exposure_usdt",
    "총노출": "max_exposure_usdt",
    "collar": "price_collar",
    "가격이탈": "price_collar",
    "turnover": "min_turnover_usdt",
    "min_turnover": "min_turnover_usdt",
    "거래대금": "min_turnover_usdt",
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
_NONE = frozenset({"none", "off", "no", "없음", "해제"})


@dataclass(frozen=True, slots=True)
class Group:
    """The settings of one card. `names`: in the card's order; `synonyms`: of this card alone."""

    names: tuple[str, ...]
    known: dict[str, Bounds]
    synonyms: Mapping[str, str]
    get: Getter
    set: Setter
    view: Callable[[Context], Awaitable[View]]


async def risk_command(ctx: Context) -> Reply:
    """`/risk`, `/risk set <name> <value>`. Raises DomainError("risk_usage", ...)."""
    symbols = allowed.wanted(ctx.incoming.args)
    if symbols is not None:
        await allowed.allow(ctx, symbols)
        return await show_risk(ctx)
    return await _command(ctx, RISK) if ctx.incoming.args else await show_risk(ctx)


async def config_command(ctx: Context) -> Reply:
    """`/config`, `/config set <name> <value>`. Raises DomainError("config_usage", ...)."""
    return await _command(ctx, CONFIG) if ctx.incoming.args else await show_config(ctx)


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
    text = risk_cards.limits(ctx.t, limits, RISK.names)
    return View(text, _keyboard(ctx, RISK, other), card="risk:")


async def config_view(ctx: Context) -> View:
    """The settings' card."""
    wanted = await config.config(ctx.session, ctx.user.id)
    limits = await risk.limits(ctx.session, ctx.user.id)
    other = ctx.buttons.show(plain(ctx.t("button.risk")), "risk")
    text = risk_cards.config(ctx.t, wanted, limits, CONFIG.names)
    return View(text, _keyboard(ctx, CONFIG, other), card="config:")


RISK = Group(
    tuple(risk.LIMITS),
    risk.LIMITS,
    {"leverage": "max_leverage"},
    risk.limits,
    risk.set_limit,
    risk_view,
)
CONFIG = Group(
    ("max_risk_percent", "leverage", "auto_sl", "auto_tp"),
    config.CONFIG,
    {},
    config.config,
    config.set_config,
    config_view,
)


def group_of(name: str) -> Group | None:
    """Whose setting this is."""
    return next((group for group in (RISK, CONFIG) if name in group.names), None)


async def change(ctx: Context, group: Group, name: str, typed: str) -> Reply:
    """One setting to what was typed; says what that did, with the card as it is now.

    Raises DomainError: "wrong_unit", "too_late", those of `domain.risk.bounds.checked`, and those
    of a step-up when it lets more risk in.
    """
    if name in risk_cards.OFF and typed.strip().lower() in _NONE:
        typed = str(risk_cards.OFF[name])
    amount = amount_of(typed)
    number = in_unit(name, amount, risk_cards.UNIT[name]) if name in group.known else amount.number
    changed = await group.set(ctx.session, ctx.user.id, name, number)
    if changed.loosens:
        refuse_late(ctx)
        await check_loosening(ctx.session, ctx.user, ctx.now)
    view = await group.view(ctx)
    return Reply.text(risk_cards.changed(ctx.t, changed, view.text), view.keyboard, view.card)


async def _command(ctx: Context, group: Group) -> Reply:
    found = _parsed(ctx.incoming.args, group)
    if found is None:
        raise DomainError("risk_usage" if group is RISK else "config_usage")
    return await change(ctx, group, *found)


def _keyboard(ctx: Context, group: Group, other: Button) -> Keyboard:
    """One button per setting, then the way on."""
    t, show = ctx.t, ctx.buttons.show
    settings = [
        show(plain(t("button.change", name=t(f"setting.{name}"))), "ask", name)
        for name in group.names
    ]
    return (*rows_of(settings, 2), (other, show(plain(t("button.menu")), "menu")))


def _parsed(args: Sequence[str], group: Group) -> tuple[str, str] | None:
    """`set max_leverage 5`, `max_leverage=5`, `set max leverage 5 x` -> (name, what was typed)."""
    words = " ".join(args).replace("=", " ").lower().split()
    if words and words[0] in {"set", "설정"}:
        words = words[1:]
    if len(words) > 2 and words[-1] in UNITS:
        words[-2:] = [words[-2] + words[-1]]
    if len(words) < 2:
        return None
    typed = "_".join(words[:-1])
    name = (_SYNONYMS | dict(group.synonyms)).get(typed, typed)
    if name not in group.known:
        alike = difflib.get_close_matches(name[:40], group.known, n=1, cutoff=0.6)
        name = alike[0] if alike else name
    return name, words[-1]
