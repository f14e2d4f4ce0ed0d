"""Every shipped strategy trades the same in the backtest and on the live path."""

from __future__ import annotations

import pytest

from bot.replay import live_rules, replay
from domain.backtests.rules import Rules
from domain.strategies.builtins import BUILTINS, Builtin
from tests.replay.markets import backtest, differences, random_candles

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

MARKET = random_candles(11, 420, 0.012, 0.02)
RULES = live_rules(Rules(timeframe="1h", qty_step=0.001, price_tick=0.1))


@pytest.mark.parametrize("builtin", BUILTINS, ids=[builtin.slug for builtin in BUILTINS])
async def test_a_builtin_replays_as_it_was_backtested(builtin: Builtin) -> None:
    expected = backtest(MARKET, builtin.code, RULES)
    found = await replay(MARKET, builtin.code, RULES)
    assert len(expected.trades) >= 3
    assert differences(expected.trades, found.trades) == []
