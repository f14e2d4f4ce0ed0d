"""Published formulas in plain Python over lists: stop lines, totals, ranks, shapes of bars."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from tests.strategies.paper_basics import Column, Known, each, mean, window
from tests.strategies.paper_indicators import Bars, atr, change


def supertrend(b: Bars, n: int = 10, k: float = 3) -> tuple[Column, Column]:
    """(line, side) as in TradingView's reference, which says -1 for up."""
    size = len(b.close)
    line: Column = [None] * size
    side: Column = [None] * size
    lower = each(lambda m, a: m - k * a, b.mid(), atr(b, n))
    upper = each(lambda m, a: m + k * a, b.mid(), atr(b, n))
    known = [i for i in range(size) if lower[i] is not None]
    direction = 1
    for i in known:
        low, high, close, last = (
            _at(x, i) for x in (lower, upper, b.close, [*b.close[:1], *b.close])
        )
        if i == known[0]:
            direction = -1 if close > high else 1
        else:
            was_low, was_high = _at(lower, i - 1), _at(upper, i - 1)
            low = low if low > was_low or last < was_low else was_low
            high = high if high < was_high or last > was_high else was_high
            lower[i], upper[i] = low, high
            if line[i - 1] == was_high and direction == 1:
                direction = -1 if close > high else 1
            else:
                direction = 1 if close < low else -1
        line[i] = low if direction == -1 else high
        side[i] = -direction
    return line, side


def psar(b: Bars, start: float = 0.02, step: float = 0.02, most: float = 0.2) -> Column:
    """As in TradingView's reference."""
    high, low, close = ([float(v or 0) for v in x] for x in (b.high, b.low, b.close))
    out: Column = [None]
    rising = close[1] > close[0]
    extreme, stop = (high[1], low[0]) if rising else (low[1], high[0])
    pace = start
    for i in range(1, len(close)):
        first = i == 1
        stop += pace * (extreme - stop)
        if rising and stop > low[i]:
            first, rising = True, False
            stop, extreme, pace = max(high[i], extreme), low[i], start
        elif not rising and stop < high[i]:
            first, rising = True, True
            stop, extreme, pace = min(low[i], extreme), high[i], start
        if not first and (high[i] > extreme if rising else low[i] < extreme):
            extreme = high[i] if rising else low[i]
            pace = min(pace + step, most)
        for back in range(1, min(i, 2) + 1):
            stop = min(stop, low[i - back]) if rising else max(stop, high[i - back])
        out.append(stop)
    return out


def ratchet(lower: Column, upper: Column, close: Column) -> Column:
    out: Column = []
    for i in range(len(close)):
        low, high, now = _at(lower, i), _at(upper, i), _at(close, i)
        if i == 0:
            out.append(low)
            continue
        line, last = _at(out, i - 1), _at(close, i - 1)
        if now > line and last > line:
            out.append(max(line, low))
        elif now < line and last < line:
            out.append(min(line, high))
        else:
            out.append(low if now > line else high)
    return out


def smooth(x: Column, alpha: Column) -> Column:
    """As weights: each bar's alpha times what later bars left of it; na with > 1e-9 missing."""
    out: Column = []
    for i in range(len(x)):
        left, level = 1.0, 0.0
        for k in range(i, -1, -1):
            level += left * _at(alpha, k) * _at(x, k)
            left *= 1 - _at(alpha, k)
        out.append(level if left <= 1e-9 else None)
    return out


def fisher(b: Bars, n: int = 9) -> Column:
    def place(v: Known) -> float | None:
        return (v[-1] - min(v)) / (max(v) - min(v)) if max(v) > min(v) else None

    value = result = 0.0
    out: Column = []
    for where in window(b.mid(), n, place):
        if where is None:
            out.append(None)
            continue
        value = 0.33 * 2 * (where - 0.5) + 0.67 * value
        value = 0.999 if value > 0.99 else -0.999 if value < -0.99 else value
        result = math.atanh(value) + 0.5 * result
        out.append(result)
    return out


def heikin_ashi(b: Bars, opens: Column) -> tuple[Column, Column, Column, Column]:
    """(open, high, low, close)."""
    closes = each(lambda *v: mean(list(v)), opens, b.high, b.low, b.close)
    ha_open: Column = [(_at(opens, 0) + _at(b.close, 0)) / 2]
    for i in range(1, len(closes)):
        ha_open.append((_at(ha_open, i - 1) + _at(closes, i - 1)) / 2)
    return ha_open, each(max, b.high, ha_open, closes), each(min, b.low, ha_open, closes), closes


def middle(b: Bars, n: int) -> Column:
    return each(lambda t, lo: (t + lo) / 2, window(b.high, n, max), window(b.low, n, min))


def running(x: Column) -> Column:
    """Sum since the first bar."""
    total = 0.0
    out: Column = []
    for v in x:
        total += v or 0.0
        out.append(None if v is None else total)
    return out


def obv(b: Bars) -> Column:
    moves = each(lambda m: (m > 0) - (m < 0), change(b.close))
    return running(each(lambda s, v: s * v, moves, b.volume))


def ad(b: Bars) -> Column:
    def flow(h: float, lo: float, c: float, v: float) -> float:
        return ((c - lo) - (h - c)) / (h - lo) * v if h != lo else 0.0

    return running(each(flow, b.high, b.low, b.close, b.volume))


def period_of(time_ms: int, period: str) -> datetime:
    """When the hour, day or week of a moment began."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC).replace(minute=0, second=0, microsecond=0)
    if period == "1h":
        return moment
    day = moment.replace(hour=0)
    return day if period == "1d" else day - timedelta(days=day.weekday())


def new_period(times: list[int], period: str) -> list[bool]:
    starts = [period_of(time, period) for time in times]
    opened = starts[0] == datetime.fromtimestamp(times[0] / 1000, UTC)
    return [opened] + [starts[i] != starts[i - 1] for i in range(1, len(times))]


def cum(times: list[int], x: Column, period: str) -> Column:
    out: Column = []
    total: float | None = None
    for first, v in zip(new_period(times, period), x, strict=True):
        total = 0.0 if first else total
        total = None if total is None else total + (v or 0.0)
        out.append(None if v is None else total)
    return out


def percentile(x: Column, n: int, percent: float) -> Column:
    def of(v: Known) -> float:
        ordered, place = sorted(v), percent / 100 * (n - 1)
        low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
        return low + (place % 1) * (high - low)

    return window(x, n, of)


def percentrank(x: Column, n: int) -> Column:
    return window(x, n + 1, lambda v: 100 * sum(a <= v[-1] for a in v[:-1]) / n)


def rank(x: Column, n: int) -> Column:
    def of(v: Known) -> float:
        places = [place for place, a in enumerate(sorted(v), 1) if a == v[-1]]
        return mean(places)

    return window(x, n, of)


def engulfing(opens: Column, close: Column) -> Column:
    """A body of the other colour that holds the one before; one end may be equal."""
    out: Column = [None, None]
    for i in range(2, len(close)):
        o, c, o1, c1 = _at(opens, i), _at(close, i), _at(opens, i - 1), _at(close, i - 1)
        up = c >= o and c1 < o1 and c >= o1 and o <= c1 and (c > o1 or o < c1)
        down = c < o and c1 >= o1 and o >= c1 and c <= o1 and (o > c1 or c < o1)
        out.append(float(up) - float(down))
    return out


def _at(x: Column, i: int) -> float:
    value = x[i]
    assert value is not None
    return value
