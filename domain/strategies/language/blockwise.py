"""The last steps of a program over blocks of bars: what differs between combinations of a sweep.

A block's values stay in the processor's nearest memory from step to step, where whole columns
travel back and forth. Plain Python over arrays, so that it runs as it stands and compiled; only
compiled it is fast. The steps mean what `operations` says, with the same bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from domain.market.candles import Bools, Floats, Times
from domain.market.said import BUY, SELL, Flags
from domain.market.scripts import (
    ABS,
    ADD,
    AND,
    EQ,
    IS_NA,
    LE,
    LT,
    MAX,
    MIN,
    MUL,
    NE,
    NEG,
    NOT,
    NZ,
    OR,
    SELECT,
    SUB,
)

# Codes of its own, beside those of the scripts.
SELECT_IF = 28  # test yes no -> yes if test else no, all conditions
AGO, AGO_IF = 29, 30  # a bars -> a number, a condition as it was so many bars ago
TELL = 31  # bit a -> sets the bit of the flags where the condition holds

BLOCK = 2048  # bars: of a few registers all is in the nearest memory
WORDS = 5  # of a step: code, the register of its result, up to three that it reads


class Steps(NamedTuple):
    """`words`: the steps, WORDS each. Numbers and conditions have registers of their own, named by
    their places in `Room`; a step's result is in none that it reads. First come those that hold
    `constants` and `switches`, then those of the columns `numbers` and `conditions`. A register has
    `block` bars, and before them `halo` bars for the steps that look back. Nothing is said before
    the row `warmup`.
    """

    words: Times
    constants: Floats
    switches: Bools
    numbers: tuple[Floats, ...]
    conditions: tuple[Bools, ...]
    block: int
    halo: int
    warmup: int


class Room(NamedTuple):
    """The registers of numbers and of conditions, one after the other."""

    cells: Floats
    bits: Bools


def say(steps: Steps, room: Room, flags: Flags) -> int:
    """Fills `flags` with what is said at each bar; at how many of them something is entered."""
    words, cells, bits, width = steps.words, room.cells, room.bits, steps.block + steps.halo
    for place in range(len(steps.constants)):
        fill(cells[place * width : (place + 1) * width], steps.constants[place])
    for place in range(len(steps.switches)):
        fill(bits[place * width : (place + 1) * width], steps.switches[place])
    fill(flags, 0)
    for start in range(0, len(flags), steps.block):
        stop, begin = min(start + steps.block, len(flags)), max(start - steps.halo, 0)
        load(steps, room, begin, stop)
        for at in range(0, len(words), WORDS):
            take(
                words[at : at + WORDS], stop - begin, start - begin, cells, bits, flags[start:stop]
            )
    fill(flags[: steps.warmup], 0)
    return entries(flags)


def load(steps: Steps, room: Room, begin: int, stop: int) -> None:
    """The given columns' bars begin..stop into their registers."""
    width = steps.block + steps.halo
    at = len(steps.constants) * width
    for numbers in steps.numbers:
        if len(numbers) > 0:
            copy(room.cells[at : at + stop - begin], numbers[begin:stop])
        at += width
    at = len(steps.switches) * width
    for conditions in steps.conditions:
        if len(conditions) > 0:
            copy(room.bits[at : at + stop - begin], conditions[begin:stop])
        at += width


def take(words: Times, bars: int, before: int, cells: Floats, bits: Bools, flags: Flags) -> None:
    """One step over so many `bars`, the first `before` of which are the halo."""
    code = words[0]
    if code == TELL:
        tell(flags, words[1], bits[words[2] + before : words[2] + bars])
    elif code in (AND, OR, NOT, SELECT_IF, AGO_IF):
        of_conditions(words, bars, bits)
    elif LT <= code <= NE or code == IS_NA:
        of_comparison(words, bars, cells, bits)
    elif code == SELECT:
        choose(
            cells[words[1] : words[1] + bars],
            bits[words[2] : words[2] + bars],
            cells[words[3] : words[3] + bars],
            cells[words[4] : words[4] + bars],
        )
    else:
        of_numbers(words, bars, cells)


