"""HTML parse mode: what Telegram makes of tags, and how it words its refusals."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.errors import ApiError
from bot.sandbox.html import parse_html
from bot.sandbox.texts import MAX_CAPTION, MAX_TEXT, formatted
from bot.sandbox.utf16 import units


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>bold</b> rest", "bold rest", [entity("bold", 0, 4)]),
        ("<STRONG>x</strong>", "x", [entity("bold", 0, 1)]),
        ("<i>a<u>b</u></i>", "ab", [entity("italic", 0, 2), entity("underline", 1, 1)]),
        ("😀<s>x</s>", "😀x", [entity("strikethrough", 2, 1)]),
        ("a &lt; b &amp; c &quot;d&#39; &#x2192;", "a < b & c \"d' →", []),
        ("&nbsp; &unknown; & alone", "&nbsp; &unknown; & alone", []),
        ("<a href='https://x.org/?a=1&amp;b=2'>go</a>", "go",
         [entity("text_link", 0, 2, url="https://x.org/?a=1&b=2")]),
        ("<a href='javascript:x'>no</a>", "no", []),
        ("<code>1</code>", "1", [entity("code", 0, 1)]),
        ("<pre><code class=\"language-python\">x=1</code></pre>", "x=1",
         [entity("pre", 0, 3, language="python")]),
        ("<pre>a<b>b</b></pre>", "ab", [entity("pre", 0, 2)]),
        ("<tg-spoiler>s</tg-spoiler>", "s", [entity("spoiler", 0, 1)]),
        ("<span class=\"tg-spoiler\">s</span>", "s", [entity("spoiler", 0, 1)]),
        ("<blockquote>q</blockquote>", "q", [entity("blockquote", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [entity("expandable_blockquote", 0, 1)]),
        ("<tg-time unix=\"1647531900\" format=\"wDT\">then</tg-time>", "then",
         [entity("date_time", 0, 4, unix_time=1647531900, date_time_format="wDT")]),
        ("<tg-emoji emoji-id=5>👍</tg-emoji>", "👍",
         [entity("custom_emoji", 0, 2, custom_emoji_id="5")]),
        ("<b></b>x", "x", []),
        ("<b>x</>", "x", [entity("bold", 0, 1)]),
    ],
)  # fmt: skip
def test_tags_become_entities_in_utf16_units(
    source: str, text: str, entities: list[dict[str, Any]]
) -> None:
    assert parse_html(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("1 <2", "Unclosed start tag at byte offset 2"),
        ("가 <wrong>x", 'Unsupported start tag "wrong" at byte offset 4'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag, expected "</b>", found "</i>" at byte offset 4'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</b c>", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href>x</a>",
         'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=\"x>y</a>", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href=", 'Unexpected end of name token in the tag "a" at byte offset 0'),
        ("<tg-time unix=\"soon\">x</tg-time>",
         'Tag "tg-time" must have a valid "unix" and "format"'),
    ],
)  # fmt: skip
def test_bad_markup_is_refused_with_its_byte_offset(source: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_html(source)
    assert refused.value.status == 400
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


@given(st.text())
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    plain = "".join(letter for letter in text if not 0xD800 <= ord(letter) < 0xE000)
    assert parse_html(escape(plain)) == (plain, [])


def parsed_or_refused(source: str) -> tuple[str, list[dict[str, Any]]]:
    """A refusal counts as an empty text; anything but a refusal passes through and fails."""
    try:
        return parse_html(source)
    except ApiError:
        return "", []


@given(st.text(alphabet="<>/bi &;=\"' ax가😀"))
def test_any_text_parses_or_is_refused_and_entities_stay_inside(source: str) -> None:
    text, entities = parsed_or_refused(source)
    for found in entities:
        assert found["length"] > 0
        assert found["offset"] + found["length"] <= units(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start를 보내세요, /start: 시작", [("bot_command", 14, 6)]),
        ("/start_bot BTC/USDT", [("bot_command", 0, 10)]),
        ("see /help@leverframe_bot now", [("bot_command", 4, 20)]),
        ("1/2 and a/b", []),
        ("😀 /go", [("bot_command", 3, 3)]),
        ("@alice #btc $BTC", [("mention", 0, 6), ("hashtag", 7, 4), ("cashtag", 12, 4)]),
        ("https://x.org/a?b=c.", [("url", 0, 19)]),
        ("한국어만", []),
    ],
)
def test_commands_links_and_tags_are_found_in_plain_text(
    text: str, found: list[tuple[str, int, int]]
) -> None:
    _, entities = formatted(text, None, None, MAX_TEXT)
    assert [(e["type"], e["offset"], e["length"]) for e in entities] == found


def test_commands_inside_code_are_not_commands() -> None:
    _, entities = formatted("<code>/start</code> /help", "HTML", None, MAX_TEXT)
    assert [e["type"] for e in entities] == ["code", "bot_command"]


def test_surrounding_space_is_trimmed_and_entities_move_with_it() -> None:
    assert formatted("\n <b> x </b>\n", "HTML", None, MAX_TEXT) == ("x", [entity("bold", 0, 1)])


def test_control_characters_do_not_reach_the_chat() -> None:
    assert formatted("a\x00b\r\nc", None, None, MAX_TEXT) == ("a b\nc", [])


def test_the_limit_counts_utf16_units_after_parsing() -> None:
    fits = "<b>" + "😀" * (MAX_TEXT // 2) + "</b>"
    assert units(formatted(fits, "HTML", None, MAX_TEXT)[0]) == MAX_TEXT
    with pytest.raises(ApiError, match="message is too long"):
        formatted(fits + "x", "HTML", None, MAX_TEXT)
    with pytest.raises(ApiError, match="message caption is too long"):
        formatted("x" * (MAX_CAPTION + 1), "HTML", None, MAX_CAPTION)


def test_given_entities_are_kept_when_they_fit() -> None:
    given_entities = [entity("bold", 0, 1), entity("bold", 5, 9)]
    assert formatted("ab", None, given_entities, MAX_TEXT)[1] == [entity("bold", 0, 1)]


@pytest.mark.parametrize("value", ["x", ["x"], [{"type": "bold", "offset": "0", "length": 1}]])
def test_entities_of_a_wrong_shape_are_refused(value: Any) -> None:
    with pytest.raises(ApiError, match="can't parse MessageEntity"):
        formatted("ab", None, value, MAX_TEXT)


def test_markdown_is_not_spoken_here() -> None:
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        formatted("*a*", "MarkdownV2", None, MAX_TEXT)
