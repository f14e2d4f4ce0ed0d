"""Where the axes have marks and what stands there: round numbers, whole days, whole months."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.clock import from_ms, moment_shown, shown_ms, to_ms
from domain.market.timeframes import DAY_MS
from handlers.render import numbers
from handlers.texts import Translator

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
_STEPS_MS = (
    *(MINUTE_MS * n for n in (1, 2, 5, 10, 15, 30)),
    *(HOUR_MS * n for n in (1, 2, 3, 6, 12)),
    *(DAY_MS * n for n in (1, 2, 5, 10)),
)
_MONTHS = (1, 2, 3, 6)
_YEARS = (1, 2, 5, 10)
_MONTH_MS = 30 * DAY_MS
_YEAR_MONTHS = 12
_SHORTER = 6  # names of months need less room than days


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark: its place on the axis and its text."""

    at: float
    label: str


def time_ticks(t: Translator, start_ms: int, end_ms: int) -> list[Tick]:
    """At most about 7 marks in [start_ms, end_ms], where the reader's clocks show whole units."""
    begin, end = (shown_ms(at, t.tz) for at in (start_ms, end_ms))
    # An hour that clocks leave out has no place of its own; one that they repeat has its first.
    places = {moment_shown(int(tick.at), t.tz): tick.label for tick in _marks(t, begin, end)}
    return [Tick(float(at), label) for at, label in places.items() if start_ms <= at <= end_ms]


def _marks(t: Translator, start_ms: int, end_ms: int, most: int = 7) -> list[Tick]:
    span = max(end_ms - start_ms, 1)
    for step in _STEPS_MS:
        if span / step <= most:
            return _fixed(t, start_ms, end_ms, step)
    for months in (*_MONTHS, *(_YEAR_MONTHS * years for years in _YEARS)):
        if span / (months * _MONTH_MS) <= most + _SHORTER:
            return _calendar(t, start_ms, end_ms, months)
    return _calendar(t, start_ms, end_ms, _YEAR_MONTHS * _YEARS[-1])


def _fixed(t: Translator, start_ms: int, end_ms: int, step: int) -> list[Tick]:
    first = -(-start_ms // step) * step
    if step > DAY_MS:  # days of the month, so that marks fall on the same days each month
        return _days(t, start_ms, end_ms, step // DAY_MS)
    return [
        Tick(float(at), _day(t, from_ms(at)) if at % DAY_MS == 0 else f"{from_ms(at):%H:%M}")
        for at in range(first, end_ms + 1, step)
    ]


def _days(t: Translator, start_ms: int, end_ms: int, step: int) -> list[Tick]:
    day = from_ms(-(-start_ms // DAY_MS) * DAY_MS)
    found = []
    while to_ms(day) <= end_ms:
        # The 31st would stand right before the next month's first.
        if (day.day - 1) % step == 0 and day.day <= 31 - step:
            found.append(Tick(float(to_ms(day)), _day(t, day)))
        day += timedelta(days=1)
    return found


def _day(t: Translator, moment: datetime) -> str:
    return numbers.dated(t, moment, "MMMd")


def _calendar(t: Translator, start_ms: int, end_ms: int, months: int) -> list[Tick]:
    begin = from_ms(start_ms)
    month = begin.year * _YEAR_MONTHS
    found = []
    while (at := to_ms(_month(month))) <= end_ms:
        if at >= start_ms:
            found.append(Tick(float(at), _month_label(t, month, months)))
        month += months
    return found


def _month(number: int) -> datetime:
    return datetime(number // _YEAR_MONTHS, number % _YEAR_MONTHS + 1, 1, tzinfo=UTC)


def _month_label(t: Translator, number: int, step: int) -> str:
    moment = _month(number)
    if step >= _YEAR_MONTHS:
        return f"{moment:%Y}"
    return numbers.dated(t, moment, "yMMM" if moment.month == 1 else "MMM")


def value_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers (1, 2, 2.5, 5 times a power of ten) in [low, high], at most `most` + 1."""
    span = high - low
    if not 0.0 < span < math.inf:
        return [low]
    step = _round_step(span / most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5 times powers of ten in [low, high] (both > 0)."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [lead * 10.0**power for power in powers for lead in (1, 2, 5)]
    return [value for value in found if low <= value <= high]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(
        lead for lead in (1.0, 2.0, 2.5, 5.0, 10.0) if lead * power >= rough * 0.999
    )


def compact(value: float, step: float = 0.0) -> str:
    """A number for an axis: "0.03", "12,500", "125k", "1.2M"; as many decimals as `step` needs."""
    step = step or 10.0 ** math.floor(math.log10(abs(value) or 1.0))
    size = max(abs(value), step)
    for unit, sign in ((1e9, "B"), (1e6, "M"), (1e5, "k")):
        if size >= unit:
            scale = 1e3 if sign == "k" else unit
            return f"{_decimal(value / scale, step / scale)}{sign}"
    return _decimal(value, step)


def _decimal(value: float, step: float) -> str:
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    while places < 8 and abs(round(step, places) - step) > step * 1e-6:
        places += 1
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")
