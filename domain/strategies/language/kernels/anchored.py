"""Lines that remember for ever, made to forget: each starts anew in blocks of the calendar.

What a stop-and-reverse line says depends on where it began, until it and a line begun elsewhere are
reversed at the same bars: from then on they are one, bit by bit. So where a line begins hardly
matters, and may be fixed. Time is cut into blocks of BLOCK bars, counted from 1970, and in each
block the line is the one that began with the block before: it is between one and two blocks old. A
bot that keeps two blocks of candles says what a backtest of years says, without exception
(docs/adr/0009).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import numpy as np

from domain.market.candles import Bools, Floats

BLOCK = 500
MEMORY = 2 * BLOCK - 1

State = TypeVar("State")


def anchored(
    bars: Floats, known: Bools, begin: Callable[[int], State], step: Callable[[State, int], State]
) -> list[State | None]:
    """The state at each bar; None where it is not known, which leaves the rest as it was.

    `bars`: numbers of the bars since 1970. `begin(i)`: the state of a line that starts at row i;
    `step(state, i)`: the next state. Both read the columns' known rows, by their place among them.
    """
    states = _run((bars[known] // BLOCK).astype(np.int64), begin, step)
    if known.all():
        return list(states)
    out: list[State | None] = [None] * len(bars)
    for place, state in zip(np.flatnonzero(known).tolist(), states, strict=True):
        out[place] = state
    return out


def _run(
    blocks: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    begin: Callable[[int], State],
    step: Callable[[State, int], State],
) -> list[State]:
    states: list[State] = []
    borders = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist(), len(blocks)]
    before = None  # the first row of the block before, if it has rows
    for first, end in pairwise(borders):
        if first == end:
            break
        follows = before is not None and blocks[first] == blocks[first - 1] + 1
        if before is not None and follows:
            state = step(_restarted(states, before, begin, step), first)
        else:
            state = begin(first)
        states.append(state)
        for row in range(first + 1, end):
            state = step(state, row)
            states.append(state)
        before = first
    return states


def _restarted(
    states: list[State],
    start: int,
    begin: Callable[[int], State],
    step: Callable[[State, int], State],
) -> State:
    """The latest state of the line that began at `start`; once it meets the old one, that one's."""
    state = begin(start)
    for row in range(start + 1, len(states)):
        if state == states[row - 1]:
            return states[-1]
        state = step(state, row)
    return state
