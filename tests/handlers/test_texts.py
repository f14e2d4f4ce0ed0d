"""One place speaks, and one place escapes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.html import parse_html
from bot.sandbox.texts import find_entities
from bot.sandbox.utf16 import offsets
from handlers import texts
from handlers.texts import LANGUAGES, Html, Translator, home_zone, language_of, markup, plain
from handlers.texts.particles import particle

en, ko = Translator("en"), Translator("ko", "Asia/Seoul")
TELEGRAM_TAGS = {"b", "i", "u", "s", "code", "pre", "a", "blockquote"}


def keys(language: str) -> dict[str, tuple[str, ...]]:
    return texts._texts(language)


def test_a_sentence_is_filled_with_its_values() -> None:
    assert en("wizard.strategy", name="Donchian") == "Strategy: <b>Donchian</b>"
    assert ko("wizard.strategy", name="Donchian") == "전략: <b>Donchian</b>"


def test_values_are_escaped_but_markup_is_not_escaped_twice() -> None:
    assert "<b>&lt;b&gt;&amp;</b>" in en("wizard.strategy", name="<b>&")
    assert "<b><i>x</i></b>" in en("wizard.strategy", name=Html("<i>x</i>"))


@given(st.text())
def test_no_value_can_become_markup(value: str) -> None:
    said = en("wizard.strategy", name=value)
    assert plain(said) == f"Strategy: {value}"


@pytest.mark.parametrize("value", ["{name.__class__}", "{0}", "{other}", "{name}"])
def test_braces_in_a_value_stay_what_they_are(value: str) -> None:
    assert plain(en("wizard.strategy", name=value)) == f"Strategy: {value}"


def test_a_missing_key_or_value_is_a_mistake_in_the_program() -> None:
    with pytest.raises(LookupError, match=r"no\.such\.key"):
        en("no.such.key")
    with pytest.raises(LookupError, match="name"):
        en("wizard.strategy")
    with pytest.raises(LookupError, match="xx"):
        Translator("xx")("menu.text")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("가격", "“가격”은 숫자가 아닙니다."),
        ("값어치", "“값어치”는 숫자가 아닙니다."),
        ("12", "“12”는 숫자가 아닙니다."),
        ("1,000", "“1,000”은 숫자가 아닙니다."),
        ("50%", "“50%”는 숫자가 아닙니다."),
        ("BTC", "“BTC”는 숫자가 아닙니다."),
        ("SOL", "“SOL”은 숫자가 아닙니다."),
        ("clse", "“clse”는 숫자가 아닙니다."),
        ("ema_cross", "“ema_cross”는 숫자가 아닙니다."),
        ("signal", "“signal”은 숫자가 아닙니다."),
        ("long", "“long”은 숫자가 아닙니다."),
        ("line", "“line”은 숫자가 아닙니다."),
        ("price", "“price”는 숫자가 아닙니다."),
        ("atr", "“atr”은 숫자가 아닙니다."),
        ("bar", "“bar”는 숫자가 아닙니다."),
        ("btc", "“btc”는 숫자가 아닙니다."),
        ("ema20", "“ema20”은 숫자가 아닙니다."),
        ("15m", "“15m”은 숫자가 아닙니다."),
        ("4h", "“4h”은 숫자가 아닙니다."),
        ("10x", "“10x”는 숫자가 아닙니다."),
        ("bot", "“bot”은(는) 숫자가 아닙니다."),
        ("stock", "“stock”은(는) 숫자가 아닙니다."),
        ("🚀", "“🚀”은(는) 숫자가 아닙니다."),
        ("", "“”은(는) 숫자가 아닙니다."),
    ],
)
def test_a_korean_particle_goes_with_the_word_before_it(word: str, said: str) -> None:
    assert plain(ko("form.not_a_number", value=word)) == said


@pytest.mark.parametrize(("final", "said"), [("물", "물로"), ("한국", "한국으로"), ("나", "나로")])
def test_a_particle_knows_the_liquid(final: str, said: str) -> None:
    assert final + particle("(으)로", final) == said


def test_one_and_many_are_told_apart_where_the_language_does() -> None:
    assert [en("trades.count", n=n) for n in (0, 1, 2, "1")] == [
        "0 trades",
        "1 trade",
        "2 trades",
        "1 trade",
    ]
    assert [ko("trades.count", n=n) for n in (1, 2)] == ["1건", "2건"]


def test_what_counts_has_its_thousands_apart_and_what_names_has_not() -> None:
    assert en("trades.count", n=5_352) == "5,352 trades"
    assert ko("study.tried", count=12_000, profitable=1_234).count(",") == 2
    assert "#5352" in en("button.source", id=5_352)


def test_a_composed_key_can_be_asked_for() -> None:
    assert en.knows("mode.paper")
    assert not en.knows("mode.nonsense")


@pytest.mark.parametrize(
    ("code", "language"),
    [("ko", "ko"), ("ko-KR", "ko"), ("KO_kr", "ko"), ("en-US", "en"), ("pt-br", "en"), ("", "en")],
)
def test_telegrams_language_codes_become_ours(code: str, language: str) -> None:
    assert language_of(code) == language


def test_koreans_begin_in_seoul_time() -> None:
    assert (home_zone("ko"), home_zone("en")) == ("Asia/Seoul", "UTC")


def test_lines_are_joined_and_escaped() -> None:
    assert Html.join_lines("a<b", None, "", Html("<b>c</b>")) == "a&lt;b\n\n<b>c</b>"
    assert markup(5) == "5"
    assert plain("a<b") == "a<b"


class Tags(HTMLParser):
    """Keeps the stack of open tags."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.broken = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        self.broken = self.broken or not self.open or self.open.pop() != tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_well_formed_markup_that_telegram_knows(language: str) -> None:
    for key, forms in keys(language).items():
        for form in forms:
            tags = Tags()
            tags.feed(form)
            tags.close()
            assert not tags.broken, key
            assert not tags.open, key
            assert tags.seen <= TELEGRAM_TAGS, key
            parse_html(form)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_command_that_a_sentence_names_can_be_tapped(language: str) -> None:
    """Telegram links no command that a letter follows, and a Korean particle is one."""
    for key, forms in keys(language).items():
        for form in forms:
            text, entities = parse_html(form)
            found = find_entities(text, entities)
            touched = {each["offset"] for each in found if each["type"] == "bot_command"}
            quoted = [each for each in found if each["type"] in ("code", "pre")]
            for named in re.finditer(r"(?<!\S)\(?(/[a-z_]+)", text):
                (at,) = offsets(text, [named.start(1)])
                inside = [q for q in quoted if q["offset"] <= at < q["offset"] + q["length"]]
                assert inside or at in touched, (key, named[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_and_menu_lines_are_plain_and_short(language: str) -> None:
    for key, forms in keys(language).items():
        if key.startswith(("button.", "help.")) and key not in {"help.title", "help.heading"}:
            assert "<" not in forms[0] or key == "help.more", key
            assert len(re.sub(r"\{\w+\}", "", forms[0])) <= 60, key


def test_korean_speaks_politely() -> None:
    """A sentence that ends ends in the polite style; headings and labels have no full stop."""
    endings = ("다.", "요.", "요?")
    for key, forms in keys("ko").items():
        last = re.sub(r" ?\([^)]*\)(?=\.$)", "", plain(Html(forms[0])).strip())
        if last.endswith((".", "?")) and "{" not in last[-8:] and key != "format.day":
            assert last.endswith(endings), (key, last)


def test_korean_texts_are_korean() -> None:
    """What is the same in both languages holds no English sentence."""
    for key, forms in keys("ko").items():
        if forms == keys("en")[key] and not key.startswith("format."):
            words = re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}|<[^>]+>", "", forms[0]))
            assert len(words) <= 1, (key, forms[0])
