"""Open positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from domain.trading.models import Position
from handlers.render import numbers
from handlers.render.tables import pairs
from handlers.render.text import italic, lines
from handlers.texts import Html, Translator

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class LivePosition:
    """A position at one mark. `decimals`: the market's price precision; money in USDT."""

    row: Position
    mark: Decimal
    decimals: int

    @property
    def sign(self) -> int:
        """+1 long, -1 short."""
        return 1 if self.row.side == "long" else -1

    @property
    def pnl(self) -> Decimal:
        """Unrealised, before the exit's costs."""
        return self.sign * (self.mark - self.row.entry_price) * Decimal(repr(self.row.size))

    @property
    def percent(self) -> Decimal:
        """Of the entry price, without leverage."""
        return self.sign * (self.mark / self.row.entry_price - 1) * HUNDRED

    @property
    def on_margin(self) -> Decimal | None:
        """The gain on the margin put in, percent: what exchanges call ROE."""
        return self.pnl / self.row.margin * HUNDRED if self.row.margin else None

    def away(self, price: Decimal | None) -> Decimal | None:
        """How far the mark is from `price`, in percent of the mark."""
        return None if price is None else abs(price / self.mark - 1) * HUNDRED


def card(t: Translator, views: Sequence[LivePosition], mode: str, now: datetime) -> Html:
    """Every open position with its levels, and the sum."""
    title = t("positions.title", mode=t(f"mode.{mode}"))
    if not views:
        return lines(title, "", t("positions.none"))
    parts: list[str] = [title]
    for view in views:
        parts += ["", *_position(t, view, now)]
    total = sum((view.pnl for view in views), Decimal(0))
    if len(views) > 1:
        parts += ["", t("positions.total", amount=numbers.money(t, total, signed=True))]
    return lines(*parts)


def _position(t: Translator, view: LivePosition, now: datetime) -> list[Html]:
    row = view.row
    heading = t(
        "positions.long" if view.sign > 0 else "positions.short",
        symbol=row.symbol,
        leverage=row.leverage or 1,
    )
    result = t(
        "positions.pnl",
        amount=numbers.money(t, view.pnl, signed=True),
        percent=numbers.percent(t, view.percent, signed=True),
    )
    external = t("positions.external") if row.source == "external" else None
    held = None
    if row.opened_at is not None:
        held = italic(t("positions.held", time=numbers.duration(t, _age(now, row.opened_at))))
    return [part for part in (heading, result, _table(t, view), external, held) if part]


def _age(now: datetime, then: datetime) -> timedelta:
    return max(timedelta(0), now - then)


def _table(t: Translator, view: LivePosition) -> Html:
    row = view.row
    rows: list[tuple[str, str]] = [
        (t("field.size"), numbers.quantity(t, Decimal(repr(row.size)))),
        (t("field.entry"), numbers.price(t, row.entry_price, view.decimals)),
        (t("field.mark"), numbers.price(t, view.mark, view.decimals)),
    ]
    levels: Mapping[str, Decimal | None] = {
        t("field.stop"): row.stop_price,
        t("field.target"): row.take_profit_price,
        t("field.liquidation"): row.liquidation_price,
    }
    rows += [(name, _level(t, view, price)) for name, price in levels.items() if price is not None]
    if view.on_margin is not None and row.margin is not None:
        rows.append((t("field.margin"), numbers.money(t, row.margin)))
        rows.append((t("field.roe"), numbers.percent(t, view.on_margin, 1, signed=True)))
    return pairs([(str(name), value) for name, value in rows])


def _level(t: Translator, view: LivePosition, price: Decimal) -> str:
    away = numbers.percent(t, view.away(price) or 0, 1)
    return f"{numbers.price(t, price, view.decimals)} ({away})"