def of_conditions(words: Times, bars: int, bits: Bools) -> None:
    """A condition of conditions."""
    code, out = words[0], bits[words[1] : words[1] + bars]
    first = bits[words[2] : words[2] + bars]
    if code == NOT:
        invert(out, first)
    elif code == AGO_IF:
        ago(out, first, words[3], False)
    elif code == AND:
        both(out, first, bits[words[3] : words[3] + bars])
    elif code == OR:
        either(out, first, bits[words[3] : words[3] + bars])
    else:
        yes = bits[words[3] : words[3] + bars]
        choose(out, first, yes, bits[words[4] : words[4] + bars])


def of_comparison(words: Times, bars: int, cells: Floats, bits: Bools) -> None:
    """A condition of numbers."""
    code, out = words[0], bits[words[1] : words[1] + bars]
    first, second = cells[words[2] : words[2] + bars], cells[words[3] : words[3] + bars]
    if code == LT:
        less(out, first, second)
    elif code == LE:
        at_most(out, first, second)
    elif code == EQ:
        equal(out, first, second)
    elif code == NE:
        differs(out, first, second)
    else:
        missing(out, first)


def of_numbers(words: Times, bars: int, cells: Floats) -> None:
    """A number of numbers."""
    code, out = words[0], cells[words[1] : words[1] + bars]
    first = cells[words[2] : words[2] + bars]
    if code == AGO:
        ago(out, first, words[3], math.nan)
    elif code == NEG:
        negate(out, first)
    elif code == ABS:
        size(out, first)
    else:
        of_two(code, out, first, cells[words[3] : words[3] + bars])


def of_two(code: int, out: Floats, a: Floats, b: Floats) -> None:
    """A number of two numbers."""
    if code == ADD:
        add(out, a, b)
    elif code == SUB:
        subtract(out, a, b)
    elif code == MUL:
        multiply(out, a, b)
    elif code == MIN:
        smaller(out, a, b)
    elif code == MAX:
        larger(out, a, b)
    elif code == NZ:
        otherwise(out, a, b)
    else:
        divide(out, a, b)


def finite(value: float) -> float:
    """What is not finite is na."""
    return value if abs(value) < math.inf else math.nan


def fill(out: Any, value: float | bool) -> None:
    for at in range(len(out)):
        out[at] = value


def copy(out: Any, column: Any) -> None:
    for at in range(min(len(out), len(column))):
        out[at] = column[at]


def entries(flags: Flags) -> int:
    found = 0
    for at in range(len(flags)):
        found += int(flags[at] & (BUY | SELL) != 0)
    return found


def tell(flags: Flags, bit: int, holds: Bools) -> None:
    for at in range(len(flags)):
        flags[at] |= bit * holds[at]


def both(out: Bools, a: Bools, b: Bools) -> None:
    for at in range(len(out)):
        out[at] = a[at] & b[at]


def either(out: Bools, a: Bools, b: Bools) -> None:
    for at in range(len(out)):
        out[at] = a[at] | b[at]


def invert(out: Bools, a: Bools) -> None:
    for at in range(len(out)):
        out[at] = not a[at]


def choose(out: Any, test: Bools, yes: Any, no: Any) -> None:
    for at in range(len(out)):
        out[at] = yes[at] if test[at] else no[at]


def ago(out: Any, a: Any, bars: int, before: float | bool) -> None:
    """`before`: what is where history had not begun."""
    fill(out[:bars], before)
    copy(out[bars:], a)


def missing(out: Bools, a: Floats) -> None:
    for at in range(len(out)):
        out[at] = math.isnan(a[at])


def less(out: Bools, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = a[at] < b[at]


def at_most(out: Bools, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = a[at] <= b[at]


def equal(out: Bools, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = a[at] == b[at]


def differs(out: Bools, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = (a[at] < b[at]) | (a[at] > b[at])


def negate(out: Floats, a: Floats) -> None:
    for at in range(len(out)):
        out[at] = -a[at]


def size(out: Floats, a: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(abs(a[at]))


def add(out: Floats, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(a[at] + b[at])


def subtract(out: Floats, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(a[at] - b[at])


def multiply(out: Floats, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(a[at] * b[at])


def divide(out: Floats, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(a[at] / b[at]) if b[at] != 0.0 else math.nan


def smaller(out: Floats, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(a[at] if a[at] < b[at] or math.isnan(a[at]) else b[at])


def larger(out: Floats, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(a[at] if a[at] > b[at] or math.isnan(a[at]) else b[at])


def otherwise(out: Floats, a: Floats, b: Floats) -> None:
    for at in range(len(out)):
        out[at] = finite(b[at] if math.isnan(a[at]) else a[at])
