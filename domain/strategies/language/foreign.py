"""What people who come from Pine Script, or from Python, write out of habit: told apart by the row
it begins, so that the error says what to write here instead of where the grammar gave up.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = r"[A-Za-z_][A-Za-z_0-9]*"
_TYPES = r"(?:(?:var|varip|const|let|series|simple|float|int|bool|string|color)[ \t]+)+"
ASSIGNED = re.compile(rf"[ \t]*(?:{_TYPES})?({_NAME})[ \t]*(?:\([^()\n]*\)[ \t]*=>|:?=)")
"""A row that gives a name a value, or makes a function, in any of these dialects."""

_DECLARED = re.compile(rf"({_TYPES})({_NAME}[ \t]*:?=.*)")
_FUNCTION = re.compile(rf"({_NAME}[ \t]*\([^()\n]*\))[ \t]*=>")
_BLOCK = re.compile(rf"(?:{_NAME}[ \t]*:?=[ \t]*)?(if|elif|else|switch)\b(?![ \t]*:?=)")
_STATEMENT = re.compile(r"(for|while|def|class|with|try|except|finally|import|from)\b")
_NEEDLESS = re.compile(
    r"(?:strategy|indicator|study|library|plotshape|plotchar|plotarrow|plotcandle|plotbar|hline"
    r"|fill|bgcolor|barcolor|alertcondition|alert|max_bars_back"
    r"|(?:label|line|box|table|linefill|polyline|log|runtime|strategy\.risk)\.\w+)[ \t]*\("
)
_ORDER = re.compile(r"strategy\.(entry|order|exit|close|close_all|cancel|cancel_all)[ \t]*\(")
_INPUT = re.compile(
    rf"{_NAME}[ \t]*:?=[ \t]*(input(?:\.\w+)?)[ \t]*\([ \t]*(?:defval[ \t]*=[ \t]*)?([-+.\w]*)"
)
_TITLED = re.compile(r"plot[ \t]*\((.{0,300}?),[ \t]*(?:title[ \t]*=[ \t]*)?[\"']")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)")
_SWITCHES = {"true": "True", "True": "True", "false": "False", "False": "False"}
_SIGN_WORDS = r"(?!(?:and|or|not|if|else)\b)"
_PROSE = re.compile(
    rf"[^\x00-\x7f]|(?<![A-Za-z0-9_.]){_SIGN_WORDS}[A-Za-z0-9_.]+[ \t]+{_SIGN_WORDS}[A-Za-z_]",
    re.ASCII,
)
"""Begins where a word does: else each of thousands of dotted letters would be one to begin at."""
_SHORT = re.compile(r"strategy\.short\b|\bshort\b", re.IGNORECASE)

_CALLED_HERE = {
    "input": "param(14)",
    "iff": "a if c else b",
    "security": 'timeframe("4h", close)',
    "request.security": 'timeframe("4h", close)',
    "request.security_lower_tf": 'timeframe("4h", close)',
    "strategy.position_avg_price": "entry_price",
    "strategy.openprofit": "profit",
    "barstate.isconfirmed": "True",
    "ta.bb": "bb_upper(close, 20, 2)",
    "ta.bbw": "bb_width(close, 20, 2)",
    "ta.kc": "keltner_upper(20, 2, 10)",
    "ta.macd": "macd_hist(close, 12, 26, 9)",
    "ta.dmi": "adx(14)",
    "ta.sar": "psar()",
    "ta.wpr": "willr(14)",
    "math.pow": "a ** b",
    "math.avg": "(a + b) / 2",
    "time": "hour",
    "price": "close",
    "true": "True",
    "false": "False",
    "null": "na(x)",
    "None": "na(x)",
    "AND": "and",
    "And": "and",
    "OR": "or",
    "Or": "or",
    "NOT": "not",
    "Not": "not",
}


class Foreign(NamedTuple):
    """A row that is none of ours: an error's code, the piece that is meant, advice."""

    code: str
    text: str
    suggestion: str | None = None


def foreign(row: str) -> Foreign | None:
    """What a statement is that begins so, without the blanks before it; None: one of ours, or one
    that the grammar refuses. Rows further in belong to it.
    """
    if found := _BLOCK.match(row):
        return Foreign("no_blocks", found[1])
    if found := _STATEMENT.match(row):
        return Foreign("not_allowed", found[1])
    if found := _ORDER.match(row):
        return Foreign("order_called", row, _instead_of_order(found[1], row))
    if _NEEDLESS.match(row):
        return Foreign("needless", row)
    if found := _INPUT.match(row):
        return Foreign("not_allowed", found[1], _param(found[1], found[2]))
    if found := _DECLARED.match(row):
        return Foreign("type_needless", found[1].rstrip(), found[2].replace(":=", "=", 1))
    if found := _FUNCTION.match(row):
        return Foreign("own_function", found[1])
    found = _TITLED.match(row)
    if found and found[1].count("(") == found[1].count(")"):
        return Foreign("plot_arguments", row, f"plot({found[1]})")
    return None


def is_prose(rest: str) -> bool:
    """Whether what stands behind a `//` cannot be divided by: words in a row, or other letters."""
    return _PROSE.search(rest.partition("#")[0]) is not None


def called_here(word: str) -> str | None:
    """What a name or a dotted name of elsewhere is called here, where it is not the same word."""
    return _CALLED_HERE.get(word)


def _instead_of_order(order: str, row: str) -> str | None:
    short = _SHORT.search(row) is not None
    if order in ("entry", "order"):
        return "sell = close < open" if short else "buy = close > open"
    if order == "exit":
        return "stop_loss = 2"
    if order.startswith("close"):
        return "exit_short = close > open" if short else "exit_long = close < open"
    return None


def _param(call: str, default: str) -> str:
    if call == "input.source":
        return "close"
    if default in _SWITCHES:
        return f"param({_SWITCHES[default]})"
    return f"param({default})" if _NUMBER.fullmatch(default) else _CALLED_HERE["input"]
