"""Makes bot/workers/fonts from Debian's fonts-nanum: `python .ci/make_fonts.py`.

Latin, Hangul and a few signs are kept. The SIL Open Font License lets a changed font go by any name
but the reserved ones, so it is renamed.
"""

from __future__ import annotations

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/truetype/nanum")
TARGET = Path(__file__).parents[1] / "bot" / "workers" / "fonts"
FAMILY = "Leverframe Square"
FACES = {"NanumSquareR.ttf": "Regular", "NanumSquareB.ttf": "Bold"}
KEPT = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *map(ord, "–—‘’“”•…₩€→←↑↓▲▼◀▶●○■□★×÷≤≥≠±·%"),
    *range(0x3131, 0x3164),  # single letters of Hangul
    *range(0xAC00, 0xD7A4),  # its syllables
]
MINUS, DASH = 0x2212, 0x2013
FAMILY_ID, STYLE_ID, UNIQUE_ID, FULL_ID, POSTSCRIPT_ID = 1, 2, 3, 4, 6
COPYRIGHT_IDS = {0, 13, 14}  # these stay as they are


def make(source: Path, style: str) -> None:
    """One face."""
    font = TTFont(source)
    options = subset.Options(
        hinting=False,
        layout_features=[],
        name_IDs=["*"],
        notdef_outline=True,
        recalc_timestamp=False,
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=KEPT)
    cutter.subset(font)
    for table in font["cmap"].tables:
        if DASH in table.cmap:
            table.cmap[MINUS] = table.cmap[DASH]  # the original has no minus sign
    _rename(font, style)
    target = TARGET / f"LeverframeSquare-{style}.ttf"
    font.save(target)
    print(f"{target.name}: {target.stat().st_size // 1024} KB")


def _rename(font: TTFont, style: str) -> None:
    names = font["name"]
    names.names = [entry for entry in names.names if entry.nameID in COPYRIGHT_IDS]
    for number, text in (
        (FAMILY_ID, FAMILY),
        (STYLE_ID, style),
        (UNIQUE_ID, f"{FAMILY} {style} 1"),
        (FULL_ID, f"{FAMILY} {style}"),
        (POSTSCRIPT_ID, f"{FAMILY.replace(' ', '')}-{style}"),
    ):
        names.setName(text, number, 3, 1, 0x409)


if __name__ == "__main__":
    for file, face in FACES.items():
        make(SOURCE / file, face)
