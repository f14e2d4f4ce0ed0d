"""Every sentence exists in both languages, fits its values, and is said somewhere."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.architecture.sources import modules, parse
from tests.architecture.texts import LANGUAGES, catalogue, catalogues, literals, placeholders, uses

SPEAKERS = ("bot", "handlers", "domain")
TEXTS = catalogues()


@pytest.mark.skipif(not TEXTS, reason="there are no texts yet")
def test_both_languages_are_there() -> None:
    assert set(TEXTS) == set(LANGUAGES)


@pytest.mark.parametrize("language", TEXTS)
def test_every_key_that_is_used_has_a_text(language: str) -> None:
    texts = TEXTS[language]
    missing = [
        f"{place} {key}{'' if whole else '*'}"
        for module in modules(*SPEAKERS)
        for key, whole, place in uses(module)
        if not (key in texts if whole else any(known.startswith(key) for known in texts))
    ]
    assert not missing


@pytest.mark.parametrize("language", TEXTS)
def test_no_text_is_unused(language: str) -> None:
    used = [use for module in modules(*SPEAKERS) for use in uses(module)]
    prefixes = tuple(key for key, whole, _ in used if not whole)
    whole_keys = {key for key, whole, _ in used if whole}
    whole_keys |= {text for module in modules(*SPEAKERS) for text in literals(module)}
    unused = [
        key for key in TEXTS[language] if key not in whole_keys and not key.startswith(prefixes)
    ]
    assert not unused


def test_both_languages_have_the_same_keys() -> None:
    keys = [texts.keys() for texts in TEXTS.values()]
    assert not [here ^ there for here, there in pairwise(keys) if here ^ there]


def test_no_text_is_empty() -> None:
    empty = [
        (name, key) for name, texts in TEXTS.items() for key in texts if not texts[key].strip()
    ]
    assert not empty


def test_both_languages_show_the_same_values() -> None:
    english, korean = TEXTS.get("en", {}), TEXTS.get("ko", {})
    differing = {
        key: (placeholders(english[key]), placeholders(korean[key]))
        for key in english.keys() & korean.keys()
        if placeholders(english[key]) != placeholders(korean[key])
    }
    assert not differing


def test_uses_are_found_in_every_form() -> None:
    module = parse(
        'context.t("bot.started", name=name)\n'
        't("side.long" if up else "side.short")\n'
        't(f"exit.{reason}")\n'
        'raise DomainError("no_price", symbol=symbol)\n'
        'Route("start", handler, group="account")\n'
        'print("not.a.key")\n'
    )
    assert {(key, whole) for key, whole, _ in uses(module)} == {
        ("bot.started", True),
        ("side.long", True),
        ("side.short", True),
        ("exit.", False),
        ("error.no_price", True),
        ("help.start", True),
    }


def test_a_catalogue_is_read_by_key(tmp_path: Path) -> None:
    file = tmp_path / "en.po"
    file.write_text('msgid "hello"\nmsgstr "Hello, {name}: {profit}"\n', encoding="utf-8")
    assert placeholders(catalogue(file)["hello"]) == {"name", "profit"}
