"""How deep an equity curve fell, from a position's closes as they pass: no curve is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.backtests.blocks import BITS, BLOCK


class Track(NamedTuple):
    """What the figures need of the candles.

    `close`; `bottoms`, `tops`: its least and greatest value in each whole block of BLOCK bars;
    `ends`: the row of each day's last close, ascending, closed by a number beyond the last row.
    """

    close: Sequence[float]
    bottoms: Sequence[float]
    tops: Sequence[float]
    ends: Sequence[int]


class Depth(NamedTuple):
    """`lowest`: the least equity so far as a share of the `peak` before it; `floor`: what the
    equity must fall below to go deeper.
    """

    peak: float
    lowest: float
    floor: float


def deepened(depth: Depth, equity: float) -> Depth:
    """After a mark at `equity`."""
    if equity > depth.peak:
        return Depth(equity, depth.lowest, equity * depth.lowest)
    if equity < depth.floor:
        return Depth(depth.peak, equity / depth.peak, equity)
    return depth


def deepened_over(
    depth: Depth, start: int, stop: int, wallet: float, qty: float, entry: float, track: Track
) -> Depth:
    """After the closes of bars start..stop, held through; whole blocks that add nothing skipped."""
    bar = start
    while bar < stop:
        whole = bar & (BLOCK - 1) == 0 and bar + BLOCK <= stop
        if whole:
            one = wallet + qty * (track.bottoms[bar >> BITS] - entry)
            other = wallet + qty * (track.tops[bar >> BITS] - entry)
            if max(one, other) <= depth.peak and min(one, other) >= depth.floor:
                bar += BLOCK
                continue
        after = bar + BLOCK if whole else bar + 1
        while bar < after:
            depth = deepened(depth, wallet + qty * (track.close[bar] - entry))
            bar += 1
    return depth
