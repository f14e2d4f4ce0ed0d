"""The paper exchange against the backtest: the same orders, the same trades, to the last bit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.adapters.paper_book import PaperRules
from bot.adapters.paper_exchange import PaperExchanges
from domain.backtests.engine import simulate
from domain.backtests.result import Trade as BacktestTrade
from domain.backtests.rules import Rules
from domain.clock import ManualClock
from domain.database import Database
from domain.market.candles import Candles, Signals
from domain.market.ports import Funding
from domain.trading.barstep import decide
from domain.trading.fills import END_OF_DATA, EXIT_DETAILS
from domain.trading.paper_models import PaperFill
from domain.trading.ports import OrderRequest
from tests.support.market import START_MS, FakeMarket, contract
from tests.support.trading import add_user, passing_database

BAR_MS = 900_000
SYMBOL = "BTCUSDT"
CONTRACT = contract(qty_step=Decimal("0.001"), price_tick=Decimal("0.1"))


@dataclass
class Tape(FakeMarket):
    """A market of 15-minute bars and their funding, all of it known from the start."""

    bars: Candles | None = None
    funded: Funding | None = None

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        assert self.funded is not None
        inside = (self.funded.times >= start_ms) & (self.funded.times < end_ms)
        return Funding(self.funded.times[inside], self.funded.rates[inside])

    async def opened_between(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        assert self.bars is not None
        return self.bars.between(start_ms, end_ms)


def tape(seed: int, bars: int) -> tuple[Candles, Signals, Funding]:
    """A random walk with wicks, gaps, missing bars, signals of all kinds, and funding."""
    rng = np.random.default_rng(seed)
    close = 60_000 * np.exp(np.cumsum(rng.normal(0, 0.012, bars)))
    open_ = np.concatenate(([60_000], close[:-1])) * (1 + rng.normal(0, 0.002, bars))
    high = np.maximum(open_, close) * (1 + rng.exponential(0.004, bars))
    low = np.minimum(open_, close) * (1 - rng.exponential(0.004, bars))
    time = START_MS + np.cumsum(rng.choice([1, 1, 1, 1, 1, 1, 1, 3], bars)) * BAR_MS
    candles = Candles(time.astype(np.int64), open_, high, low, close, np.ones(bars))
    chance = rng.random((4, bars))
    stop = np.where(rng.random(bars) < 0.8, rng.uniform(0.3, 25.0, bars), math.nan)
    take = np.where(rng.random(bars) < 0.8, rng.uniform(0.3, 6.0, bars), math.nan)
    signals = Signals(
        chance[0] < 0.2, chance[1] < 0.2, chance[2] < 0.1, chance[3] < 0.1, stop, take
    )
    stamps = np.arange(START_MS, int(time[-1]) + 2 * BAR_MS, 8 * 3_600_000, dtype=np.int64)
    return candles, signals, Funding(stamps, rng.normal(0, 0.001, len(stamps)))


def as_paper_rules(rules: Rules) -> PaperRules:
    """The same conventions, in the exchange's words."""
    return PaperRules(
        start_balance=rules.initial_balance,
        slippage_bps=rules.slippage_bps,
        maker_take_profit=rules.tp_maker,
        entry_bar_levels=rules.entry_bar_levels,
        levels_from_close=rules.levels_from_close,
    )


async def paper_fills(
    database: Database, candles: Candles, signals: Signals, funding: Funding, rules: Rules
) -> list[Any]:
    """The same decisions as orders, bar by bar: the exchange's own record of what was executed."""
    clock = ManualClock(START_MS)
    market = Tape(clock=clock, contracts={SYMBOL: CONTRACT}, bars=candles, funded=funding)
    paper = PaperExchanges(
        database, market, clock, rules=as_paper_rules(rules), bars=market.opened_between
    )
    user_id = await add_user(database, "alice")
    for row in range(len(candles)):
        close_ms = int(candles.time[row]) + BAR_MS
        clock.set(close_ms)
        await paper.step_to(close_ms)
        for request in await _orders(paper, user_id, candles, signals, row, rules):
            await paper.of(user_id, "paper").place(request)
    await paper.close_out(close_ms, END_OF_DATA)
    return await _executed(database)


