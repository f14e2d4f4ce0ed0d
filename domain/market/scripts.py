"""What a strategy says of an open position: small postfix programs over columns of the candles.

An exit or a level that depends on the position ("out after 96 bars", "break even after +3%") cannot
be a column: it differs from position to position. So the language hands over two things: columns
that are the same for everybody (`PositionScripts.columns`), and for each such output a `Script`,
the small rest, which whoever holds the position runs at each close (`domain.trading.scripts`). It
is data, run by one stack machine in the backtest's both gears, in replay, paper and live.

Numbers are doubles, missing = NaN; conditions are 1.0 and 0.0. As in the language: what is not
finite becomes NaN, a comparison with NaN is 0.0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MAX_STACK = 64
"""Values that a script may have on its stack at once; the language refuses what needs more."""

# Operations: `Script.codes`. Taken from the stack (the last on top) -> put there.
PUSH = 0  # -> the operand
COLUMN = 1  # -> column [operand] at the bar that closes
AT_ENTRY = 2  # -> column [operand] at the signal bar of the position
SCALAR = 3  # -> position scalar [operand]
ADD, SUB, MUL, DIV, FLOORDIV, MOD, POW = 4, 5, 6, 7, 8, 9, 10  # a b -> a op b
NEG = 11  # a -> -a
LT, LE, GT, GE, EQ, NE = 12, 13, 14, 15, 16, 17  # a b -> 1.0 or 0.0
AND, OR = 18, 19  # a b -> 1.0 or 0.0
NOT = 20  # a -> 1.0 or 0.0
SELECT = 21  # test yes no -> yes if test else no
ABS = 22  # a -> |a|
MIN, MAX = 23, 24  # a b -> the smaller, the larger; NaN when one is
CLIP = 25  # a low high -> a kept inside
NZ = 26  # a b -> b where a is missing
IS_NA = 27  # a -> 1.0 where a is missing

# Position scalars: the operand of SCALAR. Percents are of the entry price, signed in the position's
# favour, before fees and leverage.
ENTRY_PRICE = 0  # the fill's price; at the signal bar its close
PROFIT = 1  # percent at this close
BEST_PROFIT = 2  # percent, the best price since the fill, this bar included; never below 0
WORST_PROFIT = 3  # percent, the worst price since the fill, this bar included; never above 0
BARS_HELD = 4  # closes since the fill: 1 at the close of the entry bar, 0 at the signal bar
MINUTES_HELD = 5  # from the open of the entry bar to this close; 0 at the signal bar
IS_LONG = 6  # 1.0 or 0.0
SCALARS = 7


class Script(NamedTuple):
    """One output in postfix order. `operands` has one number per code: unused ones are 0.0."""

    codes: tuple[int, ...]
    operands: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PositionScripts:
    """The outputs of a program that depend on the position; None = the column in `Signals` holds.

    Run at each close from the entry bar's on: exits fill at the next open, levels (percent of the
    entry price, as in `Signals`; a negative stop lies in profit) hold from the next bar on. A stop
    never loosens: a value that would loosen it, or NaN, leaves it where it is. A take profit moves
    freely, NaN leaves it. `columns`: same length as the candles. What holds at the signal bar is in
    `Signals.stop_loss` and `take_profit` already, evaluated with the scalars of a fresh position.
    """

    columns: tuple[npt.NDArray[np.float64], ...] = ()
    exit_long: Script | None = None
    exit_short: Script | None = None
    stop_loss: Script | None = None
    take_profit: Script | None = None

    def slice(self, start: int, stop: int | None) -> PositionScripts:
        """Rows start..stop of the columns as views."""
        return replace(self, columns=tuple(each[start:stop] for each in self.columns))

    def at(self, bar: int) -> PositionScripts:
        """The same with one row of the columns (copied, so that the others can go)."""
        return replace(self, columns=tuple(each[bar].reshape(1).copy() for each in self.columns))
