"""Each function of the table: an expression, and what its published formula says on candles."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from domain.market.candles import Candles
from tests.strategies import paper_basics as basics
from tests.strategies import paper_indicators as paper
from tests.strategies import paper_lines as lines
from tests.strategies.paper_basics import Column, each
from tests.strategies.paper_indicators import Bars

IS_UP, IS_DOWN = "close > close[1] * 1.006", "close < close[1] * 0.994"
SPARSE = "log(close - open)"


def band(close: Column, k: float) -> Column:
    return each(lambda m, s: m + k * s, basics.sma(close, 20), basics.stdev(close, 20))


def channel(bars: Bars, k: float) -> Column:
    return each(lambda m, a: m + k * a, basics.ema(bars.close, 20), paper.atr(bars, 10))


def moves(close: Column, than: float) -> list[bool]:
    """Where the close rose by more than a factor above 1, or fell by more than one below."""
    ratios = [1.0, *(b / a for a, b in pairwise(close) if a and b)]
    return [ratio > than if than > 1 else ratio < than for ratio in ratios]


def formulas(candles: Candles) -> dict[str, tuple[str, Callable[[], Column]]]:
    """Function -> (an expression with it, the column that its formula gives)."""
    bars = Bars.of(candles)
    close, high, low, volume = bars.close, bars.high, bars.low, bars.volume
    times = candles.time.tolist()
    up, down = moves(close, 1.006), moves(close, 0.994)
    middle = basics.sma(close, 10)
    sparse = each(lambda c, o: math.log(c - o), close, bars.open)
    tens = each(lambda c: 10 * math.floor(c / 10 + 0.5), close)
    return {
        "sma": ("sma(close, 10)", lambda: basics.sma(close, 10)),
        "wma": ("wma(close, 10)", lambda: basics.wma(close, 10)),
        "vwma": ("vwma(close, 10)", lambda: basics.vwma(close, volume, 10)),
        "ema": ("ema(close, 10)", lambda: basics.ema(close, 10)),
        "rma": ("rma(close, 10)", lambda: basics.rma(close, 10)),
        "dema": ("dema(close, 10)", lambda: basics.dema(close, 10)),
        "tema": ("tema(close, 10)", lambda: basics.tema(close, 10)),
        "hma": ("hma(close, 17)", lambda: basics.hma(close, 17)),
        "zlema": ("zlema(close, 12)", lambda: basics.zlema(close, 12)),
        "t3": ("t3(close)", lambda: basics.t3(close)),
        "kama": ("kama(close)", lambda: basics.kama(close)),
        "alma": ("alma(close)", lambda: basics.alma(close)),
        "highest": ("highest(high, 9)", lambda: basics.window(high, 9, max)),
        "lowest": ("lowest(low, 9)", lambda: basics.window(low, 9, min)),
        "highestbars": ("highestbars(high, 9)", lambda: basics.highestbars(high, 9)),
        "lowestbars": ("lowestbars(low, 9)", lambda: basics.lowestbars(low, 9)),
        "sum": ("sum(volume, 9)", lambda: basics.window(volume, 9, math.fsum)),
        "count": (
            f"count({IS_UP}, 9)",
            lambda: basics.window([float(v) for v in up], 9, math.fsum),
        ),
        "variance": ("variance(close, 9)", lambda: basics.window(close, 9, basics.variance)),
        "stdev": ("stdev(close, 9)", lambda: basics.stdev(close, 9)),
        "zscore": ("zscore(close)", lambda: basics.zscore(close)),
        "correlation": ("correlation(close, volume)", lambda: basics.correlation(close, volume)),
        "slope": ("slope(close)", lambda: basics.slope(close)),
        "linreg": ("linreg(close, 10, 2)", lambda: basics.linreg(close, 10, 2)),
        "change": ("change(close, 3)", lambda: paper.change(close, 3)),
        "rising": ("rising(close, 3)", lambda: basics.rising(close, 3)),
        "falling": ("falling(close, 3)", lambda: basics.falling(close, 3)),
        "rsi": ("rsi(close, 14)", lambda: paper.rsi(close)),
        "stoch": ("stoch(14, 3)", lambda: paper.stoch(bars, 14, 3)),
        "stoch_d": ("stoch_d()", lambda: basics.sma(paper.stoch(bars), 3)),
        "stochrsi_k": ("stochrsi_k()", lambda: paper.stochrsi_k(close)),
        "stochrsi_d": ("stochrsi_d()", lambda: basics.sma(paper.stochrsi_k(close), 3)),
        "macd": ("macd()", lambda: paper.macd(close)),
        "macd_signal": ("macd_signal()", lambda: basics.ema(paper.macd(close), 9)),
        "macd_hist": ("macd_hist()", lambda: paper.macd_hist(close)),
        "ppo": ("ppo()", lambda: paper.ratio(paper.macd(close), basics.ema(close, 26))),
        "mom": ("mom()", lambda: paper.change(close, 10)),
        "roc": ("roc()", lambda: paper.ratio(paper.change(close, 9), basics.ago(close, 9))),
        "cmo": ("cmo()", lambda: paper.cmo(close)),
        "willr": ("willr()", lambda: paper.willr(bars)),
        "cci": ("cci()", lambda: paper.cci(bars)),
        "mfi": ("mfi()", lambda: paper.mfi(bars)),
        "ultosc": ("ultosc()", lambda: paper.ultosc(bars)),
        "tsi": ("tsi()", lambda: paper.tsi(close)),
        "trix": ("trix()", lambda: paper.trix(close)),
        "ao": (
            "ao()",
            lambda: each(lambda a, b: a - b, basics.sma(bars.mid(), 5), basics.sma(bars.mid(), 34)),
        ),
        "tr": ("tr()", lambda: paper.true_range(bars)),
        "atr": ("atr()", lambda: paper.atr(bars)),
        "natr": ("natr()", lambda: paper.ratio(paper.atr(bars), close)),
        "bb_middle": ("bb_middle()", lambda: basics.sma(close, 20)),
        "bb_upper": ("bb_upper()", lambda: band(close, 2)),
        "bb_lower": ("bb_lower()", lambda: band(close, -2)),
        "bb_width": (
            "bb_width()",
            lambda: each(lambda s, m: 4 * s / m, basics.stdev(close, 20), basics.sma(close, 20)),
        ),
        "bb_percent": (
            "bb_percent()",
            lambda: each(
                lambda c, lo, up: (c - lo) / (up - lo), close, band(close, -2), band(close, 2)
            ),
        ),
        "keltner_middle": ("keltner_middle()", lambda: basics.ema(close, 20)),
        "keltner_upper": ("keltner_upper()", lambda: channel(bars, 2)),
        "keltner_lower": ("keltner_lower()", lambda: channel(bars, -2)),
        "donchian_upper": ("donchian_upper()", lambda: basics.window(high, 20, max)),
        "donchian_lower": ("donchian_lower()", lambda: basics.window(low, 20, min)),
        "donchian_middle": (
            "donchian_middle()",
            lambda: each(
                lambda a, b: (a + b) / 2, basics.window(high, 20, max), basics.window(low, 20, min)
            ),
        ),
        "plus_di": ("plus_di()", lambda: paper.directional(bars, 14)[0]),
        "minus_di": ("minus_di()", lambda: paper.directional(bars, 14)[1]),
        "adx": ("adx()", lambda: paper.adx(bars)),
        "aroon_up": ("aroon_up()", lambda: paper.aroon_up(bars)),
        "aroon_down": ("aroon_down()", lambda: paper.aroon_down(bars)),
        "vortex_plus": ("vortex_plus()", lambda: paper.vortex(high, low, bars)),
        "vortex_minus": ("vortex_minus()", lambda: paper.vortex(low, high, bars)),
        "chop": ("chop()", lambda: paper.chop(bars)),
        "cmf": ("cmf()", lambda: paper.cmf(bars)),
        "smooth": (
            "smooth(close, abs(close - open) / (high - low))",
            lambda: lines.smooth(
                close, each(lambda c, o, h, lo: abs(c - o) / (h - lo), close, bars.open, high, low)
            ),
        ),
        "fisher": ("fisher()", lambda: lines.fisher(bars)),
        "supertrend": ("supertrend()", lambda: lines.supertrend(bars)[0]),
        "supertrend_dir": ("supertrend_dir(7, 1.5)", lambda: lines.supertrend(bars, 7, 1.5)[1]),
        "psar": ("psar()", lambda: lines.psar(bars)),
        "ratchet": (
            "ratchet(low * 0.99, high * 1.01)",
            lambda: lines.ratchet(
                each(lambda lo: lo * 0.99, low), each(lambda h: h * 1.01, high), close
            ),
        ),
        "obv": ("change(obv(), 5)", lambda: paper.change(lines.obv(bars), 5)),
        "ad": ("change(ad(), 5)", lambda: paper.change(lines.ad(bars), 5)),
        "vwap": (
            "vwap()",
            lambda: paper.ratio(
                lines.cum(times, each(lambda p, v: p * v, bars.typical(), volume), "1d"),
                lines.cum(times, volume, "1d"),
                1,
            ),
        ),
        "cum": ('cum(volume, "1h")', lambda: lines.cum(times, volume, "1h")),
        "new_period": (
            'new_period("1d")',
            lambda: [float(v) for v in lines.new_period(times, "1d")],
        ),
        "ha_open": ("ha_open()", lambda: lines.heikin_ashi(bars, bars.open)[0]),
        "ha_high": ("ha_high()", lambda: lines.heikin_ashi(bars, bars.open)[1]),
        "ha_low": ("ha_low()", lambda: lines.heikin_ashi(bars, bars.open)[2]),
        "ha_close": ("ha_close()", lambda: lines.heikin_ashi(bars, bars.open)[3]),
        "ichimoku_conv": ("ichimoku_conv()", lambda: lines.middle(bars, 9)),
        "ichimoku_base": ("ichimoku_base()", lambda: lines.middle(bars, 26)),
        "ichimoku_a": (
            "ichimoku_a()",
            lambda: basics.ago(
                each(lambda a, b: (a + b) / 2, lines.middle(bars, 9), lines.middle(bars, 26)), 25
            ),
        ),
        "ichimoku_b": ("ichimoku_b()", lambda: basics.ago(lines.middle(bars, 52), 25)),
        "pattern": ('pattern("engulfing")', lambda: lines.engulfing(bars.open, close)),
        "median": ("median(close, 8)", lambda: lines.percentile(close, 8, 50)),
        "percentile": ("percentile(close, 9, 30)", lambda: lines.percentile(close, 9, 30)),
        "percentrank": ("percentrank(close, 9)", lambda: lines.percentrank(close, 9)),
        "rank": ("rank(round(close, -1), 9)", lambda: lines.rank(tens, 9)),
        "crossover": (
            "crossover(close, sma(close, 10))",
            lambda: paper.crossings(close, middle)[0],
        ),
        "crossunder": (
            "crossunder(close, sma(close, 10))",
            lambda: paper.crossings(close, middle)[1],
        ),
        "cross": (
            "cross(close, sma(close, 10))",
            lambda: each(lambda a, b: max(a, b), *paper.crossings(close, middle)),
        ),
        "barssince": (f"barssince({IS_UP}, 6)", lambda: paper.barssince(up, 6)),
        "valuewhen": (f"valuewhen({IS_UP}, low, 1, 30)", lambda: paper.valuewhen(up, low, 1, 30)),
        "latch": (f"latch({IS_UP}, {IS_DOWN}, 8)", lambda: paper.latch(up, down, 8)),
        "last": (
            f"last({SPARSE}, 2)",
            lambda: paper.valuewhen([v is not None for v in sparse], sparse, 0, 2),
        ),
        "pivothigh": ("pivothigh(4, 3)", lambda: paper.pivot(high, 4, 3)),
        "pivotlow": (
            "pivotlow(4, 3)",
            lambda: paper.negated(paper.pivot(paper.negated(low), 4, 3)),
        ),
        "abs": ("abs(close - open)", lambda: each(lambda c, o: abs(c - o), close, bars.open)),
        "min": ("min(close, open, hl2)", lambda: each(min, close, bars.open, bars.mid())),
        "max": ("max(close, open, hl2)", lambda: each(max, close, bars.open, bars.mid())),
        "round": (
            "round(close, 1)",
            lambda: each(lambda c: math.floor(c * 10 + 0.5) / 10, close),
        ),
        "sqrt": (
            "sqrt(close - open)",
            lambda: each(lambda c, o: math.sqrt(c - o), close, bars.open),
        ),
        "log": ("log(close - open)", lambda: each(lambda c, o: math.log(c - o), close, bars.open)),
        "exp": ("exp(close / open)", lambda: each(lambda c, o: math.exp(c / o), close, bars.open)),
        "sign": (
            "sign(close - open)",
            lambda: each(lambda c, o: float(np.sign(c - o)), close, bars.open),
        ),
        "clip": (
            "clip(close - open, -2, 2)",
            lambda: each(lambda c, o: min(max(c - o, -2), 2), close, bars.open),
        ),
        "nz": (f"nz({SPARSE}, -1)", lambda: [-1.0 if v is None else v for v in sparse]),
        "na": (f"na({SPARSE})", lambda: [float(v is None) for v in sparse]),
    }
