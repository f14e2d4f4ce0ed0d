"""Tables that are aligned on a phone, in Hangul too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from handlers.render.tables import WIDE_SPACE, columns, pairs, shorten, table, wide
from handlers.texts import Html, plain

CELLS = st.text(st.sampled_from("ab1 가나다.,%+"), min_size=1, max_size=8).map(str.strip)


def body(block: str) -> list[str]:
    return plain(Html(block)).split("\n")


def test_names_left_and_values_right() -> None:
    assert pairs([("Size", "0.5"), ("Entry", "61,234.5")]) == (
        "<pre>Size        0.5\nEntry  61,234.5</pre>"
    )


def test_hangul_is_two_columns_wide() -> None:
    assert (columns("수량"), columns("ab"), wide("수a량"), columns("e\u0301")) == (4, 2, 2, 1)


def test_names_of_different_length_are_evened_out_in_wide_spaces() -> None:
    first, second = body(pairs([("수량", "1"), ("증거금", "22")]))
    assert first == f"수량{WIDE_SPACE}   1"
    assert second == "증거금  22"


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6))
def test_all_lines_of_a_table_are_as_wide(rows: list[tuple[str, str, str]]) -> None:
    filled = [(a or "x", b or "x", (c or "x")) for a, b, c in rows]
    lines = body(table(filled, "lrr"))
    assert len({columns(line) for line in lines}) == 1
    assert len({wide(line) for line in lines}) == 1


def test_no_rows_no_table() -> None:
    assert table([], "lr") == ""


def test_cells_are_escaped() -> None:
    assert table([("<b>", "&")], "ll") == "<pre>&lt;b&gt;  &amp;</pre>"


def test_long_names_are_cut_with_an_ellipsis() -> None:
    assert shorten("Donchian breakout", 8) == "Donchia…"
    assert shorten("돈치안돌파", 5) == "돈치…"
    assert shorten("short", 8) == "short"
