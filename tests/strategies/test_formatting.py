"""A program tidied up: comments and paragraphs stay, the meaning too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from domain.strategies.builtins import BUILTINS, Builtin
from domain.strategies.language import compile_rules, format_rules
from tests.strategies.programs import programs

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

UNTIDY = """

# what it is about
fast=param(12,min=2)   # bars


gap = (ema(close,fast)
   - ema( close , 26 )   # slow
)
  # not indented
buy=crossover( gap,0 ) and(rsi()<70)#enter
plot(gap) # first
sell=gap<0
plot(close) # second

# the end
"""
TIDY = """# what it is about
fast = param(12, min=2)  # bars

# slow
gap = ema(close, fast) - ema(close, 26)
# not indented
buy = crossover(gap, 0) and rsi(close, 14) < 70  #enter
sell = gap < 0
plot(gap, close)  # first  # second

# the end
"""


def test_comments_stay_where_they_were() -> None:
    assert format_rules(compile_rules(UNTIDY)) == TIDY


def test_without_comments_it_is_the_canonical_text() -> None:
    program = compile_rules("buy=close>open")
    assert format_rules(program) == program.canonical == "buy = close > open\n"


@pytest.mark.parametrize("builtin", BUILTINS, ids=[builtin.slug for builtin in BUILTINS])
def test_what_is_shipped_keeps_its_words(builtin: Builtin) -> None:
    tidy = format_rules(compile_rules(builtin.code))
    comments = [row for row in builtin.code.splitlines() if row.startswith("#")]
    assert [row for row in tidy.splitlines() if row.startswith("#")] == comments


@given(code=programs(depth=2))
@settings(max_examples=60)
def test_it_means_the_same_and_once_is_enough(code: str) -> None:
    program = compile_rules(code.replace("\n", "  # word\n\n# words\n"))
    tidy = compile_rules(format_rules(program))
    assert tidy.hash == program.hash
    assert format_rules(tidy) == tidy.source
