"""Backtests of rules that read longer timeframes and other markets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.workers.backtest import study
from domain.backtests import service as backtests
from domain.backtests.rules import Rules
from domain.clock import to_ms
from domain.errors import DomainError
from domain.market.resample import resample
from domain.strategies.language import Frame, compile_rules
from domain.strategies.models import Strategy
from tests.backtests.lab import CROSS, MINUTE_MS, Lab, waves
from tests.support.market import START_MS, contract


async def test_the_rules_may_read_longer_bars_and_other_markets(lab: Lab) -> None:
    lab.market.prices = {"BTCUSDT": 60_000.0, "ETHUSDT": 3_000.0}
    lab.market.goes_to(3_300.0, symbol="ETHUSDT", minutes=400)
    code = CROSS.replace(
        "buy  = ",
        'buy = timeframe("15m", close > sma(close, 3) * 0.97) and '
        'symbol("ETHUSDT", close > open) and ',
    )
    async with lab.database.write() as session:
        (await session.get_one(Strategy, lab.strategy_id)).code = code
    row = await lab.runs(await lab.asks(start_ms=START_MS + 100 * MINUTE_MS))
    assert (row.status, row.error_message) == ("completed", None)
    candles = waves(400)
    ether = replace(candles, open=np.zeros(400), close=np.ones(400))
    bound = compile_rules(code).bind()
    assert row.params is not None
    rules = Rules(**row.params["rules"], timeframe="1m").for_contract(contract())
    start_ms = START_MS + 100 * MINUTE_MS
    result, _ = study(
        candles, bound, rules, compiled=lab.folder, start_ms=start_ms,
        others={Frame("", "15m"): resample(candles, "15m"), Frame("ETHUSDT"): ether},
    )  # fmt: skip
    async with lab.database.read() as session:
        kept = await backtests.trades(session, row.id)
    assert [to_ms(each.entry_time) for each in kept] == [each.entry_time for each in result.trades]
    assert {each.side for each in kept} == {"buy", "sell"}


async def test_a_chart_that_does_not_divide_a_longer_timeframe_is_refused_at_once(
    lab: Lab,
) -> None:
    async with lab.database.write() as session:
        strategy = await session.get_one(Strategy, lab.strategy_id)
        strategy.code = 'buy = timeframe("15m", close > open)'
    with pytest.raises(DomainError, match="rules_timeframe"):
        await lab.asks(timeframe="1h")
