"""Loose arguments, in any order and any spelling people use: `/start_bot ema cross btc,eth 1h`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.clock import to_ms
from domain.errors import DomainError
from domain.market.timeframes import TIMEFRAMES

_TIMEFRAME = re.compile(r"(\d{1,3})(m|mins?|h|hrs?|d|분봉?|시간봉?|일봉)", re.IGNORECASE)
_SPAN = re.compile(
    r"([-+−]?\d+(?:\.\d+)?)"
    r"(d|days?|w|weeks?|m|mo|months?|y|yrs?|years?|일|주|개월|달|년)",
    re.IGNORECASE,
)
_DATES = re.compile(r"(\d{4})(?:[-./](\d{1,2}))?(?:[-./](\d{1,2}))?")
_BETWEEN = re.compile(r"\.\.|~")
_SPACED = re.compile(r"(?<=\d)\s*(\.\.|~)\s+(?=\d)|(?<=\d)\s+(\.\.|~)(?=\d)")
_UNIT = {"분": "m", "시": "h", "일": "d"}
_SPAN_DAYS = {"d": 1, "일": 1, "w": 7, "주": 7, "m": 30, "개": 30, "달": 30, "y": 365, "년": 365}
_MOST_DAYS = 3_650
_DIGITS, _SHOWN = 6, 40
_YEARS = (1970, 2999)  # beyond them a day cannot be told in every time zone
_ALL = ("all", "전체")
_QUOTES = ("USDT", "USD")
ALL_DAYS = 36_500
"""Further back than any history."""


@dataclass(slots=True)
class Wanted:
    """What the words said. `words`: the rest, in order (a strategy's name, or nonsense).

    `span_days`: how far back; `start_ms`, `end_ms`: a stretch of the calendar, as
    if the reader's clock were UTC. `range_word`: how that was typed. `odd`: what is wrong with a
    word among the rest that was meant as a range or a timeframe, for when it is in no strategy's
    name.
    """

    symbols: list[str] = field(default_factory=list)
    timeframe: str | None = None
    span_days: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    range_word: str | None = None
    words: list[str] = field(default_factory=list)
    odd: DomainError | None = None


def understand(args: Sequence[str], symbols: Sequence[str]) -> Wanted:
    """Sort the words by what they can be; `symbols` are those of the market."""
    wanted = Wanted()
    text = _SPACED.sub(lambda found: found[1] or found[2], " ".join(args))
    for word in text.replace(",", " ").split():
        symbol = symbol_of(word, symbols)
        if symbol is not None:
            if symbol not in wanted.symbols:
                wanted.symbols.append(symbol)
        elif not (_take_timeframe(wanted, word) or _take_range(wanted, word)):
            wanted.words.append(word)
    if wanted.timeframe is None and wanted.range_word and _is_minutes(wanted.range_word):
        _take_back(wanted, wanted.range_word)
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
    unit = match[2][0].lower()
    name = f"{int(match[1])}{_UNIT.get(unit, unit)}"
    return {"60m": "1h", "24h": "1d"}.get(name, name if name in TIMEFRAMES else None)


def _take_timeframe(wanted: Wanted, word: str) -> bool:
    """The first word that can be a timeframe is it; a later one ("15m 3m") is a range."""
    if wanted.timeframe is not None:
        return False
    wanted.timeframe = timeframe_of(word)
    return wanted.timeframe is not None


def _take_range(wanted: Wanted, word: str) -> bool:
    """The first word that can be a range is it."""
    try:
        found = _range(word)
    except DomainError as error:
        wanted.odd = wanted.odd or error
        return False
    if found is None:
        if _is_timeframe(word):
            wanted.odd = wanted.odd or _odd_timeframe(wanted, word)
        return False
    if wanted.range_word is not None:
        both = {"first": wanted.range_word[:_SHOWN], "word": word[:_SHOWN]}
        wanted.odd = wanted.odd or DomainError("range_twice", **both)
        return False
    wanted.range_word = word
    wanted.span_days, wanted.start_ms, wanted.end_ms = found
    return True


def _take_back(wanted: Wanted, word: str) -> None:
    """`7m` is seven months only beside a timeframe: alone it was meant as one."""
    wanted.range_word = wanted.span_days = None
    wanted.words.append(word)
    wanted.odd = wanted.odd or _no_timeframe(word)


def _is_timeframe(word: str) -> bool:
    """Whether it is written as timeframes are; a number of days is a range before that."""
    match = _TIMEFRAME.fullmatch(word)
    return match is not None and match[2].lower() != "d"


def _is_minutes(word: str) -> bool:
    return _is_timeframe(word) and word[-1].lower() == "m"


def _odd_timeframe(wanted: Wanted, word: str) -> DomainError:
    if wanted.timeframe is None or timeframe_of(word) is None:
        return _no_timeframe(word)
    return DomainError("timeframe_twice", first=wanted.timeframe, word=word[:_SHOWN])


def _no_timeframe(word: str) -> DomainError:
    return DomainError("unknown_timeframe", timeframe=word[:_SHOWN], allowed=", ".join(TIMEFRAMES))


def _range(word: str) -> tuple[int | None, int | None, int | None] | None:
    """(days back, start, end) that a word says; None for a word of another kind.

    Raises DomainError for one that was meant so: "range_length", "range_date" (word),
    "range_backwards" (word, turned).
    """
    if word.lower() in _ALL:
        return ALL_DAYS, None, None
    span = _SPAN.fullmatch(word)
    if span is not None:
        return _days(word, span[1], span[2][0].lower()), None, None
    first, *more = _BETWEEN.split(word)
    if len(more) > 1 or not (_DATES.fullmatch(first) and (more or _in_years(first))):
        return None
    start, end = _dates(first), _dates(more[0] if more else first)
    if start is None or end is None:
        raise DomainError("range_date", word=word[:_SHOWN])
    if end[1] <= start[0]:
        raise DomainError("range_backwards", word=word[:_SHOWN], turned=f"{more[0]}..{first}")
    return None, to_ms(start[0]), to_ms(end[1])


def _days(word: str, number: str, unit: str) -> int:
    days = int(number) * _SPAN_DAYS[unit] if number.isdigit() and len(number) < _DIGITS else 0
    if not 1 <= days <= _MOST_DAYS:
        raise DomainError("range_length", word=word[:_SHOWN])
    return days


def _in_years(first: str) -> bool:
    """Whether a number is a year: any other is a strategy's."""
    return not first.isdigit() or _YEARS[0] <= int(first) <= _YEARS[1]


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
