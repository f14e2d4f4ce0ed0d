"""Studies asked for in the chat, worked off by a real worker process, told with their pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.backtests.lab import waves
from tests.support.market import FakeMarket
from tests.support.world import World, world

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    market = FakeMarket()
    candles = waves(2_000)
    for row in zip(candles.open, candles.high, candles.low, candles.close, strict=True):
        market.bar(*(float(value) for value in row))
    async with world(tmp_path, market=market) as opened:
        yield opened


async def told(w: World, method: str = "sendPhoto") -> dict[str, Any]:
    """What was said when the heavy work was done."""
    await w.container.heavy_jobs.settle()
    await w.settles()
    params: dict[str, Any] = w.calls(method)[-1]["params"]
    return params


async def test_a_trader_searches_and_backtests_the_best_inputs(w: World, tmp_path: Path) -> None:
    alice = await w.trader("alice")
    heard = await alice.sends("/optimize ema btc 1m 30d fast=3..5 slow=8..12/2")
    assert "fast 3…5, slow 8…12" in heard
    assert "Search #1" in heard
    alice.button("cancel")
    said = (await told(w))["caption"]
    assert "9 combinations tried" in said
    assert "fast, slow" in said
    assert (tmp_path / "data/charts/backtest-1.png").read_bytes().startswith(PNG)
    assert "Backtest #2" in await alice.taps("Backtest with these")
    assert "Profit factor" in (await told(w))["caption"]


async def test_a_strategy_that_reads_another_series_is_searched_and_walked(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Pairs")
    await alice.sends(
        "n = param(3, min=2, max=9)\n"
        'calm = symbol("BTCUSDT", timeframe("5m", close > sma(close, n)))\n'
        "buy = crossover(close, sma(close, 4)) and calm\n"
        "sell = crossunder(close, sma(close, 4))"
    )
    await alice.sends("/optimize pairs btc 1m 30d n=3..5")
    assert "3 combinations tried" in (await told(w))["caption"]
    await alice.sends("/walkforward pairs btc 1m 30d n=3..4")
    assert "6 windows" in (await told(w))["caption"]


async def test_a_switch_is_searched_on_and_off(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Switch")
    await alice.sends(
        "calm = param(True)\n"
        "buy = crossover(close, sma(close, 4)) and (calm or close > sma(close, 9))\n"
        "sell = crossunder(close, sma(close, 4))"
    )
    await alice.sends("/optimize switch btc 1m 30d calm=0..1")
    said = (await told(w))["caption"]
    assert "2 combinations tried" in said
    assert "off" in said


async def test_a_search_over_a_few_days_says_that_it_ranked_by_return(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/optimize ema btc 1m 1d fast=3..4 slow=9")
    said = (await told(w))["caption"]
    assert "by return" in said
    assert "n/a" in said


RARE = "n = param(3)\nbuy = crossover(close, sma(close, n)) and n < 5\nsell = close < 0"


async def test_what_never_traded_is_counted_and_listed_nowhere(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Rare")
    await alice.sends(RARE)
    await alice.sends("/optimize rare btc 1m 1d n=3..6")
    said = (await told(w))["caption"]
    assert "2 of them never traded" in said
    table = said.partition("<pre>")[2].partition("</pre>")[0]
    assert [row.split()[0] for row in table.splitlines()[1:]] in (["3", "4"], ["4", "3"])


async def test_a_few_trades_are_refused_before_they_wait_in_the_queue(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest macd btc 1m 1d")
    await told(w)
    assert "At least 20 are needed" in await alice.sends("/montecarlo 1")


async def test_the_best_inputs_start_a_bot(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/optimize ema btc 1m 30d fast=3..4 slow=9")
    await told(w)
    assert "slow" in (await alice.taps("Start with these"))


async def test_a_walk_forward_is_told_in_korean(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/lang ko")
    await alice.sends("/walkforward ema btc 1m 30d fast=3..4 slow=9")
    said = (await told(w))["caption"]
    assert "워크포워드 #1" in said
    assert "6개 구간" in said
    assert "fast 3…4" in await alice.taps("바꿔서 다시")


async def test_trades_are_drawn_anew_from_a_backtest(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest ema btc 1m 30d")
    await told(w)
    assert "Monte Carlo #2" in await alice.sends("/montecarlo 1")
    assert "5%" in (await told(w))["caption"]


@pytest.mark.parametrize(("command", "title"), [("optimize", "Search"), ("walkforward", "Walk")])
async def test_a_search_that_was_called_off_is_begun_again_as_a_search(
    w: World, command: str, title: str
) -> None:
    alice = await w.trader("alice")
    await alice.sends(f"/{command} ema btc 1m 30d fast=3..5 slow=8..12/2")
    assert "Cancelled" in await alice.taps("Cancel")
    said = await alice.taps("Again with")
    assert "fast 3…5, slow 8…12" in said
    assert f"/{command} ema" in said
    await alice.taps("Timeframe")
    await alice.taps("5m")
    said = await alice.taps("Run the search")
    assert f"{title}" in said
    assert "#2 · BTCUSDT 5m" in said.replace("</b>", "")
    assert "fast 3…5, slow 8…12" in said


async def test_a_search_begun_with_buttons_lets_its_range_be_chosen(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/optimize ema btc")
    assert "the last 90 days" in await alice.taps("1m")
    await alice.taps("Range")
    assert "the last 7 days" in await alice.taps("the last 7 days")
    assert "Search #1" in await alice.taps("Run the search")


async def test_a_study_is_found_again_with_its_picture(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/optimize ema btc 1m 30d fast=3..4 slow=9")
    await told(w)
    said = await alice.sends("/results")
    assert "Search #1 · BTCUSDT 1m" in said
    assert "combinations tried" in await alice.taps("Search #1")
    await alice.taps("Pictures")
    assert len(w.calls("sendPhoto")) == 2
    assert "combinations tried" in alice.last


async def test_trades_are_drawn_again_from_the_same_backtest(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest ema btc 1m 30d")
    await told(w)
    await alice.sends("/montecarlo 1")
    await alice.taps("Cancel")
    assert "Monte Carlo #3" in await alice.taps("Monte Carlo")
    await alice.sends("/results 2")
    assert "Profit factor" in await alice.taps("Backtest #1")


async def test_without_a_backtest_there_is_nothing_to_draw_from(w: World) -> None:
    alice = await w.trader("alice")
    assert "no finished backtest" in await alice.sends("/montecarlo")


async def test_without_a_bot_there_is_nothing_to_compare(w: World) -> None:
    alice = await w.trader("alice")
    assert "no bot to compare" in await alice.sends("/parity")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/optimize ema btc 1m fast=x", "cannot read the range of fast"),
        ("/optimize ema btc 1m quick=3..9", "quick"),
        ("/optimize ema btc 1m fast=1..9000", "fast"),
    ],
)
async def test_a_wrong_range_is_refused_at_once(w: World, command: str, answer: str) -> None:
    alice = await w.trader("alice")
    assert answer in await alice.sends(command)
