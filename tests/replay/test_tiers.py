"""Margin tiers on the live path: refused, and liquidated, where the backtest is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.replay import live_rules, replay
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.market.ports import Funding
from tests.replay.markets import PROGRAMS, backtest, differences, funding_of, random_candles

MARKET = random_candles(7, 120, 0.015, 0.03)
RULES = live_rules(Rules(timeframe="1h", leverage=10.0, qty_step=0.001, price_tick=0.1))


async def both(code: str, rules: Rules) -> Result:
    """The backtest, whose trades are the replay's."""
    expected, found = backtest(MARKET, code, rules), await replay(MARKET, code, rules)
    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8
    return expected


async def test_a_size_whose_tier_liquidates_before_the_stop_is_refused_on_both_paths() -> None:
    tiered = replace(RULES, tiers=((2_500.0, 0.05), (3_000.0, 0.075)))
    free, result = await both(PROGRAMS[4], RULES), await both(PROGRAMS[4], tiered)
    assert free.counters.denied_liquidation == 0 < result.counters.denied_liquidation
    assert len(result.trades) > 3


async def test_funding_liquidates_sooner_in_a_higher_tier_on_both_paths() -> None:
    times, rates = funding_of(7, MARKET)
    tiered = replace(
        RULES,
        auto_tp=20.0,
        max_risk_percent=2.0,
        tiers=((3_000.0, 0.03), (4_000.0, 0.05)),
        funding=Funding(times, rates * 10),
    )
    code = "buy = close > open\nstop_loss = 4"
    reasons = [trade.exit_reason for trade in (await both(code, tiered)).trades]
    untiered = backtest(MARKET, code, replace(tiered, tiers=())).trades
    assert "liquidation" in reasons
    assert "liquidation" not in [trade.exit_reason for trade in untiered]
