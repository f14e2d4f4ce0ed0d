"""The head of a report: what was tested, how it went, the figures a trader looks for first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from matplotlib.figure import Figure
from matplotlib.text import Text

from bot.workers.chart_fonts import printable
from bot.workers.chart_theme import Theme
from domain.clock import from_ms
from handlers.render import names, numbers
from handlers.texts import Translator

LEFT, RIGHT = 0.025, 0.975
_NAME_CHARS = 34
# Shares of the width, after the width of the names.
_COLUMNS = (LEFT, 0.187, 0.307, 0.437, 0.552, 0.720, 0.842)
NOT_DEFINED = "–"


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure. `tone`: +1 good, -1 bad, 0 neither."""

    name: str
    value: str
    tone: int = 0


@dataclass
class Header:
    """Texts made once per figure. `figures`: a row of them below the title."""

    figure: Figure
    theme: Theme
    figures: bool = True
    _title: Text = field(init=False)
    _subtitle: Text = field(init=False)
    _return: Text = field(init=False)
    _balance: Text = field(init=False)
    _tiles: list[tuple[Text, Text]] = field(init=False)

    def __post_init__(self) -> None:
        theme, put = self.theme, self._put
        self._title = put(LEFT, 0.948, 16.0, theme.text, weight="bold")
        self._subtitle = put(LEFT, 0.912, 9.5, theme.muted)
        self._return = put(RIGHT, 0.948, 19.0, theme.text, weight="bold", ha="right")
        self._balance = put(RIGHT, 0.912, 9.5, theme.muted, ha="right")
        self._tiles = [
            (put(x, 0.871, 7.8, theme.muted), put(x, 0.836, 12.0, theme.text, weight="bold"))
            for x in (_COLUMNS if self.figures else ())
        ]

    def show(self, t: Translator, strategy: str, subtitle: str, metrics: dict[str, Any]) -> None:
        """New words."""
        total = float(metrics["total_return_percent"])
        start, end = metrics["initial_balance"], metrics["final_balance"]
        balance = f"{start:,.0f} → {end:,.2f} USDT"
        self.write(
            names.strategy(t, strategy), subtitle, signed_percent(total), _sign(total), balance
        )
        for (name, value), tile in zip(self._tiles, tiles(t, metrics), strict=False):
            name.set_text(tile.name)
            value.set_text(tile.value)
            value.set_color(self._color(tile.tone))

    def write(self, title: str, subtitle: str, figure: str, tone: int, below: str) -> None:
        """The words alone: on the left what it is, on the right the figure that matters."""
        self._title.set_text(_shortened(printable(title)))
        self._subtitle.set_text(printable(subtitle))
        self._return.set_text(figure)
        self._return.set_color(self._color(tone))
        self._balance.set_text(below)

    def _color(self, tone: int) -> str:
        return (self.theme.loss, self.theme.text, self.theme.gain)[tone + 1]

    def _put(self, x: float, y: float, size: float, color: str, **style: Any) -> Text:
        return self.figure.text(
            x, y, "", fontsize=size, color=color, va="baseline", parse_math=False, **style
        )


def tiles(t: Translator, metrics: dict[str, Any]) -> list[Tile]:
    """Seven figures of `domain.backtests.metrics`."""
    held = float(metrics["buy_and_hold_percent"])
    factor = metrics["profit_factor"]
    return [
        Tile(t("picture.max_drawdown"), percent(metrics["max_drawdown_percent"])),
        Tile(t("picture.sharpe"), number(metrics["sharpe"])),
        Tile(t("picture.win_rate"), percent(metrics["win_rate_percent"])),
        Tile(t("picture.trades"), f"{metrics['trades']:,}"),
        Tile(
            t("picture.profit_factor"),
            number(factor),
            0 if factor is None else _sign(factor - 1.0),
        ),
        Tile(t("picture.fees"), f"{metrics['costs']['fees_usdt']:,.0f}"),
        Tile(t("picture.buy_and_hold"), signed_percent(held)),
    ]


def range_line(
    t: Translator, symbol: str, timeframe: str, start_ms: int, end_ms: int, days: float
) -> str:
    """ "BTCUSDT · 15m · Mar 1, 2017 – May 31, 2017 · 92 days · Asia/Seoul". The end is the last
    close; the zone is that of the reader and of every time on the picture.
    """
    zone = ZoneInfo(t.tz)
    first, last = (from_ms(at).astimezone(zone) for at in (start_ms, end_ms - 1))
    if days >= 2:
        span = t("picture.days", n=f"{days:,.0f}")
    else:
        span = t("picture.hours", n=f"{days * 24:,.0f}")
    dates = (numbers.dated(t, moment, "yMMMd") for moment in (first, last))
    return " · ".join((symbol, timeframe, " – ".join(dict.fromkeys(dates)), span, t.tz))


def percent(value: float | None) -> str:
    """12.3 -> "12.3%"; with a real minus sign, and with none where it rounds to nothing."""
    if value is None:
        return NOT_DEFINED
    places = 1 if abs(value) < 1000 else 0
    return f"{round(value, places) + 0.0:,.{places}f}%".replace("-", "−")


def signed_percent(value: float) -> str:
    """12.3 -> "+12.3%"."""
    return ("+" if round(value, 1) > 0 else "") + percent(value)


def number(value: float | None) -> str:
    """1.234 -> "1.23"."""
    return NOT_DEFINED if value is None else f"{round(value, 2) + 0.0:,.2f}".replace("-", "−")


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 1] + "…"
