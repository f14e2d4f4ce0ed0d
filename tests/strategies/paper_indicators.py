"""Published formulas in plain Python over lists: oscillators, ranges, direction, events."""

from __future__ import annotations

import math
from dataclasses import dataclass

from domain.market.candles import Candles
from tests.strategies.paper_basics import (
    Column,
    ago,
    each,
    ema,
    highestbars,
    lowestbars,
    mean,
    rma,
    sma,
    window,
)


@dataclass(frozen=True)
class Bars:
    """Candles as lists."""

    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column

    @classmethod
    def of(cls, candles: Candles) -> Bars:
        columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
        return cls(*[[None if v != v else v for v in column.tolist()] for column in columns])

    def mid(self) -> Column:
        return each(lambda h, lo: (h + lo) / 2, self.high, self.low)

    def typical(self) -> Column:
        return each(lambda h, lo, c: (h + lo + c) / 3, self.high, self.low, self.close)


def change(x: Column, n: int = 1) -> Column:
    return each(lambda a, b: a - b, x, ago(x, n))


def total(x: Column, n: int) -> Column:
    return window(x, n, math.fsum)


def ratio(a: Column, b: Column, times: float = 100) -> Column:
    return each(lambda p, q: times * p / q, a, b)


def rsi(x: Column, n: int = 14) -> Column:
    moves = change(x)
    up = rma(each(lambda m: max(m, 0.0), moves), n)
    down = rma(each(lambda m: max(-m, 0.0), moves), n)
    out = each(lambda u, d: 100 - 100 / (1 + u / d) if d else 100.0, up, down)
    still = window(each(abs, moves), n, max)
    return each(lambda r, s: r if s > 0 else None, out, still)


def position(x: Column, high: Column, low: Column, n: int) -> Column:
    top, bottom = window(high, n, max), window(low, n, min)
    return each(lambda v, t, b: 100 * (v - b) / (t - b), x, top, bottom)


def stoch(b: Bars, k: int = 14, smooth: int = 1) -> Column:
    return sma(position(b.close, b.high, b.low, k), smooth)


def stochrsi_k(x: Column, n: int = 14, k: int = 14, smooth: int = 3) -> Column:
    strength = rsi(x, n)
    return sma(position(strength, strength, strength, k), smooth)


def macd(x: Column, fast: int = 12, slow: int = 26) -> Column:
    return each(lambda a, b: a - b, ema(x, fast), ema(x, slow))


def macd_hist(x: Column, fast: int = 12, slow: int = 26, signal: int = 9) -> Column:
    main = macd(x, fast, slow)
    return each(lambda a, b: a - b, main, ema(main, signal))


def cmo(x: Column, n: int = 9) -> Column:
    moves = change(x)
    up = total(each(lambda m: max(m, 0.0), moves), n)
    down = total(each(lambda m: max(-m, 0.0), moves), n)
    return each(lambda u, d: 100 * (u - d) / (u + d), up, down)


def willr(b: Bars, n: int = 14) -> Column:
    top, bottom = window(b.high, n, max), window(b.low, n, min)
    return each(lambda c, t, lo: -100 * (t - c) / (t - lo), b.close, top, bottom)


def cci(b: Bars, n: int = 20) -> Column:
    def of(v: list[float]) -> float:
        middle = mean(v)
        return (v[-1] - middle) / (0.015 * math.fsum(abs(a - middle) for a in v) / n)

    return window(b.typical(), n, of)  # type: ignore[arg-type]


def mfi(b: Bars, n: int = 14) -> Column:
    price = b.typical()
    moves = change(price)
    flow = each(lambda p, v: p * v, price, b.volume)
    up = total(each(lambda m, f: f if m > 0 else 0.0, moves, flow), n)
    down = total(each(lambda m, f: f if m < 0 else 0.0, moves, flow), n)
    return each(lambda u, d: 100 * u / (u + d), up, down)


def true_range(b: Bars) -> Column:
    def of(high: float, low: float, last: float) -> float:
        return max(high - low, abs(high - last), abs(low - last))

    return each(of, b.high, b.low, ago(b.close, 1))


def atr(b: Bars, n: int = 14) -> Column:
    return rma(true_range(b), n)


def ultosc(b: Bars, lengths: tuple[int, int, int] = (7, 14, 28)) -> Column:
    pressure = each(lambda c, lo, last: c - min(lo, last), b.close, b.low, ago(b.close, 1))
    reach = true_range(b)
    parts = [ratio(total(pressure, n), total(reach, n), 1) for n in lengths]
    return each(lambda p, q, r: 100 * (4 * p + 2 * q + r) / 7, *parts)


