"""Long texts become several messages that each are whole HTML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media import bare, caption_of, opened, parts

_UNBROKEN = re.compile(r"(?:[^<>&]|</?[a-z]+>|&(?:lt|gt|amp);)*", re.DOTALL)
LINES = st.lists(
    st.tuples(st.sampled_from(["", "b", "i", "code"]), st.text("abc한글😀 ", max_size=200)),
    min_size=1,
    max_size=200,
)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _balanced(text: str) -> bool:
    return all(
        text.count(f"<{tag}>") == text.count(f"</{tag}>") for tag in ("b", "i", "code", "pre")
    )


@given(LINES)
def test_every_part_fits_and_has_its_tags_closed(lines: list[tuple[str, str]]) -> None:
    text = "<pre>" + "\n".join(f"<{t}>{x}</{t}>" if t else x for t, x in lines) + "</pre>"
    for part in parts(text):
        assert _units(part) <= 4096
        assert _balanced(part)


def test_a_short_text_stays_as_it_is() -> None:
    assert parts("<b>hello</b>") == ["<b>hello</b>"]


def test_nothing_is_lost_when_a_text_is_cut() -> None:
    text = "\n".join(f"line {number}" for number in range(2000))
    joined = "".join(parts(text))
    assert [line for line in text.split("\n") if line not in joined] == []


def test_one_endless_line_is_cut_too() -> None:
    assert all(_units(part) <= 4096 for part in parts("x" * 20_000))


def test_a_caption_ends_on_a_whole_line() -> None:
    text = "\n".join(f"<b>row {number}</b>" for number in range(500))
    caption = caption_of(text)
    assert caption.endswith("…")
    assert _balanced(caption)
    assert caption_of("short") == "short"


def test_only_files_of_the_data_directory_are_opened(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("no")
    with pytest.raises(FileNotFoundError), opened(tmp_path / "in", "../secret"):
        pass


@given(LINES)
def test_a_cut_never_goes_through_a_tag_or_an_entity(lines: list[tuple[str, str]]) -> None:
    text = "".join(f"<b>{x}</b>&lt;{x}&amp;" if t else f"{x}&gt;" for t, x in lines) * 3
    for part in parts(text):
        assert _UNBROKEN.fullmatch(part)


def test_without_its_tags_a_text_reads_as_it_was_seen() -> None:
    assert bare("<b>5 &lt; 6</b> &amp; <a href='x'>link</a>") == "5 < 6 & link"
