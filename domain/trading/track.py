"""What is remembered of an order and of a position for the scripts of a strategy; kept in rows.

Prices are doubles here, as in the bar step: rounded to decimals a stop would not be the backtest's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignalBar:
    """What the scripts of a program read at the signal bar (`at_entry`).

    `program`: its key (`Bound.key`). `values`: its columns there, None = missing.
    """

    program: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """An open position from its fill to the last close that its scripts saw.

    `signal` None: another program opened it, or none. `stop`, `take`: prices as the scripts left
    them, None = none. `best`, `worst`: prices since the fill; `bars`: closes since then.
    """

    signal: SignalBar | None
    entry: float
    stop: float | None
    take: float | None
    best: float
    worst: float
    bars: int = 0
