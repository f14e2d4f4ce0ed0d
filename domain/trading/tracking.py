"""Positions followed by scripts, one close at a time: what is remembered, and what comes of it.

The backtest carries this from bar to bar in memory; here it lives in the position's row
(`domain.trading.tracked`). What is made of it is the same code's: `domain.trading.following`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.clock import to_ms
from domain.market.candles import Candles
from domain.market.scripts import PositionScripts
from domain.money import exact
from domain.trading.fills import FLAT
from domain.trading.following import Reach, follow, reached
from domain.trading.intents import SIMULATED
from domain.trading.models import Order, Position
from domain.trading.ports import ExchangeFill
from domain.trading.scripts import SCRATCH, table_of
from domain.trading.track import SignalBar, Track


@dataclass(frozen=True, slots=True)
class Close:
    """A bar of the bot's timeframe as it closes, at `price`, with the rows that scripts read there.

    `program`: the key of the program whose `scripts` they are. `tick`: the market's price step.
    `unseen`: earlier bars that the position was held through and nobody followed it in.
    """

    close_ms: int
    price: float
    high: float
    low: float
    program: str
    scripts: PositionScripts
    tick: float
    unseen: Candles | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What a close makes of a position: `moved` levels hold from the next bar on, `leaves`: its
    exit says so. `simulated`: levels stand as soon as they are told, at a real exchange the guard
    sets them.
    """

    position_id: int
    simulated: bool
    close_ms: int
    track: Track
    moved: bool
    leaves: bool


def signal_bar(program: str, scripts: PositionScripts | None) -> SignalBar | None:
    """What an entry must remember of the bar it is decided at; None without scripts."""
    if scripts is None:
        return None
    row = (float(column[-1]) for column in scripts.columns)
    return SignalBar(program, tuple(value if math.isfinite(value) else None for value in row))


def begun(fill: ExchangeFill, order: Order | None) -> Track | None:
    """At an entry's fill; None for a strategy that lets its positions be."""
    if order is None or order.signal_bar is None:
        return None
    entry, stop, take = float(fill.price), fill.stop_price, fill.take_profit_price
    return Track(order.signal_bar, entry, _number(stop), _number(take), entry, entry)


def averaged(track: Track, entry: Decimal, price: Decimal, long: bool) -> Track:
    """After a further fill at `price`, which makes `entry` the average."""
    reach = reached(Reach(track.best, track.worst), 1 if long else -1, float(price), float(price))
    return replace(track, entry=float(entry), best=reach.best, worst=reach.worst)


def follow_position(position: Position, seen: Close) -> Followed | None:
    """One close of a position; None if it was not held then, or was seen before."""
    opened_ms = to_ms(position.opened_at or position.updated_at)
    if opened_ms >= seen.close_ms or (position.tracked_ms or 0) >= seen.close_ms:
        return None
    track = position.track or adopted(position)
    side = 1 if position.side == "long" else -1
    simulated = position.mode in SIMULATED
    stop = _standing(track.stop, position.stop_price if simulated else position.stop_wanted)
    take = _standing(track.take, position.take_profit_price if simulated else position.take_wanted)
    reach, bars = _reach(track, side, seen)
    table = table_of(seen.scripts)
    moved, leaves = follow(
        FLAT._replace(
            side=side,
            entry_price=track.entry,
            entry_time=opened_ms,
            stop=-side * math.inf if stop is None else stop,
            take=math.nan if take is None else take,
        ),
        reach,
        bars,
        seen.price,
        seen.close_ms,
        table,
        [*(float(column[-1]) for column in seen.scripts.columns), *_at_entry(track, seen)],
        0,
        table.width,
        seen.tick,
        [0.0] * SCRATCH,
    )
    left = replace(
        track,
        stop=_known(moved.stop),
        take=_known(moved.take),
        best=reach.best,
        worst=reach.worst,
        bars=bars,
    )
    changed = (left.stop, left.take) != (stop, take)
    return Followed(position.id, simulated, seen.close_ms, left, changed, leaves)


def unseen_since(position: Position, bar_ms: int) -> int:
    """The open (ms) of the first bar of the bot's timeframe that its scripts have not seen."""
    if position.tracked_ms is not None:
        return position.tracked_ms
    opened_ms = to_ms(position.opened_at or position.updated_at)
    return opened_ms - opened_ms % bar_ms


def _reach(track: Track, side: int, seen: Close) -> tuple[Reach, int]:
    """(best and worst price since the fill, closes since then), this bar included."""
    reach, bars = Reach(track.best, track.worst), track.bars + 1
    if seen.unseen is not None and len(seen.unseen) > 0:
        high, low = float(seen.unseen.high.max()), float(seen.unseen.low.min())
        reach, bars = reached(reach, side, high, low), bars + len(seen.unseen)
    return reached(reach, side, seen.high, seen.low), bars


def _at_entry(track: Track, seen: Close) -> Sequence[float]:
    """The signal bar's values; all missing for a position that another program opened."""
    if track.signal is None or track.signal.program != seen.program:
        return [math.nan] * len(seen.scripts.columns)
    return [math.nan if value is None else value for value in track.signal.values]


def adopted(position: Position) -> Track:
    """A position that no script followed so far."""
    entry = float(position.entry_price)
    return Track(None, entry, None, None, entry, entry)


def _standing(ours: float | None, stands: Decimal | None) -> float | None:
    """The level in force: the double it was made of, unless somebody moved it since."""
    if ours is not None and shown(ours) == stands:
        return ours
    return _number(stands)


def _number(price: Decimal | None) -> float | None:
    return None if price is None else float(price)


def _known(level: float) -> float | None:
    return level if math.isfinite(level) else None


def shown(level: float | None) -> Decimal | None:
    """As it is shown; a price at or below zero is never reached."""
    return None if level is None or level <= 0.0 else exact(level)
