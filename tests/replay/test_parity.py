"""The live path gives the backtest's trades, one for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replay import live_rules, replay, replay_together
from bot.traded import Traded
from domain.backtests.engine import simulate
from domain.backtests.markets import Market
from domain.backtests.metrics import compute
from domain.backtests.result import Result, result_to_json
from domain.backtests.rules import Rules
from domain.errors import DomainError
from domain.market.resample import resample
from domain.strategies.language import compile_rules, evaluate
from tests.replay.markets import (
    HOUR,
    PROGRAMS,
    START,
    Case,
    backtest,
    cases,
    differences,
    funding_of,
    random_candles,
)

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

MARKET = random_candles(7, 120, 0.015, 0.03)
RULES = live_rules(
    Rules(
        timeframe="1h",
        qty_step=0.001,
        price_tick=0.1,
        daily_loss_limit=250.0,
        tz="Asia/Seoul",
        funding=funding_of(7, MARKET),
    )
)


def halts(result: Result) -> tuple[int, int]:
    """Days on which the loss limit was reached, and entries it denied.

    The other counters differ by design: the gate denies at the close, the backtest at the fill,
    which a missing bar may prevent.
    """
    return result.counters.halts, result.counters.denied_halted


@pytest.mark.parametrize("code", PROGRAMS)
async def test_every_trade_is_the_backtests(code: str) -> None:
    expected, found = backtest(MARKET, code, RULES), await replay(MARKET, code, RULES)

    assert len(expected.trades) >= 3
    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8
    assert halts(expected) == halts(found)


@given(case=cases())
@settings(max_examples=12)
async def test_on_any_market_under_any_rules(case: Case) -> None:
    expected = backtest(case.candles, case.code, case.rules)
    found = await replay(case.candles, case.code, case.rules)

    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8
    assert halts(expected) == halts(found)


@given(case=cases(), parts=st.sampled_from([2, 4]))
@settings(max_examples=12)
async def test_on_finer_bars_inside(case: Case, parts: int) -> None:
    detail = replace(case.candles, time=START + (case.candles.time - START) // parts)
    candles = resample(detail, "1h")
    expected = backtest(candles, case.code, case.rules, detail)
    found = await replay(candles, case.code, case.rules, detail=detail)

    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8


@given(case=cases(), seeds=st.lists(st.integers(0, 2**31), min_size=1, max_size=2, unique=True))
@settings(max_examples=6)
async def test_of_several_symbols_on_one_balance(case: Case, seeds: list[int]) -> None:
    others = [random_candles(seed, 45, 0.02, 0.05) for seed in seeds]
    markets = dict(zip(("BTCUSDT", "ETHUSDT", "XRPUSDT"), (case.candles, *others), strict=False))
    own = {"ETHUSDT": Market(qty_step=0.01, taker_fee=0.001, funding=funding_of(5, others[0]))}
    rules = live_rules(replace(case.rules, markets=own, max_positions=len(seeds)))
    bound = compile_rules(case.code).bind(None)
    said = {
        symbol: (candles, evaluate(bound, candles, bar_ms=HOUR))
        for symbol, candles in markets.items()
    }
    expected = simulate(said, None, rules)
    found = await replay_together(
        {symbol: Traded(candles) for symbol, candles in markets.items()},
        case.code,
        rules,
        start_ms=min(int(candles.time[0]) for candles in markets.values()),
    )

    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-7
    assert halts(expected) == halts(found)
    assert expected.counters.denied_positions == found.counters.denied_positions


async def test_the_document_has_the_shape_of_a_backtests() -> None:
    expected, found = backtest(MARKET, PROGRAMS[0], RULES), await replay(MARKET, PROGRAMS[0], RULES)
    documents = [
        result_to_json(result, compute(result, MARKET, RULES)) for result in (expected, found)
    ]

    assert documents[0].keys() == documents[1].keys()
    assert documents[0]["metrics"].keys() == documents[1]["metrics"].keys()
    assert documents[0]["metrics"]["win_rate_percent"] == pytest.approx(
        documents[1]["metrics"]["win_rate_percent"]
    )
    assert [time for time, _ in documents[0]["equity"]] == [t for t, _ in documents[1]["equity"]]
    assert any("conventions" in note for note in documents[1]["notes"])


async def test_the_last_position_is_closed_at_the_last_close_and_marked_so() -> None:
    code = "buy = close > 1\nstop_loss = 9\ntake_profit = 50"
    trade = (await replay(MARKET.slice(0, 40), code, RULES)).trades[-1]

    assert (trade.exit_reason, trade.exit_detail) == ("manual", "end_of_data")
    assert trade.exit_time == int(MARKET.time[39]) + HOUR


async def test_bars_before_the_first_are_history_only() -> None:
    code = "buy = close > sma(close, 30)\nexit_long = close < sma(close, 30)"
    whole = await replay(MARKET, code, RULES, first=40)
    alone = await replay(MARKET.slice(40), code, RULES)

    assert whole.start_time == alone.start_time == int(MARKET.time[40])
    assert len(whole.equity) == len(alone.equity) == 80
    # With history it can speak at once; alone it has to warm up first.
    assert whole.trades[0].entry_time < START + 72 * HOUR + alone.trades[0].entry_time - START


async def test_inputs_reach_the_strategy() -> None:
    code = "n = param(3, min=2, max=50)\nbuy = crossover(close, sma(close, n))"
    three = await replay(MARKET.slice(0, 80), code, RULES)
    same = await replay(MARKET.slice(0, 80), code, RULES, inputs={"n": 3})
    other = await replay(MARKET.slice(0, 80), code, RULES, inputs={"n": 20})

    assert three.trades == same.trades != other.trades


async def test_progress_is_told_and_a_run_can_be_cancelled() -> None:
    told: list[float] = []
    await replay(MARKET.slice(0, 60), PROGRAMS[0], RULES, progress=told.append)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)

    with pytest.raises(DomainError) as stopped:
        await replay(MARKET, PROGRAMS[0], RULES, cancelled=lambda: True)
    assert stopped.value.code == "backtest_cancelled"


async def test_the_timeframe_is_read_off_the_bars() -> None:
    rules = replace(RULES, timeframe=None)
    assert (await replay(MARKET.slice(0, 30), PROGRAMS[0], rules)).bar_ms == HOUR
    some = MARKET.slice(0, 3)
    odd = replace(some, time=some.time[0] + np.array([0, 7, 14]) * 60_000)
    with pytest.raises(DomainError) as refused:
        await replay(odd, PROGRAMS[0], rules)
    assert refused.value.code == "replay_unsupported"


@pytest.mark.parametrize(
    ("field", "value"), [("leverage", 2.5), ("auto_sl", None), ("auto_tp", None)]
)
async def test_rules_that_no_account_can_have_are_refused(field: str, value: object) -> None:
    with pytest.raises(DomainError) as refused:
        await replay(MARKET, PROGRAMS[0], replace(RULES, **{field: value}))  # type: ignore[arg-type]
    assert refused.value.params["field"] == field


async def test_no_candles_are_refused() -> None:
    with pytest.raises(DomainError) as refused:
        await replay(MARKET, PROGRAMS[0], RULES, first=len(MARKET))
    assert refused.value.code == "no_candles"


ELSEWHERE = random_candles(11, 150, 0.02, 0.05)
READS_MORE = (
    'buy = close > timeframe("4h", sma(close, 3))\nsell = close < timeframe("4h", sma(close, 3))',
    'buy = symbol("ETHUSDT", close > sma(close, 3))\nexit_long = symbol("ETHUSDT", close < open)',
    'sell = not symbol("ETHUSDT", timeframe("2h", rsi(close, 3) > 50))\nexit_short = close > open',
)


@pytest.mark.parametrize("code", READS_MORE)
async def test_other_series_are_read_by_both_alike(code: str) -> None:
    bound = compile_rules(code).bind()
    others = {
        frame: resample(ELSEWHERE, frame.timeframe or "1h")
        for frame in bound.frames
        if frame.symbol
    }
    signals = evaluate(bound, MARKET, bar_ms=HOUR, others=others)
    expected = simulate(MARKET, signals, RULES)
    found = await replay(MARKET, code, RULES, others=others)
    assert len(expected.trades) >= 3
    assert differences(expected.trades, found.trades) == []
