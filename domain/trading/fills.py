"""The words of the bar step: position, order, exit, and the codes of their reasons.

Tuples of floats and ints only, so that compiled code can hold them.
"""

from __future__ import annotations

from typing import NamedTuple

NO_EXIT = 0
TAKE_PROFIT = 1
STOP_LOSS = 2
SIGNAL_REVERSE = 3
MANUAL = 4
LIQUIDATION = 5
EXIT_REASONS = ("", "take_profit", "stop_loss", "signal_reverse", "manual", "liquidation")

NO_DETAIL = 0
GAP = 1
LEVEL = 2
EXIT_SIGNAL = 3
REVERSE = 4
END_OF_DATA = 5
BY_HAND = 6
EXIT_DETAILS = ("", "gap", "level", "exit_signal", "reverse", "end_of_data", "by_hand")


class Position(NamedTuple):
    """An open position; `side` +1 long, -1 short, 0 flat (then everything else is 0).

    `stop`, `take`, `liquidation`: prices; `take` NaN = none. `margin`: isolated, as put in at the
    entry. `entry_fee`, `funding` (paid so far, negative = received), `slippage`: USDT.
    """

    side: int
    qty: float
    entry_price: float
    entry_time: int
    stop: float
    take: float
    liquidation: float
    margin: float
    entry_fee: float
    funding: float
    slippage: float


class Order(NamedTuple):
    """What was decided at a close and fills at the next step's open.

    `close`: 0, or the exit detail (EXIT_SIGNAL, REVERSE, END_OF_DATA, BY_HAND) of a reduce-only
    close. `side`: 0, or the side of an entry; close and side together are a reversal. `qty` > 0:
    that size; 0: sized at the fill from the wallet as it then is. `price`: the signal bar's close.
    `stop_percent`, `take_percent` (NaN = none): of the entry price. `level_base` 0: levels are
    measured from the fill, else from this price.
    """

    close: int
    side: int
    qty: float
    price: float
    stop_percent: float
    take_percent: float
    level_base: float


class Exit(NamedTuple):
    """How a position ended; `reason` NO_EXIT = it did not.

    `pnl` is net: gross - fees - funding, of the whole trade (entry fee included). `fees`,
    `funding`, `slippage`: whole trade, USDT; slippage is already inside the prices. `both_touched`:
    the bar touched an adverse and a favourable level and the adverse one was taken.
    """

    reason: int
    detail: int
    price: float
    pnl: float
    fees: float
    funding: float
    slippage: float
    both_touched: bool


# No position; nothing pending; a position that is still there.
FLAT = Position(0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
NO_ORDER = Order(0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
HELD = Exit(NO_EXIT, NO_DETAIL, 0.0, 0.0, 0.0, 0.0, 0.0, False)