async def _executed(database: Database) -> list[Any]:
    async with database.read() as session:
        return list(await session.scalars(select(PaperFill).order_by(PaperFill.number)))


async def _orders(
    paper: PaperExchanges,
    user_id: int,
    candles: Candles,
    signals: Signals,
    row: int,
    rules: Rules,
) -> Sequence[OrderRequest]:
    held = await paper.of(user_id, "paper").positions()
    side = 0 if not held else 1 if held[0].side == "long" else -1
    flags = (signals.buy, signals.sell, signals.exit_long, signals.exit_short)
    leave, wanted = decide(side, *(bool(column[row]) for column in flags))
    close_ms = int(candles.time[row]) + BAR_MS
    stop, take = float(signals.stop_loss[row]), float(signals.take_profit[row])
    common: dict[str, Any] = {
        "symbol": SYMBOL,
        "leverage": int(rules.leverage),
        "decided_ms": close_ms,
    }
    orders = []
    if leave:
        orders.append(
            OrderRequest(
                client_order_id=f"x{row}",
                side="sell" if side > 0 else "buy",
                qty=Decimal(0),
                reduce_only=True,
                stop_percent=None,
                take_profit_percent=None,
                valid_until_ms=None,
                exit_detail=EXIT_DETAILS[leave],
                **common,
            )
        )
    if wanted:
        orders.append(
            OrderRequest(
                client_order_id=f"e{row}",
                side="buy" if wanted > 0 else "sell",
                qty=Decimal(0),
                reduce_only=False,
                stop_percent=rules.auto_sl if math.isnan(stop) else stop,
                take_profit_percent=rules.auto_tp if math.isnan(take) else take,
                valid_until_ms=close_ms,
                signal_price=float(candles.close[row]),
                risk_percent=rules.max_risk_percent,
                fill_within_ms=BAR_MS,
                **common,
            )
        )
    return orders


def as_trades(fills: Sequence[PaperFill]) -> list[tuple[Any, ...]]:
    """Entries and exits in pairs, as (side, qty, times, prices, pnl, funding, reason, detail)."""
    pairs = zip(fills[::2], fills[1::2], strict=True)
    return [
        (
            "buy" if entry.side > 0 else "sell",
            entry.qty,
            entry.at_ms,
            entry.price,
            left.at_ms,
            left.price,
            left.pnl,
            left.funding,
            left.reason,
            left.detail,
        )
        for entry, left in pairs
    ]


def as_tuple(trade: BacktestTrade) -> tuple[Any, ...]:
    """A backtest's trade in the same shape."""
    return (
        trade.side,
        trade.qty,
        trade.entry_time,
        trade.entry_price,
        trade.exit_time,
        trade.exit_price,
        trade.pnl,
        trade.funding,
        trade.exit_reason,
        trade.exit_detail,
    )


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10_000),
    leverage=st.sampled_from([1, 3, 10]),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
async def test_orders_at_the_paper_exchange_become_the_backtests_trades(
    seed: int, leverage: int, flags: tuple[bool, bool, bool]
) -> None:
    candles, signals, funding = tape(seed, bars=100)
    rules = Rules(
        timeframe="15m",
        funding=funding,
        leverage=leverage,
        max_risk_percent=2.0,
        initial_balance=5_000.0,
        tp_maker=flags[0],
        entry_bar_levels=flags[1],
        levels_from_close=flags[2],
    ).for_contract(CONTRACT)
    expected = simulate(candles, signals, rules)
    async with passing_database() as database:
        fills = await paper_fills(database, candles, signals, funding, rules)
    assert as_trades(fills) == [as_tuple(trade) for trade in expected.trades]
    assert len(expected.trades) > 2
