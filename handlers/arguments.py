"""Loose arguments, in any order and any spelling people use: `/start_bot ema cross btc,eth 1h`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.clock import to_ms
from domain.market.timeframes import TIMEFRAMES

_TIMEFRAME = re.compile(r"(\d{1,2})(m|min|h|hr|d)", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,3})(d|w|m|mo|y)", re.IGNORECASE)
_DATES = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")
_UNIT = {"min": "m", "hr": "h"}
_SPAN_DAYS = {"d": 1, "w": 7, "m": 30, "mo": 30, "y": 365}
_YEARS = (1970, 2999)  # beyond them a day cannot be told in every time zone
_ALL = ("all", "전체")
_QUOTES = ("USDT", "USD")
ALL_DAYS = 36_500
"""Further back than any history."""


@dataclass(slots=True)
class Wanted:
    """What the words said. `words`: the rest, in order (a strategy's name, or nonsense).

    `span_days`: how far back; `start_ms`, `end_ms`: a stretch of the calendar, as
    if the reader's clock were UTC.
    """

    symbols: list[str] = field(default_factory=list)
    timeframe: str | None = None
    span_days: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    words: list[str] = field(default_factory=list)


def understand(args: Sequence[str], symbols: Sequence[str]) -> Wanted:
    """Sort the words by what they can be; `symbols` are those of the market."""
    wanted = Wanted()
    for word in (piece for arg in args for piece in arg.split(",") if piece):
        symbol = symbol_of(word, symbols)
        if symbol is not None:
            if symbol not in wanted.symbols:
                wanted.symbols.append(symbol)
        elif not (_take_timeframe(wanted, word) or _take_range(wanted, word)):
            wanted.words.append(word)
    return wanted


def symbol_of(word: str, symbols: Sequence[str]) -> str | None:
    """`btc`, `BTC/USDT`, `btc-usdt`, `$btc` -> BTCUSDT when the market has it."""
    bare = re.sub(r"[/_\-:$#]", "", word.upper())
    for name in (bare, *(bare + quote for quote in _QUOTES)):
        if name in symbols:
            return name
    return None


def looks_like_symbol(word: str) -> bool:
    """Whether somebody who typed this meant a market."""
    bare = re.sub(r"[/_\-:$#]", "", word.upper())
    return bare.isascii() and bare.isalnum() and bare.endswith(_QUOTES)


def timeframe_of(word: str) -> str | None:
    """`15m`, `15min`, `1H` -> a timeframe there is."""
    match = _TIMEFRAME.fullmatch(word)
    if match is None:
        return None
    unit = match[2].lower()
    name = f"{int(match[1])}{_UNIT.get(unit, unit)}"
    return {"60m": "1h", "24h": "1d"}.get(name, name if name in TIMEFRAMES else None)


def _take_timeframe(wanted: Wanted, word: str) -> bool:
    """The first word that can be a timeframe is it; a later one ("15m 3m") is a range."""
    if wanted.timeframe is not None:
        return False
    wanted.timeframe = timeframe_of(word)
    return wanted.timeframe is not None


def _take_range(wanted: Wanted, word: str) -> bool:
    if wanted.span_days is not None or wanted.start_ms is not None:
        return False
    if word.lower() in _ALL:
        wanted.span_days = ALL_DAYS
        return True
    span = _SPAN.fullmatch(word)
    if span is not None:
        wanted.span_days = int(span[1]) * _SPAN_DAYS[span[2].lower()]
        return wanted.span_days > 0
    first, _, last = word.partition("..")
    start, end = _dates(first), _dates(last or first)
    if start is None or end is None or end[1] <= start[0]:
        return False
    wanted.start_ms, wanted.end_ms = to_ms(start[0]), to_ms(end[1])
    return True


def _dates(text: str) -> tuple[datetime, datetime] | None:
    """`2017`, `2017-05`, `2017-05-03` -> [start, end) of that year, month or day."""
    match = _DATES.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), match[2], match[3]
    if not _YEARS[0] <= year <= _YEARS[1]:
        return None
    try:
        start = datetime(year, int(month or 1), int(day or 1), tzinfo=UTC)
        if day:
            return start, start + timedelta(days=1)
        if month:
            return start, datetime(year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        return start, datetime(year + 1, 1, 1, tzinfo=UTC)
    except ValueError:
        return None
