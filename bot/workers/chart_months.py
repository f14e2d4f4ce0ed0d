"""What each month brought: a row per year, a column per month, the deeper the colour the more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from matplotlib.figure import Figure

from bot.workers.chart_header import signed_percent
from bot.workers.chart_panels import Box
from bot.workers.chart_theme import Theme
from bot.workers.chart_words import Board
from handlers.render import numbers
from handlers.texts import Translator

Month = Mapping[str, str | float]
_MONTHS = 12
_LEFT, _TOP, _TOTAL = 0.06, 0.95, 0.085  # room for the years, for the names, for the sums
_TALLEST = 0.115
_FAINTEST, _DEEPEST = 0.12, 0.85
_FULL_PERCENT = 4.0  # at least so much has the deepest colour
_MOST_YEARS = 14
_APART, _LEAST_BARS = (
    0.08,
    0.3,
)  # between the map and bars below it; bars lower than that say little
_LARGE, _SMALLEST = 8.6, 6.4


class MonthPanel:
    """A heat map with the year's sum at its end."""

    def __init__(self, figure: Figure, box: Box, theme: Theme) -> None:
        self._board = Board(figure, box, theme)
        self._theme = theme

    def show(self, t: Translator, months: Sequence[Month]) -> None:
        """`months`: of `domain.backtests.daily.monthly`."""
        board = self._board
        board.clear()
        board.caption(t("picture.months"))
        years = by_year(months)[-_MOST_YEARS:]
        width = (1.0 - _LEFT - _TOTAL) / _MONTHS
        height = min(_TALLEST, _TOP / max(len(years), 1))
        for number in range(_MONTHS):
            name = numbers.dated(t, datetime(2024, number + 1, 1, tzinfo=UTC), "MMM")
            board.text(_LEFT + (number + 0.5) * width, _TOP + 0.025, name, ha="center")
        board.text(1.0, _TOP + 0.025, t("picture.year"), ha="right")
        full = max([_FULL_PERCENT, *(abs(each) for _, row in years for each in row.values())])
        for place, (year, row) in enumerate(years):
            bottom = _TOP - (place + 1) * height
            self._year(year, row, bottom, width, height, full)
        room = _TOP - len(years) * height - _APART
        if room > _LEAST_BARS:
            self._bars(_places(years), room)

    def _year(
        self, year: int, row: Mapping[int, float], bottom: float, width: float, height: float,
        full: float,
    ) -> None:  # fmt: skip
        board, theme, middle = self._board, self._theme, bottom + height / 2
        board.text(0.0, middle, str(year), color=theme.text)
        for number in range(1, _MONTHS + 1):
            left = _LEFT + (number - 1) * width
            box = (left + 0.002, bottom + 0.003, width - 0.004, height - 0.006)
            moved = row.get(number)
            if moved is None:
                board.block(box, theme.panel)
                continue
            share = min(abs(moved) / full, 1.0)
            board.block(box, self._tone(moved), _FAINTEST + (_DEEPEST - _FAINTEST) * share)
            words = _short(moved)
            size = _LARGE if len(words) <= len("+12.3") else _SMALLEST
            board.text(
                left + width / 2, middle, words, ha="center", fontsize=size, color=theme.text
            )
        total = year_return(row)
        board.text(
            1.0, middle, signed_percent(total), ha="right", color=self._tone(total), fontsize=_LARGE
        )

    def _bars(self, months: Sequence[tuple[int, float]], room: float) -> None:
        """The same months as bars, where a few years leave room. `months`: (place, percent)."""
        board, moves = self._board, [moved for _, moved in months]
        low, high = min([0.0, *moves]), max([0.0, *moves])
        scale = room / ((high - low) or 1.0)
        zero = -low * scale
        width = (1.0 - _LEFT - _TOTAL) / max(len(months), _MONTHS)
        for number, moved in months:
            bottom, height = min(zero, zero + moved * scale), abs(moved) * scale
            left = _LEFT + (number + 0.15) * width
            board.block((left, bottom, 0.7 * width, height), self._tone(moved), _DEEPEST)
        board.stroke([_LEFT, 1.0 - _TOTAL], [zero, zero], board.theme.muted)
        for at in (low, high):
            if at:
                board.text(1.0, zero + at * scale, signed_percent(at), ha="right")

    def _tone(self, moved: float) -> str:
        return self._theme.gain if moved >= 0.0 else self._theme.loss


def by_year(months: Sequence[Month]) -> list[tuple[int, dict[int, float]]]:
    """[(2024, {1: percent of January, ...}), ...] in order."""
    found: dict[int, dict[int, float]] = {}
    for each in months:
        year, _, month = str(each["month"]).partition("-")
        found.setdefault(int(year), {})[int(month)] = float(each["return_percent"])
    return sorted(found.items())


def _places(years: Sequence[tuple[int, Mapping[int, float]]]) -> list[tuple[int, float]]:
    """A single year's months stand below their names, those of several one after the other."""
    if len(years) == 1:
        return [(month - 1, moved) for month, moved in years[0][1].items()]
    return list(enumerate(moved for _, row in years for moved in row.values()))


def year_return(row: Mapping[int, float]) -> float:
    """The months of a year one after the other, percent."""
    grown = 1.0
    for moved in row.values():
        grown *= 1.0 + moved / 100.0
    return (grown - 1.0) * 100.0


def _short(moved: float) -> str:
    return signed_percent(moved).removesuffix("%")
