"""The timeframes a bot can run on. All divide a UTC day, so bars align with the epoch."""

from __future__ import annotations

from domain.errors import DomainError

MINUTE_MS = 60_000
DAY_MS = 1_440 * MINUTE_MS

TIMEFRAMES: dict[str, int] = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "2h": 120 * MINUTE_MS,
    "4h": 240 * MINUTE_MS,
    "6h": 360 * MINUTE_MS,
    "12h": 720 * MINUTE_MS,
    "1d": DAY_MS,
}


def to_ms(timeframe: str) -> int:
    """Length of a timeframe in ms. Raises DomainError("unknown_timeframe")."""
    try:
        return TIMEFRAMES[timeframe]
    except KeyError:
        raise DomainError(
            "unknown_timeframe", timeframe=timeframe, allowed=", ".join(TIMEFRAMES)
        ) from None


def last_close_ms(moment_ms: int, timeframe: str) -> int:
    """The latest bar close at or before `moment_ms`."""
    length = to_ms(timeframe)
    return moment_ms - moment_ms % length
