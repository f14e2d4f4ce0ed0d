"""Each function against its published formula, written out in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import talib

from domain.market.candles import Candles, Floats
from domain.strategies.language.functions import FUNCTIONS, TABLE
from domain.strategies.language.nodes import Kind
from tests.strategies import paper_basics as basics
from tests.strategies import paper_indicators as paper
from tests.strategies import paper_lines as lines
from tests.strategies.paper_basics import Column, each
from tests.strategies.paper_indicators import Bars
from tests.strategies.samples import market, rules, same, value

CANDLES = market(300)
BARS = Bars.of(CANDLES)
C, H, L, V = BARS.close, BARS.high, BARS.low, BARS.volume
UP = [i > 0 and CANDLES.close[i] > CANDLES.close[i - 1] * 1.006 for i in range(len(C))]
DOWN = [i > 0 and CANDLES.close[i] < CANDLES.close[i - 1] * 0.994 for i in range(len(C))]
IS_UP, IS_DOWN = "close > close[1] * 1.006", "close < close[1] * 0.994"
SMA = basics.sma(C, 10)
TIMES = CANDLES.time.tolist()
TENS = each(lambda c: 10 * math.floor(c / 10 + 0.5), C)
SPARSE = "log(close - open)"
SPARSE_PAPER = each(lambda c, o: math.log(c - o), C, [None, *C[:-1]])

CASES: dict[str, tuple[str, Callable[[], Column]]] = {
    "sma": ("sma(close, 10)", lambda: basics.sma(C, 10)),
    "wma": ("wma(close, 10)", lambda: basics.wma(C, 10)),
    "vwma": ("vwma(close, 10)", lambda: basics.vwma(C, V, 10)),
    "ema": ("ema(close, 10)", lambda: basics.ema(C, 10)),
    "rma": ("rma(close, 10)", lambda: basics.rma(C, 10)),
    "dema": ("dema(close, 10)", lambda: basics.dema(C, 10)),
    "tema": ("tema(close, 10)", lambda: basics.tema(C, 10)),
    "hma": ("hma(close, 17)", lambda: basics.hma(C, 17)),
    "zlema": ("zlema(close, 12)", lambda: basics.zlema(C, 12)),
    "t3": ("t3(close)", lambda: basics.t3(C)),
    "kama": ("kama(close)", lambda: basics.kama(C)),
    "alma": ("alma(close)", lambda: basics.alma(C)),
    "highest": ("highest(high, 9)", lambda: basics.window(H, 9, max)),
    "lowest": ("lowest(low, 9)", lambda: basics.window(L, 9, min)),
    "highestbars": ("highestbars(high, 9)", lambda: basics.highestbars(H, 9)),
    "lowestbars": ("lowestbars(low, 9)", lambda: basics.lowestbars(L, 9)),
    "sum": ("sum(volume, 9)", lambda: basics.window(V, 9, math.fsum)),
    "count": (
        f"count({IS_UP}, 9)",
        lambda: basics.window([float(v) for v in UP], 9, math.fsum),
    ),
    "variance": ("variance(close, 9)", lambda: basics.window(C, 9, basics.variance)),
    "stdev": ("stdev(close, 9)", lambda: basics.stdev(C, 9)),
    "zscore": ("zscore(close)", lambda: basics.zscore(C)),
    "correlation": ("correlation(close, volume)", lambda: basics.correlation(C, V)),
    "slope": ("slope(close)", lambda: basics.slope(C)),
    "linreg": ("linreg(close, 10, 2)", lambda: basics.linreg(C, 10, 2)),
    "change": ("change(close, 3)", lambda: paper.change(C, 3)),
    "rising": ("rising(close, 3)", lambda: basics.rising(C, 3)),
    "falling": ("falling(close, 3)", lambda: basics.falling(C, 3)),
    "rsi": ("rsi(close, 14)", lambda: paper.rsi(C)),
    "stoch": ("stoch(14, 3)", lambda: paper.stoch(BARS, 14, 3)),
    "stoch_d": ("stoch_d()", lambda: basics.sma(paper.stoch(BARS), 3)),
    "stochrsi_k": ("stochrsi_k()", lambda: paper.stochrsi_k(C)),
    "stochrsi_d": ("stochrsi_d()", lambda: basics.sma(paper.stochrsi_k(C), 3)),
    "macd": ("macd()", lambda: paper.macd(C)),
    "macd_signal": ("macd_signal()", lambda: basics.ema(paper.macd(C), 9)),
    "macd_hist": ("macd_hist()", lambda: paper.macd_hist(C)),
    "ppo": ("ppo()", lambda: paper.ratio(paper.macd(C), basics.ema(C, 26))),
    "mom": ("mom()", lambda: paper.change(C, 10)),
    "roc": ("roc()", lambda: paper.ratio(paper.change(C, 9), basics.ago(C, 9))),
    "cmo": ("cmo()", lambda: paper.cmo(C)),
    "willr": ("willr()", lambda: paper.willr(BARS)),
    "cci": ("cci()", lambda: paper.cci(BARS)),
    "mfi": ("mfi()", lambda: paper.mfi(BARS)),
    "ultosc": ("ultosc()", lambda: paper.ultosc(BARS)),
    "tsi": ("tsi()", lambda: paper.tsi(C)),
    "trix": ("trix()", lambda: paper.trix(C)),
    "ao": (
        "ao()",
        lambda: each(lambda a, b: a - b, basics.sma(BARS.mid(), 5), basics.sma(BARS.mid(), 34)),
    ),
    "tr": ("tr()", lambda: paper.true_range(BARS)),
    "atr": ("atr()", lambda: paper.atr(BARS)),
    "natr": ("natr()", lambda: paper.ratio(paper.atr(BARS), C)),
    "bb_middle": ("bb_middle()", lambda: basics.sma(C, 20)),
    "bb_upper": ("bb_upper()", lambda: band(2)),
    "bb_lower": ("bb_lower()", lambda: band(-2)),
    "bb_width": (
        "bb_width()",
        lambda: each(lambda s, m: 4 * s / m, basics.stdev(C, 20), basics.sma(C, 20)),
    ),
    "bb_percent": (
        "bb_percent()",
        lambda: each(lambda c, lo, up: (c - lo) / (up - lo), C, band(-2), band(2)),
    ),
    "keltner_middle": ("keltner_middle()", lambda: basics.ema(C, 20)),
    "keltner_upper": ("keltner_upper()", lambda: channel(2)),
    "keltner_lower": ("keltner_lower()", lambda: channel(-2)),
    "donchian_upper": ("donchian_upper()", lambda: basics.window(H, 20, max)),
    "donchian_lower": ("donchian_lower()", lambda: basics.window(L, 20, min)),
    "donchian_middle": (
        "donchian_middle()",
        lambda: each(
            lambda a, b: (a + b) / 2, basics.window(H, 20, max), basics.window(L, 20, min)
        ),
    ),
    "plus_di": ("plus_di()", lambda: paper.directional(BARS, 14)[0]),
    "minus_di": ("minus_di()", lambda: paper.directional(BARS, 14)[1]),
    "adx": ("adx()", lambda: paper.adx(BARS)),
    "aroon_up": ("aroon_up()", lambda: paper.aroon_up(BARS)),
    "aroon_down": ("aroon_down()", lambda: paper.aroon_down(BARS)),
    "vortex_plus": ("vortex_plus()", lambda: paper.vortex(H, L, BARS)),
    "vortex_minus": ("vortex_minus()", lambda: paper.vortex(L, H, BARS)),
    "chop": ("chop()", lambda: paper.chop(BARS)),
    "cmf": ("cmf()", lambda: paper.cmf(BARS)),
    "smooth": (
        "smooth(close, abs(close - open) / (high - low))",
        lambda: lines.smooth(C, each(lambda c, o, h, lo: abs(c - o) / (h - lo), C, opens(), H, L)),
    ),
    "fisher": ("fisher()", lambda: lines.fisher(BARS)),
    "supertrend": ("supertrend()", lambda: lines.supertrend(BARS)[0]),
    "supertrend_dir": ("supertrend_dir(7, 1.5)", lambda: lines.supertrend(BARS, 7, 1.5)[1]),
    "psar": ("psar()", lambda: lines.psar(BARS)),
    "ratchet": (
        "ratchet(low * 0.99, high * 1.01)",
        lambda: lines.ratchet(each(lambda lo: lo * 0.99, L), each(lambda h: h * 1.01, H), C),
    ),
    "obv": ("change(obv(), 5)", lambda: paper.change(lines.obv(BARS), 5)),
    "ad": ("change(ad(), 5)", lambda: paper.change(lines.ad(BARS), 5)),
    "vwap": (
        "vwap()",
        lambda: paper.ratio(
            lines.cum(TIMES, each(lambda p, v: p * v, BARS.typical(), V), "1d"),
            lines.cum(TIMES, V, "1d"),
            1,
        ),
    ),
    "cum": ('cum(volume, "1h")', lambda: lines.cum(TIMES, V, "1h")),
    "new_period": (
        'new_period("1d")',
        lambda: [float(v) for v in lines.new_period(TIMES, "1d")],
    ),
    "ha_open": ("ha_open()", lambda: lines.heikin_ashi(BARS, opens())[0]),
    "ha_high": ("ha_high()", lambda: lines.heikin_ashi(BARS, opens())[1]),
    "ha_low": ("ha_low()", lambda: lines.heikin_ashi(BARS, opens())[2]),
    "ha_close": ("ha_close()", lambda: lines.heikin_ashi(BARS, opens())[3]),
    "ichimoku_conv": ("ichimoku_conv()", lambda: lines.middle(BARS, 9)),
    "ichimoku_base": ("ichimoku_base()", lambda: lines.middle(BARS, 26)),
    "ichimoku_a": (
        "ichimoku_a()",
        lambda: basics.ago(
            each(lambda a, b: (a + b) / 2, lines.middle(BARS, 9), lines.middle(BARS, 26)), 25
        ),
    ),
    "ichimoku_b": ("ichimoku_b()", lambda: basics.ago(lines.middle(BARS, 52), 25)),
    "pattern": ('pattern("engulfing")', lambda: lines.engulfing(opens(), C)),
    "median": ("median(close, 8)", lambda: lines.percentile(C, 8, 50)),
    "percentile": ("percentile(close, 9, 30)", lambda: lines.percentile(C, 9, 30)),
    "percentrank": ("percentrank(close, 9)", lambda: lines.percentrank(C, 9)),
    "rank": ("rank(round(close, -1), 9)", lambda: lines.rank(TENS, 9)),
    "crossover": ("crossover(close, sma(close, 10))", lambda: paper.crossings(C, SMA)[0]),
    "crossunder": ("crossunder(close, sma(close, 10))", lambda: paper.crossings(C, SMA)[1]),
    "cross": (
        "cross(close, sma(close, 10))",
        lambda: each(lambda a, b: max(a, b), *paper.crossings(C, SMA)),
    ),
    "barssince": (f"barssince({IS_UP}, 6)", lambda: paper.barssince(UP, 6)),
    "valuewhen": (f"valuewhen({IS_UP}, low, 1, 30)", lambda: paper.valuewhen(UP, L, 1, 30)),
    "latch": (f"latch({IS_UP}, {IS_DOWN}, 8)", lambda: paper.latch(UP, DOWN, 8)),
    "last": (
        f"last({SPARSE}, 2)",
        lambda: paper.valuewhen([v is not None for v in SPARSE_PAPER], SPARSE_PAPER, 0, 2),
    ),
    "pivothigh": ("pivothigh(4, 3)", lambda: paper.pivot(H, 4, 3)),
    "pivotlow": (
        "pivotlow(4, 3)",
        lambda: paper.negated(paper.pivot(paper.negated(L), 4, 3)),
    ),
    "abs": ("abs(close - open)", lambda: each(lambda c, o: abs(c - o), C, opens())),
    "min": ("min(close, open, hl2)", lambda: each(min, C, opens(), BARS.mid())),
    "max": ("max(close, open, hl2)", lambda: each(max, C, opens(), BARS.mid())),
    "round": (
        "round(close, 1)",
        lambda: each(lambda c: math.floor(c * 10 + 0.5) / 10, C),
    ),
    "sqrt": ("sqrt(close - open)", lambda: each(lambda c, o: math.sqrt(c - o), C, opens())),
    "log": ("log(close - open)", lambda: each(lambda c, o: math.log(c - o), C, opens())),
    "exp": ("exp(close / open)", lambda: each(lambda c, o: math.exp(c / o), C, opens())),
    "sign": ("sign(close - open)", lambda: each(lambda c, o: float(np.sign(c - o)), C, opens())),
    "clip": (
        "clip(close - open, -2, 2)",
        lambda: each(lambda c, o: min(max(c - o, -2), 2), C, opens()),
    ),
    "nz": (f"nz({SPARSE}, -1)", lambda: [-1.0 if v is None else v for v in SPARSE_PAPER]),
    "na": (f"na({SPARSE})", lambda: [float(v is None) for v in SPARSE_PAPER]),
}

SOMETIMES_NA = {"valuewhen", "last", "pivothigh", "pivotlow", "log", "sqrt", "barssince", "nz"}
SOMETIMES_NA |= {"count"}  # what it counts is False, not na, before its own lookback
SOMETIMES_NA |= {"smooth"}  # how far back it reads is in the data
SEEDED = {"ha_open", "ha_high", "ha_low"}  # the formula's first value is another: it fades


def is_condition(name: str) -> bool:
    return TABLE[name].returns is Kind.CONDITION


def opens() -> Column:
    return [C[0], *C[:-1]]


def band(k: float) -> Column:
    return each(lambda m, s: m + k * s, basics.sma(C, 20), basics.stdev(C, 20))


def channel(k: float) -> Column:
    return each(lambda m, a: m + k * a, basics.ema(C, 20), paper.atr(BARS, 10))


def test_every_function_of_the_table_has_its_formula_here() -> None:
    assert set(CASES) == {function.name for function in FUNCTIONS}


@pytest.mark.parametrize("name", CASES)
def test_a_function_equals_its_published_formula(name: str) -> None:
    expression, formula = CASES[name]
    bound = rules(f"asked = {expression}", "buy = True")
    expected = [math.nan if v is None else float(v) for v in formula()]
    found = value(expression, CANDLES)
    first = bound.memory if name in SEEDED else bound.lookback
    assert same(found[first:], expected[first:])
    assert np.isfinite(expected[first:]).any()


@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in SOMETIMES_NA and not is_condition(name)]
)
def test_a_number_is_na_until_its_lookback_and_known_from_then_on(name: str) -> None:
    bound = rules(f"asked = {CASES[name][0]}", "buy = True")
    found = value(CASES[name][0], CANDLES)
    assert np.isnan(found[: bound.lookback]).all()
    assert not np.isnan(found[bound.lookback :]).any()


@pytest.mark.parametrize(
    ("expression", "theirs"),
    [
        ("sma(close, 20)", lambda c: talib.SMA(c.close, 20)),
        ("wma(close, 20)", lambda c: talib.WMA(c.close, 20)),
        ("ema(close, 20)", lambda c: talib.EMA(c.close, 20)),
        ("dema(close, 20)", lambda c: talib.DEMA(c.close, 20)),
        ("tema(close, 20)", lambda c: talib.TEMA(c.close, 20)),
        ("hma(close, 16)", lambda c: talib.HMA(c.close, 16)),
        ("rsi(close, 14)", lambda c: talib.RSI(c.close, 14)),
        ("cci(20)", lambda c: talib.CCI(c.high, c.low, c.close, 20)),
        ("willr(14)", lambda c: talib.WILLR(c.high, c.low, c.close, 14)),
        ("mfi(14)", lambda c: talib.MFI(c.high, c.low, c.close, c.volume, 14)),
        ("ultosc()", lambda c: talib.ULTOSC(c.high, c.low, c.close, 7, 14, 28)),
        ("bb_upper(close, 20, 2)", lambda c: talib.BBANDS(c.close, 20, 2.0, 2.0)[0]),
        ("linreg(close, 14)", lambda c: talib.LINEARREG(c.close, 14)),
        ("slope(close, 14)", lambda c: talib.LINEARREG_SLOPE(c.close, 14)),
        ("tr()", lambda c: talib.TRANGE(c.high, c.low, c.close)),
        ("stoch(14)", lambda c: talib.STOCHF(c.high, c.low, c.close, 14, 3)[0]),
    ],
)
def test_ta_lib_agrees(expression: str, theirs: Callable[[Candles], Floats]) -> None:
    ours, other = value(expression, CANDLES), theirs(CANDLES)
    assert same(ours[60:], other[60:])


@pytest.mark.parametrize("name", [entry.name for entry in FUNCTIONS])
def test_a_function_is_described_in_both_languages(name: str) -> None:
    entry = TABLE[name]
    assert entry.about.endswith(".")
    assert entry.about_ko.endswith(".")
    assert entry.signature.startswith(f"{name}(")
    assert bool(entry.kernel) != bool(entry.formula)


@pytest.mark.parametrize("name", CASES)
def test_a_function_yields_the_kind_that_its_entry_says(name: str) -> None:
    node = rules(f"asked = {CASES[name][0]}", "buy = True").program.checked.names["asked"]
    assert node.kind is TABLE[name].returns
    assert node.body is None or node.body.kind is node.kind
