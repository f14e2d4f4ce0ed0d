"""The words that a program may use besides its own names and the functions."""

from __future__ import annotations

from domain.market.scripts import (
    BARS_HELD,
    BEST_PROFIT,
    ENTRY_PRICE,
    IS_LONG,
    MINUTES_HELD,
    PROFIT,
    WORST_PROFIT,
)

PRICES = ("open", "high", "low", "close", "volume")
MEANS = ("hl2", "hlc3", "ohlc4")
CALENDAR = ("minute", "hour", "dayofweek", "month")
SERIES = PRICES + MEANS + CALENDAR
COUNTER = "bar_index"  # as an argument of functions that only care for its steps
HIDDEN_SERIES = ("_time", COUNTER)  # open to the formulas of the function table

CONDITION_OUTPUTS = ("buy", "sell", "exit_long", "exit_short")
NUMBER_OUTPUTS = ("stop_loss", "take_profit", "trail", "trail_after", "confidence")
OUTPUTS = CONDITION_OUTPUTS + NUMBER_OUTPUTS

ELSEWHERE_CALLED = {
    "long": "buy",
    "short": "sell",
    "sl": "stop_loss",
    "tp": "take_profit",
}
"""Outputs as traders and other platforms call them."""

POSITION_SCALARS = {
    "entry_price": ENTRY_PRICE,
    "profit": PROFIT,
    "best_profit": BEST_PROFIT,
    "worst_profit": WORST_PROFIT,
    "bars_held": BARS_HELD,
    "minutes_held": MINUTES_HELD,
    "is_long": IS_LONG,
}
"""What is only known of an open position: name -> operand in a script."""
POSITION_OUTPUTS = ("exit_long", "exit_short", "stop_loss", "take_profit")
"""Outputs that may depend on the position."""
POSITION_FUNCTIONS = ("abs", "min", "max", "clip", "nz", "na")
"""Functions that take values of the position."""

STATEMENTS = ("param", "plot")
SPECIAL = {
    "at_entry": "at_entry(x)",
    "timeframe": 'timeframe("4h", x)',
    "symbol": 'symbol("BTCUSDT", x)',
}
"""What is written like a function and is none: name -> signature."""
