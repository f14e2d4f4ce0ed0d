"""What compiled code does bar by bar is, run as it stands, what numpy does column by column."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.backtests.blocks import BLOCK, TOGETHER, eights, least_step, look, survey
from domain.backtests.columns import Columns
from domain.backtests.engine import PLAIN, plan_for
from domain.backtests.excursions import excursions, fill_excursions
from domain.backtests.gears import columns_for
from domain.backtests.prepare import prepare
from domain.backtests.scan import next_busy
from domain.market.candles import Candles, Floats
from tests.engine.random_markets import Case, cases, random_candles, simulated

SOME = settings(max_examples=40, deadline=None)


def looked_at(candles: Candles) -> tuple[int, int, Floats, Floats]:
    bottoms, tops = (np.zeros(len(candles) // BLOCK) for _ in range(2))
    wrong = look(candles.open, candles.high, candles.low, candles.close, bottoms, tops)
    return least_step(candles.time.tolist()), wrong, bottoms, tops


@pytest.mark.parametrize("bars", [1, 7, 8, 9, TOGETHER, TOGETHER + 17])
def test_a_survey_bar_by_bar_finds_what_one_by_columns_does(bars: int) -> None:
    candles = random_candles(np.random.default_rng(bars), bars, 0.01)
    found = survey(candles)
    assert found.unsound == -1
    for one, other in zip(looked_at(candles), found, strict=True):
        np.testing.assert_array_equal(one, other)


@given(
    row=st.integers(0, 39),
    name=st.sampled_from(["open", "high", "low", "close"]),
    wrong=st.sampled_from([np.nan, np.inf, 0.0, -1.0]),
)
def test_the_first_impossible_price_is_found(row: int, name: str, wrong: float) -> None:
    candles = random_candles(np.random.default_rng(2), 40, 0.01)
    column = getattr(candles, name).copy()
    column[[row, 39]] = wrong
    broken = replace(candles, **{name: column})
    assert survey(broken).unsound == looked_at(broken)[1] == row


@SOME
@given(case=cases())
def test_excursions_trade_by_trade_are_those_of_all_trades(case: Case) -> None:
    table = simulated(replace(case, detail=None)).columns
    rows = (
        table.side,
        table.entry_bar,
        table.exit_bar,
        table.entry_price,
        table.exit_price,
        table.reason,
        table.detail,
    )
    mae, mfe = np.empty(len(table)), np.empty(len(table))
    fill_excursions(case.candles.high, case.candles.low, *rows, mae, mfe)  # type: ignore[arg-type]
    for one, other in zip((mae, mfe), excursions(case.candles, *rows), strict=True):
        np.testing.assert_array_equal(one, other)


@SOME
@given(case=cases(), floor=st.floats(80.0, 120.0), width=st.floats(0.0, 30.0))
def test_no_bar_that_matters_is_passed_over(case: Case, floor: float, width: float) -> None:
    prepared = prepare(case.candles, case.signals, case.rules)
    columns: Columns = columns_for(prepared, PLAIN, plan_for(prepared, case.rules))
    low, high, flags = columns.low, columns.high, columns.flags
    bars = len(low)
    for start in range(0, bars, 5):
        busy = (
            bar
            for bar in range(start, bars)
            if flags[bar] != 0 or low[bar] <= floor or high[bar] >= floor + width
        )
        assert next_busy(start, bars, floor, floor + width, columns) == next(busy, bars)


def test_a_block_in_which_something_is_said_is_not_nothing() -> None:
    flags = np.zeros(20, np.int8)
    flags[9] = 4
    assert [block != 0 for block in eights(flags).tolist()] == [False, True]
    assert [block != 0 for block in eights(flags[1:]).tolist()] == [False, True]
    assert [block != 0 for block in eights(flags[2:]).tolist()] == [True, False]
