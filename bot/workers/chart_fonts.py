"""The letters of the pictures: one family for Latin and Hangul, which travels with the code.

Made by `.ci/make_fonts.py`; licence beside the files. Signs that it lacks come from matplotlib's
own font; what neither has, such as emoji, is left out.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

FAMILY = "Leverframe Square"
_FOLDER = Path(__file__).parent / "fonts"
_SECOND = "DejaVu Sans"
_MISSING = "□"


def use_fonts() -> None:
    """From here on every text is set in them."""
    _add_fonts()
    mpl.rcParams["font.family"] = [FAMILY, _SECOND]


def printable(text: str) -> str:
    """`text` on one line, without the signs that no font has; a box where none is left."""
    known = _signs()
    shown = "".join(sign if ord(sign) in known else " " for sign in text)
    return " ".join(shown.split()) or _MISSING * bool(text.strip())


@cache
def _add_fonts() -> None:
    for path in sorted(_FOLDER.glob("*.ttf")):
        font_manager.fontManager.addfont(str(path))


@cache
def _signs() -> frozenset[int]:
    second = font_manager.findfont(_SECOND)
    files = [*sorted(str(path) for path in _FOLDER.glob("*-Regular.ttf")), second]
    return frozenset().union(*(FT2Font(file).get_charmap() for file in files))
