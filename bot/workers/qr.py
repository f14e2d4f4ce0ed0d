"""Texts as QR codes."""

from __future__ import annotations

import io

import segno

_PIXELS, _BORDER = 8, 4


def png(text: str) -> bytes:
    """A PNG that a phone reads off a screen: 8 pixels a module, with the quiet zone."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=_PIXELS, border=_BORDER)
    return drawn.getvalue()
