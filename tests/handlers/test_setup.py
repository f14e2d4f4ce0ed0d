"""A backtest's card before it runs: range and inputs, offered or typed; and then again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.backtests.models import BacktestResult
from domain.bots.models import BotStatus
from domain.clock import to_ms
from domain.strategies.language import Param, compile_rules
from handlers.inputs import offered
from handlers.texts import Translator
from handlers.wizard import Draft, stretch
from tests.handlers.rows import has_result
from tests.support.world import Person, World

DAY_MS, HOUR_MS = 86_400_000, 3_600_000


async def newest(w: World) -> BacktestResult:
    async with w.database.read() as session:
        rows = select(BacktestResult).order_by(BacktestResult.id.desc()).limit(1)
        return (await session.scalars(rows)).one()


async def at_the_card(w: World) -> Person:
    """Donchian on BTCUSDT in 5m, nothing run yet."""
    alice = await w.trader("alice")
    await alice.sends("/strategy donchian")
    for label in ("Backtest it", "BTCUSDT", "5m"):
        await alice.taps(label)
    return alice


async def test_a_range_is_chosen(w: World) -> None:
    alice = await at_the_card(w)
    assert "Which stretch" in await alice.taps("Range")
    assert "Range: the last 30 days" in await alice.taps("the last 30 days")
    await alice.taps("Range")
    assert "Range: all there is" in await alice.taps("all there is")
    assert "Queued" in await alice.taps("Run the backtest")
    row = await newest(w)
    assert row.params is not None
    history = await w.market.history_range("BTCUSDT")
    assert row.params["start_ms"] == history.start_ms


async def test_less_history_than_asked_for_is_said_before_it_runs(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
    await alice.sends("/backtest donchian 5m 365d")
    assert "you asked for" in await alice.taps("BTCUSDT")
    await minsu.sends("/optimize donchian 5m 365d entry=5..9")
    assert "⚠️ 요청하신 365일 가운데" in await minsu.taps("BTCUSDT")
    await alice.taps("Range")
    assert "⚠️" not in await alice.taps("all there is")
    await has_result(w, alice, params=ran(w, {}) | {"start_ms": 0})
    await alice.sends("/results 1")
    assert "you asked for" in await alice.taps("Again with")


async def test_a_range_without_any_history_is_said_before_it_runs(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest donchian 5m 2011")
    assert "no data for that range" in await alice.taps("BTCUSDT")


async def test_a_range_that_was_typed_is_shown_by_its_first_and_last_day(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest donchian btc 2025-12-30..2026-01-01")
    assert "Range: Dec 30, 2025 – Jan 1, 2026" in await alice.taps("5m")


async def test_days_that_are_typed_are_the_readers_days(w: World) -> None:
    minsu = await w.trader("minsu", "ko")
    said = await minsu.sends("/backtest donchian btc 5m 2026-01-01")
    assert "2026. 1. 1. – 2026. 1. 1." in said
    row = await newest(w)
    assert row.params is not None
    seoul = to_ms(datetime(2025, 12, 31, 15, tzinfo=UTC))
    history = await w.market.history_range("BTCUSDT")
    assert row.params["wished_ms"] == seoul
    assert row.params["start_ms"] == max(seoul, history.start_ms)


@pytest.mark.parametrize("word", ["0001", "9999", "0001-01-01..9998-12-31"])
@pytest.mark.parametrize("language", ["en", "ko"])
async def test_years_before_and_after_all_markets_are_no_range(
    w: World, word: str, language: str
) -> None:
    person = await w.trader("minsu", language)
    said = await person.sends(f"/backtest donchian btc {word}")
    assert word in said
    assert said == await person.sends(f"/backtest donchian btc 5m {word}")


def test_days_of_bars_of_a_day_are_the_exchanges() -> None:
    t, day = Translator("ko", "Asia/Seoul"), to_ms(datetime(2026, 1, 1, tzinfo=UTC))
    draft = Draft("bt", timeframe="1d", start_ms=day, end_ms=day + DAY_MS, local=True)
    assert stretch(t, draft) == (day, day + DAY_MS)
    hours = replace(draft, timeframe="1h")
    assert stretch(t, hours) == (day - 9 * HOUR_MS, day + 15 * HOUR_MS)
    assert stretch(t, replace(hours, local=None)) == (day, day + DAY_MS)


async def test_inputs_are_chosen_or_typed_and_shown_on_the_card(w: World) -> None:
    alice = await at_the_card(w)
    await alice.taps("Inputs")
    assert "from 2 to 500" in await alice.taps("entry = 20")
    await alice.taps("40")
    await alice.taps("leave = 10")
    assert "next message" in await alice.taps("Type a value")
    assert "allowed is 2 to 500" in await alice.sends("1000")
    assert "does not fit" in await alice.sends("many")
    assert "Which input?" in await alice.sends("12")
    said = await alice.taps("Back")
    assert "entry  40" in said
    assert "leave  12" in said
    said = await alice.taps("Run the backtest")
    assert "Inputs: entry 40, leave 12, stops 2" in said
    row = await newest(w)
    assert row.params is not None
    assert row.params["inputs"] == {"entry": 40, "leave": 12}


async def test_market_and_timeframe_can_still_be_changed(w: World) -> None:
    alice = await at_the_card(w)
    await alice.taps("Market")
    assert "ETHUSDT" in await alice.taps("ETHUSDT")
    await alice.taps("Timeframe")
    await alice.taps("1m")
    await alice.taps("Run the backtest")
    row = await newest(w)
    assert (row.pair, row.timeframe) == ("ETHUSDT", "1m")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("entry=30", "Queued"),
        ("entry=30 stops=1.5", "stops 1.5"),
        ("entry=1", "allowed is 2 to 500"),
        ("entry=x", "does not fit"),
        ("no=3", "no input"),
        ("entry=", "with their name"),
    ],
)
async def test_inputs_are_typed_with_the_command(w: World, typed: str, said: str) -> None:
    alice = await w.trader("alice")
    assert said in await alice.sends(f"/backtest donchian btc 5m {typed}")


async def test_a_result_is_run_again_with_something_else(w: World) -> None:
    alice = await w.trader("alice")
    await has_result(w, alice, params=ran(w, {"entry": 55}))
    await alice.sends("/results 1")
    said = await alice.taps("Again with")
    assert "entry  55" in said
    assert "2025" in said or "2026" in said
    await alice.taps("Timeframe")
    await alice.taps("5m")
    await alice.taps("Run the backtest")
    row = await newest(w)
    assert row.params is not None
    assert (row.timeframe, row.params["inputs"]) == ("5m", {"entry": 55})


async def test_what_was_tested_is_started_with_its_inputs(w: World) -> None:
    alice = await w.trader("alice")
    await has_result(w, alice, params=ran(w, {"entry": 55}))
    await alice.sends("/results 1")
    said = await alice.taps("Start it")
    assert "Start Donchian breakout?" in said
    assert "entry  55" in said
    await alice.taps("Start")
    async with w.database.read() as session:
        bot = (await session.scalars(select(BotStatus))).one()
    assert (bot.inputs, bot.timeframe, bot.is_running) == ({"entry": 55}, "15m", True)


async def test_what_was_tested_is_not_started_once_its_rules_have_changed(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
    for person in (alice, minsu):
        await person.sends("/new_strategy Mine")
        await person.sends("fast = param(5, min=2, max=9)\nbuy = close > ema(close, fast)")
        await person.sends("/backtest mine btc 5m 1d fast=7")
        row = await newest(w)
        async with w.database.write() as session:
            stored = await session.get_one(BacktestResult, row.id)
            stored.status, stored.metrics = "completed", {}
        await person.sends("/edit_strategy mine")
        await person.sends(
            "# the same\nfast = param(5, min=2, max=9)\nbuy = close > ema(close, fast)"
        )
        await person.sends(f"/results {row.id}")
        said = await person.taps("Start it" if person is alice else "이 전략 시작")
        assert "fast  7" in said, "a comment changes nothing"
        await person.sends("/edit_strategy mine")
        await person.sends("buy = close < open")
        await person.sends(f"/results {row.id}")
        said = await person.taps("Start it" if person is alice else "이 전략 시작")
        assert ("have changed" if person is alice else "규칙이 바뀌어") in said
        assert "5m" in await person.taps("Again with" if person is alice else "바꿔서 다시")
    await alice.taps("Run the backtest")
    assert (await newest(w)).pair == "BTCUSDT"


async def test_a_program_without_inputs_offers_none(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Plain")
    await alice.sends("buy = close > open")
    for label in ("Backtest it", "BTCUSDT", "5m"):
        await alice.taps(label)
    with pytest.raises(AssertionError, match="no button"):
        alice.button("Inputs")


def ran(w: World, inputs: dict[str, float]) -> dict[str, object]:
    """What a row knows of a run over the market's last hours."""
    end = w.market.clock.now_ms()
    return {
        "strategy": "Donchian breakout",
        "inputs": inputs,
        "start_ms": end - 3 * 3_600_000,
        "end_ms": end,
    }


@given(
    default=st.integers(1, 500),
    low=st.integers(0, 500),
    high=st.integers(1, 500),
    kind=st.sampled_from(["int", "float"]),
)
def test_what_is_offered_can_be_taken(default: int, low: int, high: int, kind: str) -> None:
    low, high = min(low, default), max(high, default)
    param = Param("x", default, low, high, "int" if kind == "int" else "float")
    values = offered(param)
    assert values == sorted(set(values))
    assert default in values
    assert len(values) <= 9
    for value in values:
        param.checked(value)


def test_a_switch_is_offered_both_ways() -> None:
    [param] = compile_rules("up = param(True)\nbuy = close > open and up").params
    assert offered(param) == [True, False]
