"""The same program has the same hash, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from domain.strategies.language import compile_rules
from tests.strategies.programs import programs

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

PLAIN = "fast = param(12, min=2, max=99)\nbuy = crossover(ema(close, fast), 0) and rsi(close) < 70"

HASH_OF_THE_SIMPLEST = "e11816ff68fc018d248f2144d5a6d2b335c83f4cb0cd23fe69b2076ce2f82055"


def hash_of(*lines: str) -> str:
    return compile_rules("\n".join(lines)).hash


@pytest.mark.parametrize(
    "other",
    [
        "# a comment\n\n" + PLAIN + "  # more",
        PLAIN.replace(" ", "   ").replace("   =", " ="),
        PLAIN.replace("rsi(close)", "rsi(close, 14)"),
        PLAIN.replace("rsi(close)", "rsi(n=14.0, x=close)"),
        PLAIN.replace("rsi(close)", "( rsi(\n  close  # here\n ) )"),
        PLAIN.replace("buy = ", "cross_ = crossover(ema(close, fast), 0)\nbuy = ").replace(
            "crossover(ema(close, fast), 0) and", "cross_ and"
        ),
        "unused = close + 1\n" + PLAIN,
        PLAIN.replace("12, min=2, max=99", "12, max=99, min=2"),
        PLAIN.replace("< 70", "< 70.0").replace("close, fast", "close[0], fast"),
    ],
)
def test_writing_it_differently_does_not_change_the_hash(other: str) -> None:
    assert compile_rules(other).hash == compile_rules(PLAIN).hash


@pytest.mark.parametrize(
    "other",
    [
        PLAIN.replace("70", "71"),
        PLAIN.replace("<", "<="),
        PLAIN.replace("12", "13"),
        PLAIN.replace("max=99", "max=98"),
        PLAIN.replace("fast", "quick"),
        PLAIN.replace("buy", "sell"),
        PLAIN.replace("ema", "sma"),
        PLAIN.replace("and", "or"),
        PLAIN + "\nplot(close)",
        PLAIN + "\nexit_long = close > open",
        PLAIN.replace("12, min=2, max=99", "12.0, min=2, max=99"),
    ],
)
def test_meaning_something_else_changes_the_hash(other: str) -> None:
    assert compile_rules(other).hash != compile_rules(PLAIN).hash


def test_the_hash_of_a_program_is_the_same_in_every_release() -> None:
    assert hash_of("buy = close > open") == HASH_OF_THE_SIMPLEST


@pytest.mark.parametrize(
    ("code", "canonical"),
    [
        ("buy=close>open#x", "buy = close > open\n"),
        ("buy = (close>open) and not(open<1 or close<2)",
         "buy = close > open and not (open < 1 or close < 2)\n"),
        ("buy = 1 < close < 2", "buy = 1 < close and close < 2\n"),
        ("a=-(close+1)*2\nbuy = a > -(2)", "a = -(close + 1) * 2\nbuy = a > -2\n"),
        ("a=(-2)**2+2**-close\nbuy=a>1", "a = (-2) ** 2 + 2 ** -close\nbuy = a > 1\n"),
        ("a=close-(open-1)-(2-3)\nbuy=a>1", "a = close - (open - 1) - (2 - 3)\nbuy = a > 1\n"),
        ("a=(close if open>1 else 2) if close>1 else 3\nbuy=a>1",
         "a = (close if open > 1 else 2) if close > 1 else 3\nbuy = a > 1\n"),
        ("a=(close+1)[3]\nbuy=a>1", "a = (close + 1)[3]\nbuy = a > 1\n"),
        ("g=ema(close,3)-ema(close,9)\nbuy=ema(close,3)-ema(close,9)>0.50",
         "g = ema(close, 3) - ema(close, 9)\nbuy = g > 0.5\n"),
        ("a=ema(close,3)\nb=ema(close,3)\nbuy=b>a",
         "a = ema(close, 3)\nb = a\nbuy = a > a\n"),
        ("n=param(1.50,min=1)\nm=param(-3)\ns=param(False)\nbuy=s or close>n*m",
         "n = param(1.5, min=1.0)\nm = param(-3)\ns = param(False)\nbuy = s or close > n * m\n"),
        ("plot(close,open)\nbuy=rsi()<30\nplot(high)",
         "buy = rsi(close, 14) < 30\nplot(close, open, high)\n"),
        ("buy=close>100000000000000000000", "buy = close > 1e+20\n"),
    ],
)  # fmt: skip
def test_the_canonical_text_is_tidy(code: str, canonical: str) -> None:
    assert compile_rules(code).canonical == canonical


@given(code=programs())
@settings(max_examples=80)
def test_the_canonical_text_says_the_same_and_is_its_own(code: str) -> None:
    program = compile_rules(code)
    again = compile_rules(program.canonical)
    assert again.hash == program.hash
    assert again.canonical == program.canonical


def test_the_key_of_a_signal_covers_values_and_shown_names() -> None:
    program = compile_rules(PLAIN)
    key = program.bind().key
    assert program.bind({"fast": 12}).key == key
    assert compile_rules("# words\n" + PLAIN).bind().key == key
    assert program.bind({"fast": 13}).key != key
    assert compile_rules("mine = close + 1\n" + PLAIN).bind().key != key
