"""What is refused, where, in which words, and with what advice."""

from __future__ import annotations

import pytest

from domain.market.timeframes import TIMEFRAMES
from domain.strategies.language import RuleErrors, compile_rules
from domain.strategies.language.errors import CODES, MAX_ERRORS
from domain.strategies.language.special import NESTED
from tests.strategies.samples import refusals

ENTRY = "buy = close > open"

# program, code, line, column, offending text, suggestion
TABLE: list[tuple[str, str, int, int, str, str | None]] = [
    ("buy = emma(close, 9) > 1", "unknown_function", 1, 7, "emma", "ema"),
    ("buy = RSI(close) > 1", "unknown_function", 1, 7, "RSI", "rsi"),
    ("n = parm(14)\nbuy = rsi(close, n) > 1", "unknown_function", 1, 5, "parm", "param"),
    ("buy = zzzzz(close) > 1", "unknown_function", 1, 7, "zzzzz", None),
    ("buy = _stoch(close, high, low, 3) > 1", "unknown_function", 1, 7, "_stoch", "stoch"),
    ("buy = clse > 1", "unknown_name", 1, 7, "clse", "close"),
    ("buy = true", "unknown_name", 1, 7, "true", "True"),
    ("speed = 3\nbuy = sped > 2", "unknown_name", 2, 7, "sped", "speed"),
    ("buy = a > 1\na = 2", "used_before", 1, 7, "a", None),
    ("buy = buy > 1", "used_before", 1, 7, "buy", None),
    ("buy = ema > 1", "function_without_brackets", 1, 7, "ema", "ema(x, n)"),
    ("buy = timeframe > 1", "function_without_brackets", 1, 7, "timeframe",
     'timeframe("4h", x)'),
    ("buy = tr > 1", "function_without_brackets", 1, 7, "tr", "tr()"),
    ("buy = timeframe(close > open)", "missing_argument", 1, 7, "timeframe(close > open)",
     'timeframe("4h", x)'),
    ("buy = timeframe(4, close > open)", "frame_needs_name", 1, 17, "4", 'timeframe("4h", x)'),
    ("buy = symbol(close, close > open)", "frame_needs_name", 1, 14, "close",
     'symbol("BTCUSDT", x)'),
    ("buy = timeframe('4H', close > open)", "unknown_timeframe", 1, 17, "'4H'", '"4h"'),
    ("buy = timeframe('7', close > open)", "unknown_timeframe", 1, 17, "'7'", '"4h"'),
    ("buy = symbol('btcusdt', close > open)", "bad_symbol", 1, 14, "'btcusdt'", '"BTCUSDT"'),
    ("buy = symbol('BTC/USDT', close > 1)", "bad_symbol", 1, 14, "'BTC/USDT'", '"BTCUSDT"'),
    ("buy = timeframe('1h', timeframe('4h', close > 1))", "frame_nested", 1, 23,
     "timeframe('4h', close > 1)", NESTED),
    ("buy = timeframe('1h', symbol('BTCUSDT', close > 1))", "frame_nested", 1, 23,
     "symbol('BTCUSDT', close > 1)", NESTED),
    ("buy = symbol('ETHUSDT', symbol('BTCUSDT', close > 1))", "frame_nested", 1, 25,
     "symbol('BTCUSDT', close > 1)", NESTED),
    ("a = timeframe('4h', close)\nbuy = timeframe('1d', a > 1)", "frame_nested", 2, 23, "a",
     NESTED),
    ("buy = " + " or ".join(f"symbol('S{i}USDT', close > 1)" for i in range(4)),
     "too_many_symbols", 1, 100, "symbol('S3USDT', close > 1)", None),
    ("buy = " + " or ".join(f"timeframe('{t}', close > 1)" for t in list(TIMEFRAMES)[:9]),
     "too_many_frames", 1, 249, "timeframe('6h', close > 1)", None),
    ("exit_long = timeframe('4h', profit) > 1", "position_inside", 1, 29, "profit", None),
    ("buy = close(3) > 1", "not_a_function", 1, 7, "close", "close"),
    ("a = 2\nbuy = a(3) > 1", "not_a_function", 2, 7, "a", "a"),
    ("buy = ema(close) > 1", "missing_argument", 1, 7, "ema(close)", "ema(x, n)"),
    ("buy = crossover(close)", "missing_argument", 1, 7, "crossover(close)", "crossover(a, b)"),
    ("buy = abs(close, 2) > 1", "too_many_arguments", 1, 18, "2", "abs(x)"),
    ("buy = ema(close, m=2) > 1", "unknown_argument", 1, 18, "m=2", "ema(x, n)"),
    ("buy = macd(close, fst=2) > 1", "unknown_argument", 1, 19, "fst=2", "fast"),
    ("buy = ema(close, 3, n=2) > 1", "repeated_argument", 1, 21, "n=2", None),
    ("buy = ema(close, n=3, n=2) > 1", "repeated_argument", 1, 23, "n=2", None),
    ("buy = ema(close, volume) > 1", "length_not_constant", 1, 18, "volume", None),
    ("buy = rsi(14) < 30", "argument_constant", 1, 11, "14", "rsi(x=close, n=14)"),
    ("n = param(20)\nbuy = bb_upper(n, 2) < close", "argument_constant", 2, 16, "n",
     "bb_upper(x=close, n=20, k=2)"),
    ("buy = timeframe('4h', mom(x=2 * 5)) > 0", "argument_constant", 1, 29, "2 * 5",
     "mom(x=close, n=10)"),
    ("buy = bb_upper(close, 20, volume) > 1", "argument_not_constant", 1, 27, "volume", None),
    ("buy = ema(close, 2.5) > 1", "length_not_whole", 1, 7, "ema(close, 2.5)", None),
    ("buy = ema(close, 0) > 1", "length_out_of_range", 1, 7, "ema(close, 0)", None),
    ("buy = ema(close, -3) > 1", "length_out_of_range", 1, 7, "ema(close, -3)", None),
    ("buy = ema(close, 5001) > 1", "length_out_of_range", 1, 7, "ema(close, 5001)", None),
    ("buy = slope(close, 1) > 1", "length_out_of_range", 1, 7, "slope(close, 1)", None),
    ("n = param(0)\nbuy = ema(close, n) > 1", "length_out_of_range", 2, 7, "ema(close, n)", None),
    ("buy = ema(close, 1 / 0) > 1", "argument_not_a_number", 1, 7, "ema(close, 1 / 0)", None),
    ("buy = alma(close, 9, log(0)) > 1", "argument_not_a_number", 1, 7,
     "alma(close, 9, log(0))", None),
    ("buy = close", "expected_condition", 1, 7, "close", "close > 0"),
    ("buy = not close", "expected_condition", 1, 11, "close", "close > 0"),
    ("buy = close and True", "expected_condition", 1, 7, "close", "close > 0"),
    ("buy = barssince(close) > 1", "expected_condition", 1, 17, "close", "close > 0"),
    ("buy = 1 > 2 if close else True", "expected_condition", 1, 16, "close", "close > 0"),
    ("a = (close > open) + 1\n" + ENTRY, "expected_number", 1, 6, "close > open",
     "1 if close > open else 0"),
    ("buy = True > 1", "expected_number", 1, 7, "True", "1 if True else 0"),
    ("buy = ema(close > open, 3) > 1", "expected_number", 1, 11, "close > open",
     "1 if close > open else 0"),
    ("stop_loss = True\n" + ENTRY, "expected_number", 1, 13, "True", "1 if True else 0"),
    ("plot(close > ema(close, 200) + 1)\n" + ENTRY, "expected_number", 1, 6,
     "close > ema(close, 200) + 1", "1 if x else 0"),
    ("a = 1 if close > open else True\n" + ENTRY, "different_kinds", 1, 5,
     "1 if close > open else True", None),
    ("buy = close[-1] > 1", "future_index", 1, 13, "-1", None),
    ("buy = close[1.5] > 1", "bad_index", 1, 13, "1.5", None),
    ("buy = close[True] > 1", "bad_index", 1, 13, "True", None),
    ("buy = close[volume] > 1", "bad_index", 1, 13, "volume", None),
    ("buy = close[5001] > 1", "bad_index", 1, 13, "5001", None),
    ("n = 2\nbuy = close[n] > 1", "bad_index", 2, 13, "n", None),
    ("buy = 'up'", "string_not_allowed", 1, 7, "'up'", None),
    ("buy = vwap('1dd') > 1", "unknown_text", 1, 12, "'1dd'", '"1d"'),
    ("buy = vwap('monthly') > 1", "unknown_text", 1, 12, "'monthly'", '"1d"'),
    ("buy = pattern('hamer') > 0", "unknown_text", 1, 15, "'hamer'", '"hammer"'),
    ("buy = pattern('zzzzz') > 0", "unknown_text", 1, 15, "'zzzzz'", None),
    ("buy = pattern(close) > 0", "expected_text", 1, 15, "close", '"2crows"'),
    ("buy = vwap(3) > 1", "expected_text", 1, 12, "3", '"1h"'),
    ("buy = bar_index > 1", "bar_index_misplaced", 1, 7, "bar_index",
     "correlation(close, bar_index, 20)"),
    ("buy = slope(bar_index, 9) > 1", "bar_index_misplaced", 1, 13, "bar_index",
     "correlation(close, bar_index, 20)"),
    ("bar_index = 1\n" + ENTRY, "name_taken", 1, 1, "bar_index", "my_bar_index"),
    ("buy = obv() > 1000", "depends_on_start", 1, 7, "obv()", "obv() > ema(obv(), 20)"),
    ("a = ema(ad(), 9)\nbuy = a * 2 > a", "depends_on_start", 1, 9, "ad()",
     "ad() > ema(ad(), 20)"),
    ("buy = b'up'", "string_not_allowed", 1, 7, "b'up'", None),
    ("buy = 'a b'", "bad_string", 1, 7, "'a b'", None),
    ("buy = ...", "not_allowed", 1, 7, "...", None),
    ("buy = ta.ema(close, 9) > 1", "not_allowed", 1, 7, "ta.ema", "ema"),
    ("buy = close.__class__", "not_allowed", 1, 7, "close.__class__", None),
    ("buy = (1, 2)", "not_allowed", 1, 7, "(1, 2)", None),
    ("buy = [close]", "not_allowed", 1, 7, "[close]", None),
    ("buy = ema(*close)", "not_allowed", 1, 11, "*close", None),
    ("buy = ema(**close)", "not_allowed", 1, 13, "close", None),
    ("buy = ema(close, 3)(4)", "not_allowed", 1, 7, "ema(close, 3)(4)", None),
    ("for x in close", "not_allowed", 1, 1, "for", None),
    ("buy = close is open", "not_allowed", 1, 13, "is", "=="),
    ("buy = None", "not_allowed", 1, 7, "None", None),
    ("a += 1", "not_allowed", 1, 1, "a += 1", None),
    ("close", "nothing_done", 1, 1, "close", None),
    ("plt(close)", "nothing_done", 1, 1, "plt(close)", "plot"),
    ("ema(close, 3)", "nothing_done", 1, 1, "ema(close, 3)", None),
    ("x = close", "no_entry", 1, 1, "", "buy = crossover(ema(close, 12), ema(close, 26))"),
    ("exit_long = close > open", "no_entry", 1, 1, "",
     "buy = crossover(ema(close, 12), ema(close, 26))"),
    ("", "empty_program", 1, 1, "", "buy = crossover(ema(close, 12), ema(close, 26))"),
    ("  \n# only words\n", "empty_program", 1, 1, "",
     "buy = crossover(ema(close, 12), ema(close, 26))"),
    ("a, b = 1, 2", "one_name_only", 1, 1, "a, b = 1, 2", None),
    ("a = b = 1", "one_name_only", 1, 1, "a = b = 1", None),
    ("close[1] = 3", "one_name_only", 1, 1, "close[1] = 3", None),
    ("close = 3\n" + ENTRY, "name_taken", 1, 1, "close", "my_close"),
    ("symbol = 3\n" + ENTRY, "name_taken", 1, 1, "symbol", "my_symbol"),
    ("ema = 3\n" + ENTRY, "name_taken", 1, 1, "ema", "my_ema"),
    ("profit = 3\n" + ENTRY, "name_taken", 1, 1, "profit", "my_profit"),
    ("plot = 3\n" + ENTRY, "name_taken", 1, 1, "plot", "my_plot"),
    ("_a = 3\n" + ENTRY, "bad_name", 1, 1, "_a", None),
    (f"{'a' * 41} = 3\n" + ENTRY, "bad_name", 1, 1, "a" * 41, None),
    ("a = 1\na = 2\n" + ENTRY, "assigned_twice", 2, 1, "a", None),
    (ENTRY + "\nstoploss = 3", "output_misspelt", 2, 1, "stoploss", "stop_loss"),
    ("takeProfit = param(3)\n" + ENTRY, "output_misspelt", 1, 1, "takeProfit", "take_profit"),
    ("exit_lng = close < open\n" + ENTRY, "output_misspelt", 1, 1, "exit_lng", "exit_long"),
    ("sl = 2\n" + ENTRY, "output_misspelt", 1, 1, "sl", "stop_loss"),
    ("trail_after = 1\n" + ENTRY, "trail_missing", 1, 15, "1", "trail = 2"),
    ("buy = profit > 1", "position_misplaced", 1, 7, "profit", None),
    ("exit_long = ema(profit, 3) > 1", "position_inside", 1, 17, "profit", None),
    ("buy = prfit > 1", "unknown_name", 1, 7, "prfit", "profit"),
    ("exit_long = profit(3) > 1", "not_a_function", 1, 13, "profit", "profit"),
    ("exit_long = at_entry > 1", "function_without_brackets", 1, 13, "at_entry", "at_entry(x)"),
    ("exit_long = at_entri(close) > 1", "unknown_function", 1, 13, "at_entri", "at_entry"),
    ("exit_long = at_entry() > 1", "missing_argument", 1, 13, "at_entry()", "at_entry(x)"),
    ("exit_long = at_entry(x=close) > 1", "unknown_argument", 1, 22, "x=close", "at_entry(x)"),
    ("exit_long = at_entry(close, 2) > 1", "too_many_arguments", 1, 29, "2", "at_entry(x)"),
    ("exit_long = max(" + ", ".join(["profit"] * 260) + ") > 1\n" + ENTRY, "script_too_long", 1, 13,
     "max(profit, profit, profit, profit, profit, profit, profit,…", None),
    ("buy = ema(close, param(3)) > 1", "param_misplaced", 1, 18, "param", None),
    ("stop_loss = param(3)\n" + ENTRY, "param_misplaced", 1, 13, "param", None),
    ("a = param()\n" + ENTRY, "param_needs_default", 1, 5, "param()",
     "param(14, min=2, max=100)"),
    ("a = param(1, 2)\n" + ENTRY, "param_needs_default", 1, 5, "param(1, 2)",
     "param(14, min=2, max=100)"),
    ("a = param(*close)\n" + ENTRY, "param_needs_default", 1, 5, "param(*close)",
     "param(14, min=2, max=100)"),
    ("a = param(close)\n" + ENTRY, "param_not_literal", 1, 11, "close", None),
    ("a = param(-True)\n" + ENTRY, "param_not_literal", 1, 11, "-True", None),
    ("a = param(3, min=close)\n" + ENTRY, "param_not_literal", 1, 18, "close", None),
    ("a = param(3, min=True)\n" + ENTRY, "param_not_literal", 1, 18, "True", None),
    ("a = param(3, mn=1)\n" + ENTRY, "unknown_argument", 1, 14, "mn=1", "min"),
    ("a = param(3, min=1, min=2)\n" + ENTRY, "repeated_argument", 1, 21, "min=2", None),
    ("a = param(3, min=4)\n" + ENTRY, "param_bounds_wrong", 1, 5, "param(3, min=4)", None),
    ("a = param(3, max=2)\n" + ENTRY, "param_bounds_wrong", 1, 5, "param(3, max=2)", None),
    ("a = param(3, min=5, max=1)\n" + ENTRY, "param_bounds_wrong", 1, 5,
     "param(3, min=5, max=1)", None),
    ("a = param(True, min=0)\n" + ENTRY, "param_bounds_wrong", 1, 5, "param(True, min=0)", None),
    ("a = plot(close)\n" + ENTRY, "plot_misplaced", 1, 5, "plot", None),
    ("plot()\n" + ENTRY, "plot_arguments", 1, 1, "plot()", "plot(close)"),
    ("plot(close, color=1)\n" + ENTRY, "plot_arguments", 1, 1, "plot(close, color=1)",
     "plot(close)"),
    ("buy := close > open", "bad_character", 1, 5, ":=", "="),
    ("buy = close > open && True", "bad_character", 1, 20, "&&", "and"),
    ("buy = close > open || True", "bad_character", 1, 20, "||", "or"),
    ("//@version=5: a remark\n" + ENTRY, "remark_sign", 1, 1, "//@version=5: a remark",
     "# @version=5: a remark"),
    (ENTRY + "\n  // \uc124\uba85", "remark_sign", 2, 3, "// \uc124\uba85", "# \uc124\uba85"),
    ("if close > open\n    " + ENTRY, "no_blocks", 1, 1, "if", None),
    ('strategy.entry("L", strategy.long)', "order_called", 1, 1,
     'strategy.entry("L", strategy.long)', ENTRY),
    ('indicator("My script", overlay=true)', "needless", 1, 1,
     'indicator("My script", overlay=true)', None),
    ("var float x = 5\n" + ENTRY, "type_needless", 1, 1, "var float", "x = 5"),
    ("f(x) => x * 2\n" + ENTRY, "own_function", 1, 1, "f(x)", None),
    ("buy = !True", "bad_character", 1, 7, "!", "not"),
    ("buy = close ? 1", "bad_character", 1, 13, "?", "a if c else b"),
    ("buy = {1}", "bad_character", 1, 7, "{", None),
    ("buy = close\\\n > 1", "bad_character", 1, 12, "\\", None),
    ("buy = True; sell = True", "bad_character", 1, 11, ";", None),
    ("\r" + ENTRY, "bad_character", 1, 1, "\\r", None),
    ("# a\0b\n" + ENTRY, "bad_character", 1, 4, "\\x00", None),
    ("buy = cl\u043ese > 1", "non_ascii", 1, 9, "\u043e", None),
    ("buy = close \u2264 1", "non_ascii", 1, 13, "\u2264", None),
    ("\ube60\ub978 = ema(close, 3)\n" + ENTRY, "non_ascii", 1, 1, "\ube60\ub978", None),
    ("buy = \ud800", "non_ascii", 1, 7, "\\ud800", None),
    ("buy = 1if 2 else 3", "bad_number", 1, 7, "1if", None),
    ("buy = close > 0x10", "bad_number", 1, 15, "0x10", None),
    ("buy = close > 1_000", "bad_number", 1, 15, "1_000", None),
    ("buy = close > 1.2.3", "bad_number", 1, 15, "1.2.3", None),
    ("buy = close > 1e999", "number_too_large", 1, 15, "1e999", None),
    ("buy = close > " + "9" * 31, "number_too_large", 1, 15, "9" * 31, None),
    ("buy = (close > 1", "unclosed_bracket", 1, 7, "(", None),
    ("buy = close[1 > 1", "unclosed_bracket", 1, 12, "[", None),
    ("buy = close > 1)", "unmatched_bracket", 1, 16, ")", None),
    ("buy = (close > 1]", "unmatched_bracket", 1, 17, "]", None),
    ("buy =", "unfinished", 1, 6, "buy =", None),
    ("buy = close > open and\nsell = close < open", "unfinished", 1, 23,
     "buy = close > open and", None),
    ("buy = cross(ema(close, 9) ema(close, 26))", "comma_missing", 1, 13,
     "ema(close, 9) ema(close, 26)", None),
    ("buy = max(close,\n  open high) > 1", "comma_missing", 2, 3, "open high", None),
    ("buy = close > > 1", "syntax", 1, 15, ">", None),
    ("3 = close", "syntax", 1, 1, "3", None),
    (" " + ENTRY, "indented", 1, 1, "buy", None),
    (ENTRY + "\n  sell = close < open", "indented", 2, 2, "sell", None),
    ("#" + "x" * 10_000, "code_too_long", 1, 1, "", None),
    ("buy = " + "(" * 51 + "close" + ")" * 51 + " > 1", "too_deep", 1, 57, "(", None),
    ("\n".join(f"a{i} = close[1]" for i in range(401)), "too_many_nodes", 401, 1,
     "a400 = close[1]", None),
    ("\n".join(f"a{i} = tr()" for i in range(201)), "too_many_calls", 201, 1,
     "a200 = tr()", None),
    ("\n".join(f"a{i} = param(1)" for i in range(31)) + "\n" + ENTRY, "too_many_params", 31, 7,
     "param(1)", None),
    (f"plot({', '.join(['close'] * 21)})\n" + ENTRY, "too_many_plots", 1, 1,
     "plot(close, close, close, close, close, close, close, close…", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "error", "line", "column", "text", "suggestion"),
    TABLE,
    ids=[f"{row[1]}:{row[0][:30]!a}" for row in TABLE],
)
def test_a_mistake_is_named_where_it_stands_with_advice(
    code: str, error: str, line: int, column: int, text: str, suggestion: str | None
) -> None:
    found = refusals(code)[0]
    assert (found.code, found.line, found.column) == (error, line, column)
    assert (found.text, found.suggestion) == (text, suggestion)


