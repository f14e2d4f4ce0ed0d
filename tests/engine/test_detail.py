"""Finer bars inside a bar: what came first is looked up; the tables are a long's, or its mirror."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from domain.backtests.engine import simulate
from domain.backtests.result import Result
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import Funding
from domain.market.resample import resample
from tests.engine.tables import (
    FREE,
    HOUR,
    MIRROR,
    QUIET,
    START,
    Bar,
    candles,
    mirrored,
    price,
    signals,
    with_rules,
)
from tests.engine.test_fills import BOTH_SIDES, only

QUARTER = HOUR // 4
CALM = [QUIET] * 4
UP_FIRST: list[Bar] = [
    (100.0, 105.0, 99.5, 104.0), (104.0, 104.0, 97.0, 98.0), QUIET, QUIET,
]  # fmt: skip
DOWN_FIRST: list[Bar] = [
    (100.0, 100.5, 97.0, 98.0), (98.0, 105.0, 98.0, 104.0), QUIET, QUIET,
]  # fmt: skip


def quarters(bars: Sequence[Bar], places: Sequence[int] | None = None) -> Candles:
    """Bars of fifteen minutes."""
    table = candles(bars)
    at = np.arange(len(bars)) if places is None else np.array(places)
    return replace(table, time=(START + at * QUARTER).astype(np.int64))


def run(fine: Candles, side: str = "buy", detailed: bool = True, **at: Any) -> Result:
    """Hourly signals over bars of fifteen minutes."""
    rules = at.pop("rules", FREE)
    if side == "sell":
        table = list(zip(fine.open, fine.high, fine.low, fine.close, strict=True))
        open_, high, low, close = (np.array(c) for c in zip(*mirrored(table), strict=True))
        fine = replace(fine, open=open_, high=high, low=low, close=close)
        at = {MIRROR.get(name, name): value for name, value in at.items()}
    hours = resample(fine, "1h")
    return simulate(hours, signals(len(hours), **at), rules, detail=fine if detailed else None)


@BOTH_SIDES
@pytest.mark.parametrize(
    ("inside", "reason", "at"),
    [(UP_FIRST, "take_profit", 104.0), (DOWN_FIRST, "stop_loss", 98.0)],
    ids=["up first", "down first"],
)
def test_a_bar_that_touched_both_levels_is_resolved(
    side: str, inside: list[Bar], reason: str, at: float
) -> None:
    bars = quarters([*CALM, *CALM, *inside, *CALM])
    guessed, known = run(bars, side, detailed=False, buy=[0]), run(bars, side, buy=[0])
    assert (only(guessed.trades).exit_reason, guessed.counters.both_touched) == ("stop_loss", 1)
    trade = only(known.trades)
    assert (trade.exit_reason, known.counters.both_touched) == (reason, 0)
    assert trade.exit_price == price(side, at)


def test_the_exit_is_told_by_the_finer_bar_and_counted_in_the_strategys_bars() -> None:
    trade = only(run(quarters([*CALM, *CALM, *UP_FIRST]), buy=[0]).trades)
    assert (trade.entry_time, trade.exit_time) == (START + HOUR, START + 2 * HOUR)
    later = only(run(quarters([*CALM, *CALM, QUIET, *UP_FIRST[:3]]), buy=[0]).trades)
    assert (later.exit_time, later.bars_held) == (START + 2 * HOUR + QUARTER, 1)


@BOTH_SIDES
def test_excursions_end_with_the_finer_bar(side: str) -> None:
    trade = only(run(quarters([*CALM, *CALM, *UP_FIRST]), side, buy=[0]).trades)
    # what fell afterwards was not held
    assert (trade.mae, trade.mfe) == pytest.approx((-0.5, 4.0))


@BOTH_SIDES
def test_an_entry_fills_at_the_first_finer_bar_of_the_next_bar(side: str) -> None:
    places = [0, 1, 2, 3, 5, 6, 7]  # 01:00 has no trade
    result = run(quarters([QUIET] * 7, places), side, buy=[0])
    assert only(result.trades).entry_time == START + HOUR + QUARTER
    gone = run(quarters([QUIET] * 8, [0, 1, 2, 3, 8, 9, 10, 11]), side, buy=[0])
    assert (gone.trades, gone.counters.expired) == ([], 1)


@BOTH_SIDES
def test_signals_are_decided_at_the_strategys_closes_only(side: str) -> None:
    result = run(quarters(CALM * 5), side, buy=[0], exit_long=[2])
    trade = only(result.trades)
    assert (trade.exit_time, trade.bars_held) == (START + 3 * HOUR, 2)


def test_the_equity_has_the_strategys_closes() -> None:
    result = run(quarters([*CALM, *CALM, (101.0, 101.0, 99.5, 101.0), *CALM[1:]]), buy=[0])
    assert result.equity_time.tolist() == [START + hour * HOUR for hour in (1, 2, 3)]
    assert result.equity.tolist() == [1_000.0, 1_000.0, 1_000.0]


def test_funding_is_charged_at_the_finer_open_at_or_after_its_stamp() -> None:
    stamp = START + 2 * HOUR + QUARTER
    rules = with_rules(funding=Funding(np.array([stamp]), np.array([0.01])))
    inside = [QUIET, (102.0, 102.0, 99.5, 100.0), QUIET, QUIET]
    trade = only(run(quarters([*CALM, *CALM, *inside, *CALM]), buy=[0], rules=rules).trades)
    assert trade.funding == pytest.approx(1.02)


def test_bars_without_finer_ones_are_stepped_as_they_are_and_said() -> None:
    whole = quarters([*CALM, *CALM, *DOWN_FIRST, *CALM])
    hours = resample(whole, "1h")
    some = Candles(*(getattr(whole, name)[:8] for name in whole.__slots__))
    result = simulate(hours, signals(4, buy=[0]), FREE, detail=some)
    assert result.counters.both_touched == 1
    assert "detail: minutes=15.0, bars_without=2" in map(str, result.notes)


def test_detail_that_is_disordered_or_impossible_is_refused() -> None:
    hours, bad = candles([QUIET] * 2), quarters([QUIET] * 3, [0, 2, 1])
    with pytest.raises(DomainError, match="candles_disordered"):
        simulate(hours, signals(2), FREE, detail=bad)
    with pytest.raises(DomainError, match="candles_invalid"):
        simulate(hours, signals(2), FREE, detail=quarters([(100.0, 99.0, 98.0, 98.5)]))


def test_no_detail_at_all_is_the_backtest_without() -> None:
    bars = candles([QUIET] * 3)
    result = simulate(bars, signals(3, buy=[0]), FREE, detail=bars.slice(0, 0))
    assert not [note for note in result.notes if note.code == "detail"]
