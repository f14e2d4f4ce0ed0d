"""Candles, signals and rules as the columns the bar loop reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from domain.backtests.blocks import Survey, Surveyor, eights, survey
from domain.backtests.columns import (
    MARK_FLOATS,
    NEW_DAY_AT_CLOSE,
    NEW_DAY_BEFORE,
    TRADE_FLOATS,
    TRADE_INTS,
)
from domain.backtests.detail import Stepped, stepped
from domain.backtests.rules import Rules
from domain.errors import DomainError
from domain.market.candles import Candles, Floats, Signals, Times
from domain.market.ports import Funding
from domain.market.said import Said, said_of
from domain.market.timeframes import to_ms
from domain.trading.scripts import table_of

Column = npt.NDArray[np.float64] | npt.NDArray[np.int64] | npt.NDArray[np.int8]
FUNDING_INTERVAL_MS = 8 * 3_600_000  # 00, 08, 16 UTC unless the series itself is denser


_NO_SCRIPTS: dict[str, Column] = {
    "codes": np.zeros(0, np.int64),
    "operands": np.zeros(0, np.float64),
    "starts": np.array(table_of(None).starts, np.int64),
    "values": np.zeros(0, np.float64),
}


class FundingDue(NamedTuple):
    """`bars`: at whose open something is due, then the number of bars; `rates`: the sums.

    `at_end`: due between the last open and the last close. `missing`: stamps without a rate.
    """

    bars: Times
    rates: Floats
    at_end: float
    missing: int


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Columns as arrays, in the order of `loop.Columns`, and how much the loop can write.

    `regular`: no bar is missing.
    """

    arrays: tuple[Column, ...]
    regular: bool
    bars: Stepped
    bar_ms: int
    funding: FundingDue
    width: int
    most_trades: int
    most_marks: int

    def buffers(self) -> tuple[tuple[int, int], ...]:
        """(ints, floats) of the trade rows, then of the mark rows."""
        return (
            (self.most_trades * TRADE_INTS, self.most_trades * TRADE_FLOATS),
            (self.most_marks, self.most_marks * MARK_FLOATS),
        )


def prepare(
    candles: Candles,
    signals: Signals,
    rules: Rules,
    detail: Candles | None = None,
    survey: Surveyor = survey,
) -> Prepared:
    """Checks the shapes and makes the columns. `detail`: finer candles to step.

    Raises DomainError("no_candles"), ("candles_disordered", row), ("candles_invalid", row),
    ("signals_length", bars, signals).
    """
    bars = len(candles)
    if bars == 0:
        raise DomainError("no_candles")
    check_length(bars, len(signals))
    found = _sound(candles, survey(candles))
    bar_ms = to_ms(rules.timeframe or "1m") if rules.timeframe or bars == 1 else found.least_ms
    stepping = stepped(candles, bar_ms, _checked(detail, survey))
    least_ms = found.least_ms
    if stepping.candles is not candles:
        found = survey(stepping.candles)
    funding = funding_due(stepping.candles.time, int(candles.time[-1]) + bar_ms, rules.funding)
    limit = rules.daily_loss_limit
    day = np.zeros(0, np.int64) if limit is None else day_starts(candles.time, bar_ms, rules.tz)
    said = said_of(signals)
    columns = spoken(said, stepping)
    return Prepared(
        arrays=(
            *_stepped_columns(stepping.candles),
            found.bottoms,
            found.tops,
            stepping.rows,
            columns["flags"],
            columns["eights"],
            np.ascontiguousarray(candles.time, np.int64),
            columns["stop"],
            columns["take"],
            day,
            funding.bars,
            funding.rates,
            *(columns[name] for name in ("codes", "operands", "starts", "values")),
        ),
        regular=_is_regular(candles.time, bar_ms, least_ms),
        bars=stepping,
        bar_ms=bar_ms,
        funding=funding,
        width=width_of(said),
        most_trades=said.entries + 1,
        most_marks=most_marks(said, funding),
    )


def check_length(bars: int, said: int) -> None:
    """Raises DomainError("signals_length", bars, signals) unless something is said of each bar."""
    if said != bars:
        raise DomainError("signals_length", bars=bars, signals=said)


def _stepped_columns(bars: Candles) -> tuple[Column, ...]:
    prices = (bars.open, bars.high, bars.low, bars.close)
    return (
        np.ascontiguousarray(bars.time, np.int64),
        *(np.ascontiguousarray(column, np.float64) for column in prices),
    )


def _checked(detail: Candles | None, survey: Surveyor) -> Candles | None:
    """Finer candles in order and possible; raises as `prepare`. None and nothing are the same."""
    if detail is None or len(detail) == 0:
        return None
    _sound(detail, survey(detail))
    return detail


def spoken(said: Said, bars: Stepped) -> dict[str, Column]:
    """The columns that come from what is said, by name; the others are the market's."""
    flags = bars.at_closes(said.flags)
    return {
        "flags": flags,
        "eights": eights(flags),
        "stop": np.ascontiguousarray(said.stop_loss, np.float64),
        "take": np.ascontiguousarray(said.take_profit, np.float64),
        **(_NO_SCRIPTS if said.scripts is None else _scripted(said)),
    }


