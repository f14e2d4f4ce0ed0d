"""The latest signals."""

from __future__ import annotations

from decimal import Decimal

from domain.signals.models import TradingSignal
from domain.signals.service import SignalPage
from handlers.render import alerts, numbers
from handlers.render.text import lines
from handlers.texts import Html, Translator


def card(t: Translator, page: SignalPage, symbol: str | None) -> Html:
    """A page of signals, each with the values behind it."""
    title = t("signals.title_of", symbol=symbol) if symbol else t("signals.title")
    if not page.rows:
        return lines(title, "", t("signals.none"))
    parts: list[str] = [title]
    for row in page.rows:
        parts += ["", _signal(t, row)]
    return lines(*parts)


def _signal(t: Translator, row: TradingSignal) -> Html:
    price = numbers.MISSING
    if row.price is not None:
        price = numbers.price(t, row.price, numbers.decimals_of(Decimal(repr(row.price))))
    return lines(
        t(
            "signals.buy" if row.signal_type == "BUY" else "signals.sell",
            symbol=row.symbol,
            timeframe=row.timeframe,
            price=price,
            time=numbers.moment(t, row.timestamp),
        ),
        alerts.indicators(row.indicators, t),
    )
