"""Nothing that a stranger types crashes, hangs, or gets through."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.strategies.language import RuleErrors, compile_rules
from domain.strategies.language.vocabulary import SERIES
from tests.strategies.hostile import BOUNDED, REFUSED
from tests.strategies.samples import market, other, refusals, run

MOST_BYTES = 50_000_000
CANDLES = market(120)


@contextmanager
def frugally() -> Iterator[None]:
    """Fails if more than 50 MB were needed at any moment."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def test_the_corpus_is_large_and_without_repeats() -> None:
    assert len(set(REFUSED)) == len(REFUSED) >= 300


@pytest.mark.parametrize("code", REFUSED, ids=[ascii(code[:40]) for code in REFUSED])
def test_a_hostile_text_is_refused_with_a_place_and_a_reason(code: str) -> None:
    with frugally():
        errors = refusals(code)
    rows = code.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for error in errors:
        assert 1 <= error.line <= len(rows)
        assert 1 <= error.column <= len(rows[error.line - 1]) + 2
        assert len(error.text) <= 60
        assert error.text.isprintable()


@pytest.mark.parametrize("code", BOUNDED, ids=[code[:40] for code in BOUNDED])
def test_what_is_lawful_stays_within_bounds(code: str) -> None:
    other("ZZZUSDT")  # made once, before it is counted
    with frugally():
        signals = run(compile_rules(code).bind(), CANDLES)
    assert len(signals) == len(CANDLES)


WORDS = st.sampled_from(
    [*SERIES, "buy", "sell", "a", "b", "param", "plot", "ema", "rsi", "max", "na", "_ago", "1",
     "2.5", "0", "True", "and", "or", "not", "if", "else", "lambda", "for", "in",
     "'x'", '"', "'", "#",
     "(", ")", "[", "]", "{", "}", ",", ".", ":", ":=", "=", "==", "!=", "<", ">", "+", "-", "*",
     "**", "/", "//", "%", "@", "&", "|", "~", "^", ";", "\\", "\n", "\n", "\t", " ", "\r", "\0",
     "\u043e", "\ud800"]
)  # fmt: skip


@given(words=st.lists(WORDS, max_size=60), glue=st.sampled_from(["", " "]))
@settings(max_examples=400)
def test_any_row_of_words_is_a_program_or_is_refused(words: list[str], glue: str) -> None:
    try:
        program = compile_rules(glue.join(words))
    except RuleErrors:
        return
    run(program.bind(), CANDLES)


@given(code=st.text(max_size=200))
@settings(max_examples=200)
def test_text_that_is_no_program_is_refused_with_a_reason(code: str) -> None:
    assert refusals(code)