def _scripted(said: Said) -> dict[str, Column]:
    table = table_of(said.scripts)
    return {
        "codes": np.array(table.codes, np.int64),
        "operands": np.array(table.operands, np.float64),
        "starts": np.array(table.starts, np.int64),
        "values": script_values(said),
    }


def width_of(said: Said) -> int:
    """Columns of the scripts."""
    return 0 if said.scripts is None else len(said.scripts.columns)


def most_marks(said: Said, funding: FundingDue) -> int:
    """How many the loop may write."""
    # An entry writes one mark when it fills and at most one when it ends; a stamp writes one.
    return 2 * (said.entries + 1) + len(funding.rates)


def _sound(candles: Candles, found: Survey) -> Survey:
    """Raises DomainError("candles_disordered", row), ("candles_invalid", row).

    The loop looks only at bars that reach a level, so it relies on this.
    """
    if found.least_ms <= 0 and len(candles) > 1:
        row = int(np.argmax(np.diff(candles.time) <= 0)) + 1
        raise DomainError("candles_disordered", row=row)
    if found.unsound >= 0:
        raise DomainError("candles_invalid", row=found.unsound)
    return found


def _is_regular(time: Times, bar_ms: int, least_ms: int) -> bool:
    return bar_ms <= least_ms and int(time[-1] - time[0]) == (len(time) - 1) * bar_ms


def bar_length(time: Times, timeframe: str | None) -> int:
    """Length of a bar in ms: the timeframe's, else the least distance between two bars."""
    steps = np.diff(time)
    least = int(steps.min()) if len(steps) else to_ms("1m")
    if least <= 0:
        raise DomainError("candles_disordered", row=int(np.argmax(steps <= 0)) + 1)
    return least if timeframe is None else to_ms(timeframe)


def script_values(said: Said) -> Floats:
    """The scripts' columns as rows, one after the other: bars * columns floats.

    Raises DomainError("signals_length", bars, signals) for a column of another length.
    """
    if said.scripts is None or not said.scripts.columns:
        return np.zeros(0, np.float64)
    for column in said.scripts.columns:
        check_length(len(said.flags), len(column))
    rows: Floats = np.column_stack(said.scripts.columns).astype(np.float64).ravel()
    return rows


def day_starts(time: Times, bar_ms: int, zone: str) -> Times:
    """Per bar: 0, or where the midnight in `zone` lies that passed since the close before."""
    closes = time + bar_ms
    midnights = _midnights(int(time[0]), int(closes[-1]), zone)
    passed = np.searchsorted(midnights, closes, "right")
    before = np.concatenate(([np.searchsorted(midnights, time[0], "right")], passed[:-1]))
    exact = np.isin(closes, midnights)
    kind = np.where(exact, NEW_DAY_AT_CLOSE, NEW_DAY_BEFORE)
    return np.where(passed > before, kind, 0).astype(np.int64)


def _midnights(start_ms: int, end_ms: int, zone: str) -> Times:
    """Starts of the local days in [start_ms, end_ms], ms UTC, ascending."""
    tz = ZoneInfo(zone)
    day = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(tz).date()
    found: list[int] = []
    while True:
        local = datetime(day.year, day.month, day.day, tzinfo=tz)
        stamp = int(local.timestamp()) * 1000
        if stamp > end_ms:
            return np.array(found, np.int64)
        found.append(stamp)
        day += timedelta(days=1)


def funding_due(time: Times, end: int, funding: Funding | None) -> FundingDue:
    """At which opens funding is due: a stamp is charged at the first open at or after it.

    A position filled at that very open is not charged: it was not held at the stamp. `end`: the
    last close, ms UTC.
    """
    bars = len(time)
    if funding is None or len(funding.times) == 0:
        none = np.zeros(0, np.float64)
        return FundingDue(np.array([bars], np.int64), none, 0.0, len(_stamps(time, end, None)))
    known = (funding.times > time[0]) & (funding.times <= end) & ~np.isnan(funding.rates)
    stamps, rates = funding.times[known], funding.rates[known]
    places, which = np.unique(np.searchsorted(time, stamps, "left"), return_inverse=True)
    # bincount adds from left to right, as whoever steps bar by bar does; reduceat does not.
    sums = np.bincount(which, weights=rates, minlength=len(places)).astype(np.float64)
    after = len(places) > 0 and int(places[-1]) == bars
    at_end = float(sums[-1]) if after else 0.0
    if after:
        places, sums = places[:-1], sums[:-1]
    expected = _stamps(time, end, funding.times)
    missing = int(np.count_nonzero(~np.isin(expected, stamps)))
    return FundingDue(np.append(places, bars).astype(np.int64), sums, at_end, missing)


def _stamps(time: Times, end: int, known: Times | None) -> Times:
    """Stamps that should be there in (first open, end]."""
    step = FUNDING_INTERVAL_MS
    if known is not None and len(known) > 1:
        step = min(step, int(np.diff(known).min()))
    first = (int(time[0]) // step + 1) * step
    return np.arange(first, end + 1, step, dtype=np.int64)