def test_the_table_has_an_example_of_every_code() -> None:
    assert {row[1] for row in TABLE} == set(CODES)


def test_all_mistakes_of_a_text_are_told_at_once_in_its_order() -> None:
    found = refusals(
        "fast = emma(close, 12)\n"
        "slow = ema(clse, 26\n"
        "  + open)\n"
        "gap = (fast - slow\n"
        "      ) * 2\n"
        "buy = gap > > 0\n"
        "sell = gap + 1"
    )
    assert [(e.code, e.line) for e in found] == [
        ("unknown_function", 1),
        ("unknown_name", 2),
        ("length_not_constant", 2),
        ("syntax", 6),
    ]


def test_a_name_from_a_wrong_line_is_not_reported_as_unknown() -> None:
    assert [e.code for e in refusals("a = close >\nbuy = a > 1")] == ["unfinished"]
    assert [e.code for e in refusals("a := close\nbuy = a > 1")] == ["bad_character"]
    assert [e.code for e in refusals("a = emma(close)\nbuy = not a and a > 1")] == [
        "unknown_function"
    ]


@pytest.mark.parametrize(
    "code",
    [
        "stoploss = 3\nstop_loss = stoploss / 2",
        "stoploss = 3\nstop_loss = 2",
        "tp = 3\ntake_profit = timeframe('4h', tp * close / close)",
        "trend = ema(close, 200)\nwish = 3",
        "trend_stop = ema(close, 200)",
        "sl = -2\ntrail = abs(sl)",
        "fast = param(3)\ntp = fast\ntrail = tp",
        "a = close * 2\nstoploss = close * 2\nplot(stoploss)",
    ],
)
def test_a_name_that_is_read_or_like_no_output_may_be_any(code: str) -> None:
    program = compile_rules(f"{code}\n{ENTRY}")
    assert compile_rules(program.canonical).hash == program.hash


def test_a_name_that_a_wrong_line_may_read_is_not_reported_as_read_nowhere() -> None:
    code = f"stoploss = 3\nstop_loss = nonsense(stoploss)\n{ENTRY}"
    assert [e.code for e in refusals(code)] == ["unknown_function"]


def test_no_more_mistakes_are_told_than_one_can_read() -> None:
    assert len(refusals("\n".join(f"a{i} = emma(1)" for i in range(60)))) == MAX_ERRORS


def test_the_refusal_reads_as_one_would_say_it() -> None:
    with pytest.raises(RuleErrors) as refused:
        compile_rules("a = 1\nbuy = emma(close, 3) > zz")
    assert str(refused.value) == (
        "unknown_function 'emma' on line 2, column 7: did you mean 'ema'?; "
        "unknown_name 'zz' on line 2, column 24"
    )
    assert refused.value.code == "rule_errors"
    assert refused.value.params == {"count": 2}


def test_sizes_and_bounds_come_with_the_error() -> None:
    assert refusals("buy = ema(close, 0) > 1")[0].params == {
        "argument": "n",
        "value": 0.0,
        "least": 1,
        "most": 5_000,
    }
    assert refusals("buy = ema(close) > 1")[0].params == {"function": "ema", "argument": "n"}
