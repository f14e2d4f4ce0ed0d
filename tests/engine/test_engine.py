"""The engine's own promises: shapes, refusals, progress, cancel, notes, JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from domain.backtests.engine import simulate
from domain.backtests.metrics import compute
from domain.backtests.result import result_to_json
from domain.backtests.rules import Rules
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.hashing import data_hash
from tests.engine.tables import FREE, HOUR, QUIET, START, candles, run, signals, with_rules


def test_a_mapping_of_one_symbol_names_it() -> None:
    bars = candles([QUIET] * 3)
    result = simulate({"XRPUSDT": (bars, signals(3, buy=[0]))}, None, FREE)
    assert [trade.symbol for trade in result.trades] == ["XRPUSDT"]


def test_no_market_at_all_is_refused() -> None:
    with pytest.raises(DomainError, match="no_candles"):
        simulate({}, None, FREE)


def test_shapes_that_do_not_fit_are_refused() -> None:
    bars = candles([QUIET] * 3)
    with pytest.raises(DomainError, match="signals_length"):
        simulate(bars, signals(2), FREE)
    with pytest.raises(DomainError, match="signals_length"):
        simulate(bars, None, FREE)
    with pytest.raises(DomainError, match="no_candles"):
        simulate(bars.slice(0, 0), signals(0), FREE)


@pytest.mark.parametrize("times", [[0, 2, 1], [0, 1, 1]], ids=["disorder", "duplicate"])
def test_disordered_candles_are_refused_with_their_row(times: list[int]) -> None:
    with pytest.raises(DomainError, match="candles_disordered") as error:
        simulate(candles([QUIET] * 3, times), signals(3), FREE)
    assert error.value.params["row"] == 2


@pytest.mark.parametrize(
    "bar",
    [
        (100.0, 99.0, 98.0, 98.5),
        (100.0, 101.0, 100.5, 101.0),
        (0.0, 1.0, 0.0, 1.0),
        (100.0, np.nan, 99.0, 100.0),
        (100.0, np.inf, 99.0, 100.0),
        (np.nan, 101.0, 99.0, 100.0),
    ],
)
def test_impossible_candles_are_refused_with_their_row(
    bar: tuple[float, float, float, float],
) -> None:
    with pytest.raises(DomainError, match="candles_invalid") as error:
        simulate(candles([QUIET, bar]), signals(2), FREE)
    assert error.value.params["row"] == 1


def test_a_run_can_be_cancelled_between_chunks() -> None:
    told: list[float] = []
    with pytest.raises(DomainError, match="backtest_cancelled"):
        simulate(
            candles([QUIET] * 100),
            signals(100),
            FREE,
            progress=told.append,
            cancelled=lambda: len(told) >= 3,
        )
    assert told == [0.02, 0.04, 0.06]


def test_a_single_bar_is_a_backtest() -> None:
    result = simulate(candles([QUIET]), signals(1, buy=[0]), Rules())
    assert (result.trades, result.equity.tolist(), result.bar_ms) == ([], [10_000.0], 60_000)


def test_the_bars_length_is_the_least_distance_when_no_timeframe_is_given() -> None:
    bars = candles([QUIET] * 4, [0, 3, 4, 8])
    assert simulate(bars, signals(4), with_rules(timeframe=None)).bar_ms == HOUR


def test_gaps_and_conventions_are_noted() -> None:
    result = run([QUIET] * 4, "buy", times=[0, 3, 4, 8], buy=[0])
    said = [str(note) for note in result.notes]
    assert (
        said[0] == f"data_gaps: count=2, missing=5, longest=3, longest_start_ms={START + 5 * HOUR}"
    )
    assert "expired: count=1" in said
    assert "liquidation_on_last_price" in said
    assert said[-1].startswith("conventions: fill=next_open, slippage_bps=0.0")
    assert result.data_hash == data_hash(result.candles)


def test_the_equity_is_marked_at_each_close() -> None:
    bars = [QUIET, QUIET, (100.0, 102.0, 100.0, 101.5), (101.5, 102.0, 100.5, 101.0)]
    result = run(bars, "buy", with_rules(taker_fee=0.001), buy=[0])
    assert result.equity_time.tolist() == [START + hour * HOUR for hour in (1, 2, 3, 4)]
    assert result.equity[:3].tolist() == pytest.approx([1000.0, 999.9, 1001.4])
    assert result.equity[3] == pytest.approx(1000.0 + 1.0 - 0.1 - 0.101)


def test_the_json_is_the_documents_shape() -> None:
    result = run([QUIET, QUIET, (100.0, 100.5, 97.0, 98.0)], "sell", buy=[0])
    document = json.loads(
        json.dumps(result_to_json(result, compute(result, result.candles, FREE)), allow_nan=False)
    )
    assert set(document) == {"metrics", "trades", "equity", "notes"}
    assert document["equity"][-1] == [START + 3 * HOUR, 998.0]
    (trade,) = document["trades"]
    assert trade["symbol"] == "BTCUSDT"
    assert (trade["side"], trade["qty"]) == ("sell", 1.0)
    assert (trade["entry_time"], trade["exit_time"]) == (START + HOUR, START + 2 * HOUR)
    assert (trade["exit_reason"], trade["exit_detail"]) == ("stop_loss", "level")
    assert (trade["pnl"], trade["pnl_percent"], trade["fees"]) == (-2.0, -2.0, 0.0)


def test_candles_may_be_views_of_other_arrays() -> None:
    wide = np.arange(10.0 * 4).reshape(4, 10) * 0.0 + 100.0
    bars = candles([QUIET] * 10)
    open_, high, low, close = (wide.T[:, place] for place in range(4))
    strided = Candles(bars.time, open_, high, low, close, bars.volume)
    assert simulate(strided, signals(10, buy=[0]), FREE).final_balance == 1_000.0
