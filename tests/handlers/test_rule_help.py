"""/help rules: the language in the chat, by family and function, in both languages."""

from __future__ import annotations

import pytest

from domain.strategies.language.functions import FUNCTIONS
from handlers.render.rule_reference import families, family_card, function_card
from handlers.texts import Translator
from tests.support.world import World


async def test_the_overview_says_how_rules_are_written(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/help rules")
    for word in ("name = expression", "hlc3", "take_profit", "best_profit", "timeframe"):
        assert word in said


async def test_a_button_shows_a_family_and_another_one_the_next(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/help rules")
    assert "sma(x, n)" in await alice.taps("Averages")
    assert "supertrend(n=10, k=3)" in await alice.taps("Trend")


async def test_one_function_comes_with_its_signature_sentence_and_source(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/help rules psar()")
    assert "psar(start=0.02, step=0.02, most=0.2)" in said
    assert "Parabolic stop and reverse" in said
    assert "J. W. Wilder" in said
    assert "1h, 2h, 4h, 6h, 12h, 1d, 1w" in await alice.sends("/help rules vwap")
    assert "morningstar" in await alice.sends("/help rules PATTERN")


async def test_a_typo_is_answered_with_what_is_closest(w: World) -> None:
    alice = await w.trader("alice")
    assert "/help rules supertrend" in await alice.sends("/help rules supertrnd")
    assert "/help rules" in await alice.sends("/help rules qqqqqq")


async def test_a_stranger_may_read_it_too_without_buttons(w: World) -> None:
    assert "name = expression" in await w.person("mallory").sends("/help rules")


async def test_it_speaks_korean(w: World) -> None:
    minsu = await w.trader("minsu", "ko")
    assert "전략의 규칙" in await minsu.sends("/help rules")
    assert "평균" in await minsu.taps("평균")
    assert "파라볼릭" in await minsu.sends("/help rules psar")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_function_has_a_card_and_every_family_a_name(language: str) -> None:
    t = Translator(language)
    assert sum(len(members) for members in families().values()) == len(FUNCTIONS)
    for function in FUNCTIONS:
        assert function.name in function_card(function.name, t)
    for family in families():
        assert 100 < len(family_card(family, t)) < 4_000  # one message
