"""The words that a program may use besides its own names and the functions."""

from __future__ import annotations

PRICES = ("open", "high", "low", "close", "volume")
MEANS = ("hl2", "hlc3", "ohlc4")
CALENDAR = ("minute", "hour", "dayofweek", "month")
SERIES = PRICES + MEANS + CALENDAR

CONDITION_OUTPUTS = ("buy", "sell", "exit_long", "exit_short")
NUMBER_OUTPUTS = ("stop_loss", "take_profit", "confidence")
OUTPUTS = CONDITION_OUTPUTS + NUMBER_OUTPUTS

STATEMENTS = ("param", "plot")

# Part of the language, evaluated by the bar step or over other markets: refused until they are.
LATER_OUTPUTS = ("trail", "trail_after")
LATER_SERIES = (
    "entry_price",
    "profit",
    "best_profit",
    "worst_profit",
    "bars_held",
    "minutes_held",
    "is_long",
)
LATER_FUNCTIONS = (
    "timeframe",
    "symbol",
    "at_entry",
    "pattern",
    "supertrend",
    "supertrend_dir",
    "psar",
    "ratchet",
    "obv",
    "ad",
    "ha_open",
    "ha_high",
    "ha_low",
    "ha_close",
    "bar_index",
    "ichimoku_conv",
    "ichimoku_base",
    "ichimoku_a",
    "ichimoku_b",
)
