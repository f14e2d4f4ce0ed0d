"""Monospaced tables that fit a phone and stay aligned in every font.

Hangul is two columns wide in a terminal but not in a phone's fallback font. So a cell is first
given as many wide characters as its neighbours (ideographic spaces, as wide as Hangul in the same
font), then filled with blanks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from handlers.texts import Html, markup

PHONE_COLUMNS = 34
WIDE_SPACE = "\u3000"
_GAP = "  "


def wide(text: str) -> int:
    """How many characters take two columns."""
    return sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)


def columns(text: str) -> int:
    """How many columns a text takes; combining marks take none."""
    return len(text) + wide(text) - sum(bool(unicodedata.combining(sign)) for sign in text)


def table(rows: Sequence[Sequence[str]], align: str) -> Html:
    """Rows of plain cells -> a <pre> block. `align`: one letter per column, l or r."""
    if not rows:
        return Html("")
    turned = zip(*rows, strict=True)
    fitted = [_column(cells, how) for cells, how in zip(turned, align, strict=True)]
    lines = [_GAP.join(cells).rstrip(" " + WIDE_SPACE) for cells in zip(*fitted, strict=True)]
    return Html(f"<pre>{markup(chr(10).join(lines))}</pre>")


def pairs(rows: Sequence[tuple[str, str]]) -> Html:
    """A name and a value per row: names to the left, values aligned at their right."""
    return table(rows, "lr")


def shorten(text: str, most: int) -> str:
    """At most `most` columns, with an ellipsis when cut."""
    if columns(text) <= most:
        return text
    kept, used = "", 1
    for sign in text:
        used += columns(sign)
        if used > most:
            break
        kept += sign
    return kept.rstrip() + "…"


def _column(cells: Sequence[str], align: str) -> list[str]:
    most_wide = max(wide(cell) for cell in cells)
    evened = [_pad(cell, WIDE_SPACE * (most_wide - wide(cell)), align) for cell in cells]
    most = max(columns(cell) for cell in evened)
    return [_pad(cell, " " * (most - columns(cell)), align) for cell in evened]


def _pad(cell: str, padding: str, align: str) -> str:
    return padding + cell if align == "r" else cell + padding
