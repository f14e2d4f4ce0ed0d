"""Published formulas in plain Python over lists, slow and obvious: averages, windows, numbers.

None stands for na. They share nothing with the language but the candles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Column = list[float | None]
Known = Sequence[float]


def window(x: Column, n: int, of: Callable[[Known], float | None]) -> Column:
    """`of` the last n values, na while one of them is."""
    out: Column = []
    for i in range(len(x)):
        part = x[max(0, i - n + 1) : i + 1]
        known = [v for v in part if v is not None]
        out.append(of(known) if len(known) == n else None)
    return out


def each(of: Callable[..., float | None], *columns: Column) -> Column:
    """Bar by bar, na if one of the values is or if the result is none."""
    out: Column = []
    for row in zip(*columns, strict=True):
        if any(v is None for v in row):
            out.append(None)
            continue
        try:
            result = of(*row)
        except (ZeroDivisionError, ValueError, OverflowError):
            result = None
        out.append(result)
    return out


def ago(x: Column, n: int) -> Column:
    return [x[i - n] if i >= n else None for i in range(len(x))]


def mean(v: Known) -> float:
    return math.fsum(v) / len(v)


def variance(v: Known) -> float:
    middle = mean(v)
    return math.fsum((a - middle) ** 2 for a in v) / len(v)


def sma(x: Column, n: int) -> Column:
    return window(x, n, mean)


def wma(x: Column, n: int) -> Column:
    def weighted(v: Known) -> float:
        return math.fsum((k + 1) * a for k, a in enumerate(v)) / (n * (n + 1) / 2)

    return window(x, n, weighted)


def fading(x: Column, n: int, alpha: float) -> Column:
    """Seeded by the mean of the first n known values; na is skipped."""
    out: Column = []
    seen: list[float] = []
    level: float | None = None
    for v in x:
        if v is None:
            out.append(None)
            continue
        seen.append(v)
        if level is not None:
            level += alpha * (v - level)
        elif len(seen) == n:
            level = mean(seen)
        out.append(level)
    return out


def ema(x: Column, n: int) -> Column:
    return fading(x, n, 2 / (n + 1))


def rma(x: Column, n: int) -> Column:
    return fading(x, n, 1 / n)


def dema(x: Column, n: int) -> Column:
    return each(lambda a, b: 2 * a - b, ema(x, n), ema(ema(x, n), n))


def tema(x: Column, n: int) -> Column:
    once = ema(x, n)
    twice = ema(once, n)
    return each(lambda a, b, c: 3 * a - 3 * b + c, once, twice, ema(twice, n))


def hma(x: Column, n: int) -> Column:
    raw = each(lambda a, b: 2 * a - b, wma(x, max(n // 2, 1)), wma(x, n))
    return wma(raw, max(math.isqrt(n), 1))


def zlema(x: Column, n: int) -> Column:
    return ema(each(lambda a, b: 2 * a - b, x, ago(x, (n - 1) // 2)), n)


def t3(x: Column, n: int = 5, v: float = 0.7) -> Column:
    chain = [x]
    for _ in range(6):
        chain.append(ema(chain[-1], n))
    c1, c2 = -(v**3), 3 * v**2 + 3 * v**3
    c3, c4 = -6 * v**2 - 3 * v - 3 * v**3, 1 + 3 * v + v**3 + 3 * v**2
    return each(
        lambda e6, e5, e4, e3: c1 * e6 + c2 * e5 + c3 * e4 + c4 * e3,
        chain[6],
        chain[5],
        chain[4],
        chain[3],
    )


def kama(x: Column, n: int = 10) -> Column:
    values = [v for v in x if v is not None]
    out: Column = [None] * n
    level = values[n - 1]
    for i in range(n, len(values)):
        path = math.fsum(abs(values[k] - values[k - 1]) for k in range(i - n + 1, i + 1))
        efficiency = abs(values[i] - values[i - n]) / path if path else 1.0
        alpha = (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2
        level += alpha * (values[i] - level)
        out.append(level)
    return out


def alma(x: Column, n: int = 9, offset: float = 0.85, sigma: float = 6) -> Column:
    middle, width = offset * (n - 1), n / sigma
    weights = [math.exp(-((k - middle) ** 2) / (2 * width**2)) for k in range(n)]
    return window(
        x, n, lambda v: math.fsum(w * a for w, a in zip(weights, v, strict=True)) / sum(weights)
    )


def vwma(x: Column, volume: Column, n: int) -> Column:
    money = window(each(lambda a, b: a * b, x, volume), n, math.fsum)
    return each(lambda a, b: a / b, money, window(volume, n, math.fsum))


def highestbars(x: Column, n: int) -> Column:
    def bars(v: Known) -> float:
        top = max(v)
        return max(k for k, a in enumerate(v) if a == top) - (n - 1)

    return window(x, n, bars)


def lowestbars(x: Column, n: int) -> Column:
    return highestbars(each(lambda a: -a, x), n)


def stdev(x: Column, n: int) -> Column:
    return window(x, n, lambda v: math.sqrt(variance(v)))


def zscore(x: Column, n: int = 20) -> Column:
    return each(lambda a, m, s: (a - m) / s, x, sma(x, n), stdev(x, n))


def line(v: Known) -> tuple[float, float]:
    """(slope, value at the last point) of the least-squares line."""
    n = len(v)
    xs = range(n)
    mx, my = mean(list(xs)), mean(v)
    slope = math.fsum((a - mx) * (b - my) for a, b in zip(xs, v, strict=True)) / math.fsum(
        (a - mx) ** 2 for a in xs
    )
    return slope, my + slope * (n - 1 - mx)


def slope(x: Column, n: int = 14) -> Column:
    return window(x, n, lambda v: line(v)[0])


def linreg(x: Column, n: int = 14, offset: float = 0) -> Column:
    return window(x, n, lambda v: line(v)[1] - offset * line(v)[0])


def correlation(x: Column, y: Column, n: int = 20) -> Column:
    out: Column = []
    for i in range(len(x)):
        a = [v for v in x[max(0, i - n + 1) : i + 1] if v is not None]
        b = [v for v in y[max(0, i - n + 1) : i + 1] if v is not None]
        if len(a) < n or len(b) < n:
            out.append(None)
            continue
        ma, mb = mean(a), mean(b)
        both = math.fsum((p - ma) * (q - mb) for p, q in zip(a, b, strict=True)) / n
        spread = math.sqrt(variance(a) * variance(b))
        out.append(both / spread if spread else None)
    return out


def rising(x: Column, n: int) -> Column:
    return each(lambda a, top: float(a > top), x, ago(window(x, n, max), 1))


def falling(x: Column, n: int) -> Column:
    return each(lambda a, low: float(a < low), x, ago(window(x, n, min), 1))
