"""The cards of /risk and /config."""

from __future__ import annotations

from domain.bots.models import BotConfig
from domain.risk.bounds import Bounds, Change
from domain.risk.models import NO_LIMIT_USDT, RiskSettings
from handlers.render import numbers
from handlers.render.text import code, lines
from handlers.texts import Html, Translator

UNIT = {
    "daily_loss_limit": "USDT",
    "max_leverage": "×",
    "max_positions": "",
    "max_order_usdt": "USDT",
    "max_exposure_usdt": "USDT",
    "price_collar": "%",
    "min_turnover_usdt": "USDT",
    "max_risk_percent": "%",
    "leverage": "×",
    "auto_tp": "%",
    "auto_sl": "%",
}
"""What each setting is counted in."""
OFF = {
    "max_order_usdt": NO_LIMIT_USDT,
    "max_exposure_usdt": NO_LIMIT_USDT,
    "min_turnover_usdt": 0.0,
}
"""Limits that can be none, and how that is stored."""


def limits(t: Translator, row: RiskSettings, names: tuple[str, ...]) -> Html:
    """What no order may pass."""
    return lines(
        t("risk.title"),
        "",
        *_explained(t, row, names),
        t("risk.symbols", symbols=_symbols(t, row)),
        t("risk.hint", example=code("/risk set daily_loss_limit 300")),
    )


def _symbols(t: Translator, row: RiskSettings) -> str:
    if row.allowed_symbols is None:
        return t("risk.all_symbols")
    return ", ".join(row.allowed_symbols)


def config(t: Translator, row: BotConfig, allowed: RiskSettings, names: tuple[str, ...]) -> Html:
    """How the bot sizes a trade and where it leaves; says when the limit holds leverage down."""
    held = row.leverage > allowed.max_leverage
    return lines(
        t("config.title"),
        "",
        *_explained(t, row, names),
        t("config.held_down", limit=allowed.max_leverage) if held else None,
        t("config.hint", example=code("/config set max_risk_percent 0.5")),
    )


def changed(t: Translator, change: Change, card: Html) -> Html:
    """What was changed, and the card as it is now."""
    said = t(
        f"change.{change.effect}",
        name=t(f"setting.{change.name}"),
        before=value(t, change.name, change.before),
        after=value(t, change.name, change.after),
    )
    return lines(said, "", card)


def question(t: Translator, name: str, now: float, bounds: Bounds) -> Html:
    """What to send as an answer, between what, and how to leave it."""
    return t(
        "form.question",
        name=t(f"setting.{name}"),
        now=value(t, name, now),
        minimum=numbers.setting(t, bounds.minimum),
        maximum=value(t, name, bounds.maximum),
    )


def value(t: Translator, name: str, number: float) -> str:
    """A setting's value with its unit, or that it binds nobody."""
    if is_off(name, number):
        return t("setting.no_limit")
    unit = UNIT[name]
    return numbers.setting(t, number) + (f" {unit}" if unit.isalpha() else unit)


def is_off(name: str, number: float) -> bool:
    """Whether a limit of that much is none."""
    return name in OFF and number == OFF[name]


def _explained(t: Translator, row: RiskSettings | BotConfig, names: tuple[str, ...]) -> list[Html]:
    """Each setting with its value, what it does, and the name to type."""
    return [
        t(
            "setting.line",
            title=t(f"setting.{name}"),
            value=value(t, name, getattr(row, name)),
            about=t(f"about.{name}"),
            name=name,
        )
        for name in names
    ]
