"""What people write who come from Pine Script: one error each, which says what to write here."""

from __future__ import annotations

import pytest

from domain.strategies.language import compile_rules
from tests.strategies.samples import refusals

ENTRY = "buy = close > open"

# program, code, text, suggestion
HABITS: list[tuple[str, str, str, str | None]] = [
    (ENTRY + " // remark", "remark_sign", "// remark", "# remark"),
    (ENTRY + "  // EMA cross of 9 and 21", "remark_sign", "// EMA cross of 9 and 21",
     "# EMA cross of 9 and 21"),
    (ENTRY + " // RSI(14)", "remark_sign", "// RSI(14)", "# RSI(14)"),
    (ENTRY + " // ema", "remark_sign", "// ema", "# ema"),
    (ENTRY + " // it's (open", "remark_sign", "// it's (open", "# it's (open"),
    (ENTRY + " // 골든크로스", "remark_sign", "// 골든크로스", "# 골든크로스"),
    ("stop_loss = 5 // 20 bars\n" + ENTRY, "remark_sign", "// 20 bars", "# 20 bars"),
    ("/* a head */\n" + ENTRY, "remark_sign", "/* a head */", "# a head */"),
    ("x = close // 2 + clse\n" + ENTRY, "unknown_name", "clse", "close"),
    ("x = emma(close, 3) // 2\n" + ENTRY, "unknown_function", "emma", "ema"),
    ("n = input.int(9, 'The length', minval=1)\nbuy = rsi(close, n) < 30", "not_allowed",
     "input.int", "param(9)"),
    ("n = input(defval=2.5, title='k')\n" + ENTRY, "not_allowed", "input", "param(2.5)"),
    ("n = input.bool(true, 'On?')\n" + ENTRY, "not_allowed", "input.bool", "param(True)"),
    ("s = input.source(close, 'Of what')\n" + ENTRY, "not_allowed", "input.source", "close"),
    ("n = input.string('a b')\n" + ENTRY, "not_allowed", "input.string", "param(14)"),
    ("strategy('Mine',\n    overlay=true)\n" + ENTRY, "needless", "strategy('Mine',", None),
    ("plotshape(close > open, 'A b')\n" + ENTRY, "needless", "plotshape(close > open, 'A b')",
     None),
    ("if close > open\n    strategy.entry('L', strategy.long)\n" + ENTRY, "no_blocks", "if", None),
    ("if close > open:\n    x = 1\nelse:\n    x = 2\nbuy = x > 1", "no_blocks", "if", None),
    ("x = if close > open\n    1\nelse\n    2\nbuy = x > 1", "no_blocks", "if", None),
    ("x = switch\n    close > open => 1\n    => 2\nbuy = x > 1", "no_blocks", "switch", None),
    ("for i = 0 to 9\n    x := i\nbuy = x > 1", "not_allowed", "for", None),
    ("f(x) =>\n    x * 2\nbuy = f(close) > 1", "own_function", "f(x)", None),
    ("strategy.entry('S', strategy.short)", "order_called", "strategy.entry('S', strategy.short)",
     "sell = close < open"),
    ("strategy.exit('X', stop=close * 0.9)\n" + ENTRY, "order_called",
     "strategy.exit('X', stop=close * 0.9)", "stop_loss = 2"),
    ("strategy.close('L')\n" + ENTRY, "order_called", "strategy.close('L')",
     "exit_long = close < open"),
    ("strategy.close('short')\n" + ENTRY, "order_called", "strategy.close('short')",
     "exit_short = close > open"),
    ("strategy.cancel_all()\n" + ENTRY, "order_called", "strategy.cancel_all()", None),
    ("int n = 14\nbuy = rsi(close, n) < 30", "type_needless", "int", "n = 14"),
    ("var x := 14\nbuy = rsi(close, x) < 30", "type_needless", "var", "x = 14"),
    ("[m, s, h] = ta.macd(close, 12, 26, 9)\nbuy = h > 0", "one_name_only",
     "[m, s, h] = ta.macd(close, 12, 26, 9)", "macd_hist(close, 12, 26, 9)"),
    ("plot(ema(close, 9), title='A line', color=color.red)\n" + ENTRY, "plot_arguments",
     "plot(ema(close, 9), title='A line', color=color.red)", "plot(ema(close, 9))"),
    ("[mid, up] = bb(close, 20, 2)\nbuy = close > up", "one_name_only",
     "[mid, up] = bb(close, 20, 2)", "bb_upper(close, 20, 2)"),
    ("buy = ta.rsi(close, 14) < 30", "not_allowed", "ta.rsi", "rsi"),
    ("buy = talib.RSI(close, 14) < 30", "not_allowed", "talib.RSI", "rsi"),
    ("buy = close > request.security(syminfo.tickerid, '240', close)", "not_allowed",
     "request.security", 'timeframe("4h", close)'),
    ("buy = timeframe('60', close > open)", "unknown_timeframe", "'60'", '"1h"'),
    ("buy = timeframe('D', close > open)", "unknown_timeframe", "'D'", '"1d"'),
    ("buy = close > open ? true : false", "bad_character", "?", "a if c else b"),
    ("buy = close > open AND close > 3", "syntax", "AND", "and"),
    ("buy = close => open", "bad_character", "=>", ">="),
    ("buy = close =< open", "bad_character", "=<", "<="),
    ("buy = close <> open", "bad_character", "<>", "!="),
    ("buy: close > open", "bad_character", ":", "="),
    ("buy == close > open", "nothing_done", "buy == close > open", ENTRY),
    ("close > open", "nothing_done", "close > open", ENTRY),
    ("stop_loss = 2%\n" + ENTRY, "unfinished", "stop_loss = 2%", "stop_loss = 2"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "error", "text", "suggestion"), HABITS)
def test_a_habit_of_elsewhere_is_one_mistake_with_advice(
    code: str, error: str, text: str, suggestion: str | None
) -> None:
    (found,) = refusals(code)
    assert (found.code, found.text, found.suggestion) == (error, text, suggestion)


@pytest.mark.parametrize(
    "code",
    [
        "x = close // 2",
        "x = close // 2 if close > 3 and close < 9 else close // open",
        "x = (close //\n  2)",
        "x = (close + open) // (2 + 1)  # // a remark",
        "switch = 3",
        "fill = 2",
        'plot(cum(volume, "1d"))',
    ],
)
def test_what_only_looks_like_a_habit_is_read_as_it_stands(code: str) -> None:
    assert compile_rules(f"{code}\n{ENTRY}").hash


def test_a_script_from_elsewhere_is_told_row_by_row() -> None:
    script = (
        "//@version=5\n"
        'strategy("EMA cross", overlay=true)\n'
        'n = input.int(9, "Fast")\n'
        "fast = ta.ema(close, n)\n"
        "up = ta.crossover(close, fast) // a cross\n"
        "if up\n"
        '    strategy.entry("L", strategy.long)\n'
        'plot(fast, "Fast line", color=color.red)\n'
    )
    assert [(error.line, error.code) for error in refusals(script)] == [
        (1, "remark_sign"),
        (2, "needless"),
        (3, "not_allowed"),
        (4, "not_allowed"),
        (5, "not_allowed"),
        (5, "remark_sign"),
        (6, "no_blocks"),
        (8, "plot_arguments"),
    ]
