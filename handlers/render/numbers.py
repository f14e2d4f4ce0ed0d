"""Numbers, money and moments as the reader writes them: their language, their time zone.

Amounts are `Decimal` or float; percents are in percent (1.5 = 1.5%). A negative number has a real
minus sign, and what rounds to nothing has no sign at all. What is no amount is shown all the same:
a strategy may compute anything, and its owner must still get an answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, format_skeleton
from babel.numbers import format_decimal

from domain.clock import from_ms
from domain.market.timeframes import DAY_MS, to_ms
from handlers.texts import Translator

Number = Decimal | float | int
MINUS = "−"
MISSING = "–"
_MOST_DECIMALS = 8
_FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_EVEN)
_MOST_DIGITS = 18
"""Before the point; a greater number is written with its power of ten: 1.234e+30."""


def fixed(t: Translator, value: Number, decimals: int, *, signed: bool = False) -> str:
    """1234.5 -> "1,234.50". `signed`: with a + in front of a gain."""
    exact = _decimal(value)
    if not _is_amount(exact):
        return _odd(exact)
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    places = "." + "0" * decimals if decimals else ""
    text = format_decimal(abs(rounded), format=f"#,##0{places}", locale=_locale(t.lang))
    return _sign(rounded, signed) + text


def price(t: Translator, value: Number | None, decimals: int) -> str:
    """With the market's own precision; a dash when there is none."""
    return MISSING if value is None else fixed(t, value, decimals)


def decimals_of(value: Number) -> int:
    """Decimals that show six digits of a price whose market is not at hand: 4123.58, 1.23457."""
    exact = abs(_decimal(value))
    return max(0, min(_MOST_DECIMALS, 5 - exact.adjusted())) if exact else 2


def decimals_or(known: int, value: Number) -> int:
    """`known` decimals of a market, or `decimals_of` when it is negative."""
    return known if known >= 0 else decimals_of(value)


def quantity(t: Translator, value: Number) -> str:
    """Coins: as many decimals as needed, at most 8."""
    exact = _decimal(value)
    if not _is_amount(exact):
        return _odd(exact)
    pattern = "#,##0." + "#" * _MOST_DECIMALS
    text = format_decimal(abs(exact), format=pattern, locale=_locale(t.lang))
    return _sign(exact, signed=False) + text


def money(t: Translator, value: Number, *, signed: bool = False) -> str:
    """USDT with two decimals: "1,234.50 USDT"."""
    return f"{fixed(t, value, 2, signed=signed)} USDT"


def percent(t: Translator, value: Number, decimals: int = 2, *, signed: bool = False) -> str:
    """1.5 -> "1.50%"."""
    return fixed(t, value, decimals, signed=signed) + "%"


def setting(t: Translator, value: Number) -> str:
    """A number that somebody chose: as short as it can be. 500.0 -> "500", 1.5 -> "1.5"."""
    return quantity(t, value)


def moment(t: Translator, at: datetime) -> str:
    """Day and time: "Nov 3, 13:05"."""
    return _when(t, at, t("format.moment"))


def long_moment(t: Translator, at: datetime) -> str:
    """Day, year and time: "Nov 3, 2026, 13:05"."""
    return _when(t, at, t("format.long_moment"))


def day(t: Translator, at: datetime) -> str:
    """A day with its year: "Nov 3, 2026"."""
    return _when(t, at, t("format.day"))


def clock(t: Translator, at: datetime) -> str:
    """The time alone: "13:05:09"."""
    return _when(t, at, t("format.clock"))


def dated(t: Translator, at: datetime, parts: str) -> str:
    """The parts of a date (a CLDR skeleton: "MMMd", "yMMM") in the language's own order, as the
    clock of `at` has it.
    """
    return str(format_skeleton(parts, at, locale=_locale(t.lang)))


def by_bars(t: Translator, timeframe: str) -> Translator:
    """The reader for times of bars: a bar of a day or more is the exchange's day, not theirs."""
    return t if to_ms(timeframe) < DAY_MS else replace(t, tz="UTC")


def moment_ms(t: Translator, at_ms: int) -> str:
    """`moment` of ms since the epoch."""
    return moment(t, from_ms(at_ms))


def duration(t: Translator, length: timedelta) -> str:
    """The two largest units that count: "2h 5m", "3d 4h", "less than a minute"."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours, left = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        t("duration.days", n=days) if days else None,
        t("duration.hours", n=hours) if hours else None,
        t("duration.minutes", n=left) if left and not days else None,
    ]
    return " ".join(part for part in parts if part) or t("duration.moments")


def _decimal(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and value.adjusted() < _MOST_DIGITS


def _odd(value: Decimal) -> str:
    return f"{_FOUR_DIGITS.plus(value):.3e}".replace("-", MINUS) if value.is_finite() else MISSING


def _sign(value: Decimal, signed: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if signed and value > 0 else ""


def _when(t: Translator, at: datetime, pattern: str) -> str:
    local = at.astimezone(ZoneInfo(t.tz)).replace(tzinfo=None)
    return format_datetime(local, pattern, locale=_locale(t.lang))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)
