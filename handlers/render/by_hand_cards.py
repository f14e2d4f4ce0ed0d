"""Entries and levels by hand: what would happen, and what did."""

from __future__ import annotations

from domain.bots.entry_by_hand import Asked, Preview
from domain.bots.level_by_hand import Moved
from domain.risk.gate import Decision
from handlers.render import alerts, numbers
from handlers.render.bot_cards import means_of
from handlers.render.tables import pairs
from handlers.render.text import italic, lines
from handlers.texts import Html, Translator


def coins(t: Translator, seen: Preview) -> str:
    """For a button."""
    return numbers.quantity(t, seen.decision.qty)


def confirm(
    t: Translator, asked: Asked, seen: Preview, decimals: int, prices: str, money: str
) -> Html:
    """Size, levels, cost and the worst case; prices with the market's decimals. `prices`,
    `money`: of `Services`.
    """
    side = "long" if asked.side > 0 else "short"
    entry = seen.entry
    rows = [
        (t("field.size"), coins(t, seen)),
        (t("field.entry"), numbers.price(t, entry.price, decimals)),
        (t("field.stop"), _away(t, entry.price, -asked.side * entry.stop_percent, decimals)),
        (t("field.target"), _away(t, entry.price, asked.side * entry.take_percent, decimals)),
        (t("setting.leverage"), f"{seen.decision.leverage}×"),
    ]
    return lines(
        t(f"entry_by_hand.{side}", symbol=asked.symbol),
        means_of(t, asked.mode, prices, money),
        "",
        pairs([(str(name), value) for name, value in rows]),
        t("entry_by_hand.cost", amount=numbers.money(t, seen.cost)),
        t(
            "entry_by_hand.worst",
            amount=numbers.money(t, seen.loss),
            percent=numbers.percent(t, seen.risk_percent),
        ),
        "",
        italic(t("start_bot.expires")),
    )


def refused(t: Translator, symbol: str, decision: Decision) -> Html:
    """The gate said no."""
    why = alerts.denied(decision.reason, decision.params, t)
    return t("entry_by_hand.refused", symbol=symbol, reason=why)


def moved(t: Translator, done: Moved, decimals: int) -> Html:
    """Where it is now, and where it was."""
    now = numbers.price(t, done.price, decimals)
    symbol = done.position.symbol
    if done.before is None:
        return t(f"level_by_hand.{done.what}_set", symbol=symbol, price=now)
    before = numbers.price(t, done.before, decimals)
    return t(f"level_by_hand.{done.what}_moved", symbol=symbol, price=now, before=before)


def _away(t: Translator, price: float, percent: float, decimals: int) -> str:
    return numbers.price(t, price * (1 + percent / 100), decimals)
