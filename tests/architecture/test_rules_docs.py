"""The reference of the rule language is up to date, and its examples are programs."""

from __future__ import annotations

import re

import pytest

from domain.strategies.language import compile_rules
from domain.strategies.language.vocabulary import OUTPUTS, POSITION_SCALARS, SERIES, SPECIAL
from tests.architecture.rules_docs import DOCUMENTS, renewed


@pytest.mark.parametrize("language", DOCUMENTS)
def test_the_functions_are_those_of_the_table(language: str) -> None:
    document = DOCUMENTS[language].read_text(encoding="utf-8")
    assert document == renewed(document, language), "run .venv/bin/python .ci/rules_docs.py"


@pytest.mark.parametrize("language", DOCUMENTS)
def test_every_example_is_a_program(language: str) -> None:
    document = DOCUMENTS[language].read_text(encoding="utf-8")
    programs = re.findall(r"```\n(.*?)```", document, flags=re.DOTALL)
    assert len(programs) == 3
    for program in programs:
        compile_rules(program).bind()


@pytest.mark.parametrize("language", DOCUMENTS)
def test_every_word_of_the_language_is_explained(language: str) -> None:
    document = DOCUMENTS[language].read_text(encoding="utf-8")
    for word in (*SERIES, *OUTPUTS, *POSITION_SCALARS, *SPECIAL, "param", "plot", "bar_index"):
        assert re.search(rf"`{word}\b", document), word
