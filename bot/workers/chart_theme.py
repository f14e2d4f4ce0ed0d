"""Colours of the pictures. Dark by default: that is how most traders keep their phones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """`gain`, `loss`: money won and lost, long and short; `accent`: the strategy's own curve."""

    background: str
    panel: str
    grid: str
    text: str
    muted: str
    accent: str
    price: str
    benchmark: str
    gain: str
    loss: str


DARK = Theme(
    background="#0d131d",
    panel="#121a27",
    grid="#22304a",
    text="#edf2fa",
    muted="#93a3bb",
    accent="#4ea8ff",
    price="#9fb3d1",
    benchmark="#d9a441",
    gain="#2ecc8f",
    loss="#ff5a70",
)
LIGHT = Theme(
    background="#ffffff",
    panel="#f7f9fc",
    grid="#dde4ee",
    text="#141c28",
    muted="#5c6b80",
    accent="#1668d6",
    price="#5d7391",
    benchmark="#b07a12",
    gain="#0e9f6e",
    loss="#d92645",
)
THEMES = {"dark": DARK, "light": LIGHT}