def tsi(x: Column, short: int = 13, long: int = 25) -> Column:
    moves = change(x)
    size = each(abs, moves)
    return ratio(ema(ema(moves, long), short), ema(ema(size, long), short), 1)


def trix(x: Column, n: int = 18) -> Column:
    smooth = ema(ema(ema(x, n), n), n)
    return each(lambda a, b: 100 * (a / b - 1), smooth, ago(smooth, 1))


def directional(b: Bars, n: int) -> tuple[Column, Column]:
    """(+DI, -DI) by Wilder."""
    up, down = change(b.high), each(lambda m: -m, change(b.low))
    plus = each(lambda u, d: u if u > d and u > 0 else 0.0, up, down)
    minus = each(lambda u, d: d if d > u and d > 0 else 0.0, up, down)
    reach = rma(true_range(b), n)
    return ratio(rma(plus, n), reach), ratio(rma(minus, n), reach)


def adx(b: Bars, n: int = 14) -> Column:
    plus, minus = directional(b, n)
    return rma(each(lambda p, m: 100 * abs(p - m) / (p + m), plus, minus), n)


def aroon_up(b: Bars, n: int = 14) -> Column:
    return each(lambda bars: 100 * (n + bars) / n, highestbars(b.high, n + 1))


def aroon_down(b: Bars, n: int = 14) -> Column:
    return each(lambda bars: 100 * (n + bars) / n, lowestbars(b.low, n + 1))


def vortex(one: Column, other: Column, b: Bars, n: int = 14) -> Column:
    moves = total(each(lambda a, c: abs(a - c), one, ago(other, 1)), n)
    return ratio(moves, total(true_range(b), n), 1)


def chop(b: Bars, n: int = 14) -> Column:
    top, bottom = window(b.high, n, max), window(b.low, n, min)
    travelled = total(true_range(b), n)
    return each(
        lambda s, t, lo: 100 * math.log10(s / (t - lo)) / math.log10(n), travelled, top, bottom
    )


def cmf(b: Bars, n: int = 20) -> Column:
    def flow(h: float, lo: float, c: float, v: float) -> float:
        return ((c - lo) - (h - c)) / (h - lo) * v if h != lo else 0.0

    return ratio(total(each(flow, b.high, b.low, b.close, b.volume), n), total(b.volume, n), 1)


def pivot(x: Column, left: int, right: int) -> Column:
    out: Column = []
    for i in range(len(x)):
        middle = i - right
        if middle - left < 0:
            out.append(None)
            continue
        around = [v for v in x[middle - left : i + 1] if v is not None]
        out.append(x[middle] if x[middle] == max(around) else None)
    return out


def negated(x: Column) -> Column:
    return each(lambda v: -v, x)


def crossings(a: Column, b: Column) -> tuple[Column, Column]:
    """(over, under) as 1 and 0."""
    over: Column = [0.0]
    under: Column = [0.0]
    for i in range(1, len(a)):
        now, then = (a[i], b[i]), (a[i - 1], b[i - 1])
        if None in now or None in then:
            over.append(0.0)
            under.append(0.0)
            continue
        over.append(float(now[0] > now[1] and then[0] <= then[1]))  # type: ignore[operator]
        under.append(float(now[0] < now[1] and then[0] >= then[1]))  # type: ignore[operator]
    return over, under


def barssince(when: list[bool], most: int) -> Column:
    out: Column = []
    for i in range(len(when)):
        ago_ = [k for k in range(most + 1) if i - k >= 0 and when[i - k]]
        out.append(float(min(ago_)) if ago_ else None)
    return out


def valuewhen(when: list[bool], x: Column, occurrence: int, most: int) -> Column:
    out: Column = []
    for i in range(len(when)):
        places = [k for k in range(i + 1) if when[k]]
        if len(places) <= occurrence or i - places[-1 - occurrence] > most:
            out.append(None)
        else:
            out.append(x[places[-1 - occurrence]])
    return out


def latch(on: list[bool], off: list[bool], most: int) -> Column:
    out: Column = []
    left = -1
    for set_now, reset_now in zip(on, off, strict=True):
        left -= 1
        if set_now:
            left = most
        if reset_now:
            left = -1
        out.append(float(left >= 0))
    return out
