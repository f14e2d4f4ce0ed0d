"""Shipped strategies are called what the reader calls them."""

from __future__ import annotations

import pytest

from domain.strategies.builtins import BUILTINS, Builtin
from handlers.notifications import render
from handlers.render import names
from handlers.texts import Translator
from tests.handlers.rows import has_result
from tests.support.world import World

en, ko = Translator("en"), Translator("ko", "Asia/Seoul")
SIGNAL = {"type": "BUY", "symbol": "BTCUSDT", "timeframe": "15m", "price": "60000"}
DONE = {"result_id": 7, "symbol": "BTCUSDT", "timeframe": "15m", "metrics": {}}


@pytest.mark.parametrize("builtin", BUILTINS, ids=lambda builtin: str(builtin.slug))
def test_a_shipped_strategy_in_each_language(builtin: Builtin) -> None:
    assert names.strategy(en, builtin.name) == builtin.name
    assert names.strategy(ko, builtin.name) == builtin.names["ko"]


def test_anybody_elses_keeps_its_name() -> None:
    assert names.strategy(ko, "My <b>best</b>") == "My <b>best</b>"
    assert names.strategy(ko, "") == ""


@pytest.mark.parametrize(("t", "called"), [(en, "EMA cross"), (ko, "EMA 교차")])
def test_in_alerts(t: Translator, called: str) -> None:
    assert called in render("signal", SIGNAL | {"strategy": "EMA cross"}, t).text
    assert called in render("backtest_done", DONE | {"strategy": "EMA cross"}, t).text
    assert "Mine" in render("signal", SIGNAL | {"strategy": "Mine"}, t).text


async def test_on_every_card_of_a_korean_reader(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    await minsu.sends("/start_bot")
    assert "전략: 돈치안 돌파" in await minsu.taps("돈치안 돌파")
    said = await minsu.sends("/start_bot donchian btc 15m")
    assert "돈치안 돌파를 시작할까요?" in said
    assert "돈치안 돌파를 시작했습니다" in await minsu.taps("BTCUSDT · 15m 시작")
    assert "돈치안 돌파 · BTCUSDT · 15m" in await minsu.sends("/status")
    assert "돈치안 돌파 · BTCUSDT" in await minsu.sends("/stop_bot")
    assert "실행 중인 봇(돈치안 돌파)" in await minsu.sends("/start_bot rsi btc 15m")
    await has_result(w, minsu)
    for command in ("/results", "/results 1"):
        said = await minsu.sends(command)
        assert "돈치안 돌파" in said
        assert "Donchian" not in said
    await minsu.sends("/strategies")
    assert "돈치안 돌파" in await minsu.taps("돈치안 돌파")
