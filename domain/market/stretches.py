"""Stretches of time: what is known of a history, and what is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Stretch(NamedTuple):
    """[start_ms, end_ms), UTC."""

    start_ms: int
    end_ms: int


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """In order, without overlaps; those that touch are one, empty ones are left out."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if found and start <= found[-1].end_ms:
            found[-1] = Stretch(found[-1].start_ms, max(found[-1].end_ms, end))
        else:
            found.append(Stretch(start, end))
    return found


def outside(known: Iterable[Stretch], wanted: Stretch) -> list[Stretch]:
    """What of `wanted` is not `known`, in order."""
    found: list[Stretch] = []
    begin = wanted.start_ms
    for start, end in joined(known):
        if end <= begin:
            continue
        if start >= wanted.end_ms:
            break
        if start > begin:
            found.append(Stretch(begin, start))
        begin = end
    if begin < wanted.end_ms:
        found.append(Stretch(begin, wanted.end_ms))
    return found


def within(stretches: Iterable[Stretch], bounds: Stretch) -> list[Stretch]:
    """Each cut at `bounds`; what lies outside is left out."""
    cut = (
        Stretch(max(start, bounds.start_ms), min(end, bounds.end_ms)) for start, end in stretches
    )
    return [stretch for stretch in cut if stretch.start_ms < stretch.end_ms]
