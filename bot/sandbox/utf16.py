"""Telegram counts text in UTF-16 code units; Python counts code points."""

from __future__ import annotations


def units(text: str) -> int:
    """Length of `text` in UTF-16 code units."""
    if text.isascii():
        return len(text)
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def offsets(text: str, positions: list[int]) -> list[int]:
    """Code point positions -> UTF-16 offsets."""
    if units(text) == len(text):
        return positions
    return [units(text[:position]) for position in positions]
