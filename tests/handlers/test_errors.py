"""Whatever goes wrong is said in words, in the reader's language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.strategies.language import RuleErrors, compile_rules
from handlers import rule_errors
from handlers.errors import explain, sentence, sorry
from handlers.texts import LANGUAGES, Translator, plain
from tests.strategies.test_errors import TABLE

en, ko = Translator("en"), Translator("ko")


def broken(code: str) -> RuleErrors:
    with pytest.raises(RuleErrors) as caught:
        compile_rules(code)
    return caught.value


def test_an_error_shows_its_values_as_people_write_them() -> None:
    error = DomainError("backtest_too_long", bars=1_234_567, most=600_000)
    assert "1,234,567 candles; at most 600,000" in sentence(error, en)
    assert "봉이 1,234,567개입니다" in sentence(error, ko)


def test_what_was_typed_is_repeated_but_never_as_markup() -> None:
    error = DomainError("unknown_word", word="<b>", known="BTC", command="backtest")
    assert "“&lt;b&gt;”" in sentence(error, en)


@pytest.mark.parametrize(
    "error",
    [DomainError("never_heard_of"), DomainError("unknown_symbol"), DomainError("candles_missing")],
)
def test_an_error_that_cannot_be_said_is_said_in_general(error: DomainError) -> None:
    for t in (en, ko):
        assert sentence(error, t) == t("error.general")


def test_a_whole_number_is_asked_for_where_fractions_make_no_sense() -> None:
    values = {"name": "max_positions", "minimum": 1.0, "maximum": 50.0}
    whole = DomainError("limit_out_of_range", whole=True, **values)
    assert sentence(whole, en) == "max_positions must be a whole number between 1 and 50."
    free = DomainError("limit_out_of_range", whole=False, **values)
    assert sentence(free, en) == "max_positions must be between 1 and 50."


def test_a_tapped_button_pops_up_and_a_command_is_answered_by_a_message() -> None:
    error = DomainError("button_expired")
    (popup,) = explain(error, en, tapped=True).actions
    assert (popup.kind, popup.alert) == ("answer", True)
    (message,) = explain(error, en).actions
    assert message.kind == "send"


def test_what_is_too_long_for_a_pop_up_becomes_a_message() -> None:
    error = DomainError("unknown_setting", name="x", known="very_long_name, " * 20)
    (message,) = explain(error, en, tapped=True).actions
    assert message.kind == "send"


def test_the_apology_gives_a_reference_and_nothing_else() -> None:
    assert "<code>AB12</code>" in sorry("AB12", en)
    assert "<code>AB12</code>" in sorry("AB12", ko)


def test_a_strategys_mistakes_are_said_with_line_column_and_a_suggestion() -> None:
    errors = broken("fast = emma(close, 12)\nbuy = close > fasst")
    first = plain(rule_errors.lines(errors, en)[0])
    assert first.startswith("1:8: ")
    assert "emma" in first
    assert "ema?" in first
    said = sentence(errors, ko)
    assert "오류" in said
    assert "<code>emma</code>" in said


@pytest.mark.parametrize("t", [en, ko], ids=LANGUAGES)
def test_every_mistake_there_is_can_be_said(t: Translator) -> None:
    in_general = t("rule.not_allowed", text="")
    for code, *_ in TABLE:
        errors = broken(code)
        for error, line in zip(errors.errors, rule_errors.lines(errors, t), strict=True):
            assert f"{error.line}:{error.column}: " in line
            assert error.code == "not_allowed" or in_general not in line


def test_a_length_that_comes_to_no_number_is_no_crash() -> None:
    assert plain(rule_errors.lines(broken("buy = bb_upper(close, 20, 1 / 0) > 1"), en)[0]) == (
        "1:7: k comes to no number here: bb_upper(close, 20, 1 / 0)"
    )
    assert "not 1.000e+300." in rule_errors.lines(broken("buy = ema(close, 1e300) > 1"), en)[0]


def test_many_mistakes_are_cut_after_ten() -> None:
    errors = broken("\n".join(f"x{n} = nonsense{n}" for n in range(15)))
    assert len(rule_errors.lines(errors, en)) == 15 + (len(errors.errors) - 15)
    assert "more." in rule_errors.message(errors, en).splitlines()[-1]


@pytest.mark.parametrize("language", LANGUAGES)
@given(code=st.text(st.sampled_from("abema(close,1)=<>+-*[]{}#\"'\n .:&|!?éλ"), max_size=60))
def test_any_mistake_can_be_said(language: str, code: str) -> None:
    t = Translator(language)
    try:
        compile_rules(code)
    except RuleErrors as errors:
        for line in rule_errors.lines(errors, t):
            assert "rule." not in line
            assert line[0].isdigit()


def test_a_row_that_the_sentence_tells_whole_is_not_told_twice() -> None:
    source = f'strategy("Mine")\nbuy = clse > 1\nplotshape(close, "{"x" * 70}")'
    said = plain(rule_errors.message(broken(source), en, source))
    assert said.count("strategy(") == 1
    assert said.count("plotshape(") == 1
    assert said.count("buy = clse > 1") == 1
