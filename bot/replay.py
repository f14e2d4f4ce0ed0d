"""Runs candles through the live path in lock-step.

Tick, signal, risk gate, intents, paper exchange, reconcile: the parts that serve people, on a
database of their own. The market's clock moves on only when a close has been worked off. What comes
out must be the backtest's trades, one for one.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.fernet import Fernet

import domain.models  # noqa: F401 - every table is in the metadata once these are imported
from bot.adapters.fernet_cipher import FernetCipher
from bot.adapters.paper_book import PaperRules
from bot.adapters.paper_exchange import PaperExchanges
from bot.jobs.levels import LevelMover
from bot.jobs.orders import OrderSender
from bot.jobs.reconcile import Reconciler
from bot.jobs.tick_chunks import ChunkWorker
from bot.jobs.ticks import Ticker
from bot.replay_market import ReplayMarket
from bot.replay_result import Recorded, result_of
from bot.traded import Traded
from domain.backtests.detail import stepped
from domain.backtests.prepare import bar_length
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.bots.decisions import Conventions
from domain.bots.models import BotConfig
from domain.bots.starting import start as start_bot
from domain.clock import ManualClock, from_ms
from domain.database import Database
from domain.errors import DomainError
from domain.jobs.service import TableQueue
from domain.market.candles import Candles, Times
from domain.market.history import History
from domain.market.timeframes import TIMEFRAMES
from domain.outbox.service import Outbox
from domain.risk.models import RiskSettings
from domain.settings.models import UserSettings
from domain.strategies.language import CHART, Frame, compile_rules
from domain.strategies.language.series import series_of
from domain.strategies.models import Strategy
from domain.trading.fills import END_OF_DATA
from domain.users.models import User

PAPER = "paper"
USER = 1
_LEAST_STEP = 1e-8
_NO_LOSS_LIMIT = 1_000_000_000.0
_CALM = 20


async def replay(
    candles: Candles,
    code: str,
    rules: Rules,
    *,
    inputs: Mapping[str, Any] | None = None,
    others: Mapping[Frame, Candles] | None = None,
    first: int = 0,
    detail: Candles | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """Trades `code` with `inputs` over candles[first:], through the live path.

    The bars before `first` are history that the strategy may look at; `others` are the series that
    it reads besides, see `evaluate`. `detail`: finer candles, which the paper exchange steps. The
    result has the shape of a backtest's; its counters know nothing of bars that touched two levels.
    Raises RuleErrors, and DomainError: "no_candles", "replay_unsupported" (field, value),
    "backtest_cancelled", and what `evaluate` and starting a bot raise.
    """
    if len(candles) <= first:
        raise DomainError("no_candles")
    return await replay_together(
        {rules.symbol: Traded(candles, others or {}, detail)},
        code,
        rules,
        start_ms=int(candles.time[first]),
        inputs=inputs,
        progress=progress,
        cancelled=cancelled,
    )


async def replay_together(
    markets: Mapping[str, Traded],
    code: str,
    rules: Rules,
    *,
    start_ms: int,
    inputs: Mapping[str, Any] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """The same with one bot on several symbols, in their order, from bars at `start_ms` on."""
    rules = live_rules(rules)
    traded = {symbol: each.candles.between(start_ms, None) for symbol, each in markets.items()}
    if not traded or not all(len(candles) for candles in traded.values()):
        raise DomainError("no_candles")
    timeframe = rules.timeframe or _timeframe(next(iter(markets.values())).candles.time)
    bound, clock = compile_rules(code).bind(inputs), ManualClock(start_ms)
    shown: dict[tuple[str, str], Candles] = {}
    for symbol, each in markets.items():
        series = series_of(bound, each.candles, TIMEFRAMES[timeframe], each.others)
        shown |= _shown(series, symbol, timeframe)
    histories = {
        symbol: _history(each.candles, timeframe, symbol, each.detail)
        for symbol, each in markets.items()
    }
    async with _desk(ReplayMarket(clock, rules, histories, shown), clock, timeframe) as desk:
        await desk.open(code, inputs, timeframe)
        equity = await desk.run(list(traded.values()), progress, cancelled)
        bars = {
            symbol: (candles, stepped(candles, desk.bar_ms, markets[symbol].detail))
            for symbol, candles in traded.items()
        }
        recorded = Recorded(bars, desk.bar_ms, equity)
        return await result_of(desk.database, desk.worker, recorded, rules)


def live_rules(rules: Rules) -> Rules:
    """The rules as a live account can have them. Orders are counted in steps of at least 1e-8.

    Raises DomainError("replay_unsupported", field, value).
    """
    leverages = [rules.for_symbol(name).terms().leverage for name in rules.markets]
    leverage = min(rules.leverage, rules.max_leverage)
    for field, wrong in {
        "leverage": leverage > 100 or any(each % 1.0 for each in (leverage, *leverages)),
        "max_positions": rules.max_positions > 50,
        "auto_tp": rules.auto_tp is None,
        "auto_sl": rules.auto_sl is None,
    }.items():
        if wrong:
            raise DomainError("replay_unsupported", field=field, value=getattr(rules, field))
    markets = {
        name: replace(own, qty_step=max(own.qty_step, _LEAST_STEP))
        for name, own in rules.markets.items()
        if own.qty_step is not None
    }
    return replace(
        rules,
        qty_step=max(rules.qty_step, _LEAST_STEP),
        markets={**rules.markets, **markets},
    )


@dataclass
class _Desk:
    """A whole trading side with one user, for one run. `equity`: as last seen, USDT."""

    database: Database
    clock: ManualClock
    market: ReplayMarket
    exchanges: PaperExchanges
    reconciler: Reconciler
    worker: ChunkWorker
    ticker: Ticker
    rules: Rules
    bar_ms: int
    equity: float

    async def open(self, code: str, inputs: Mapping[str, Any] | None, timeframe: str) -> None:
        """The user with the rules' settings, and their bot."""
        rules = self.rules
        async with self.database.write() as session:
            session.add(User(id=USER, email="replay@users.invalid"))
            await session.flush()
            limit = rules.daily_loss_limit or _NO_LOSS_LIMIT
            program = compile_rules(code)
            strategy = Strategy(user_id=USER, name="replay", code=code, content_hash=program.hash)
            session.add_all(
                [
                    strategy,
                    UserSettings(user_id=USER, timezone=rules.tz),
                    RiskSettings(
                        user_id=USER,
                        daily_loss_limit=limit,
                        max_leverage=100,
                        max_positions=rules.max_positions,
                    ),
                    BotConfig(
                        user_id=USER,
                        max_risk_percent=rules.max_risk_percent,
                        leverage=int(min(rules.leverage, rules.max_leverage)),
                        auto_tp=rules.auto_tp,
                        auto_sl=rules.auto_sl,
                    ),
                ]
            )
            await session.flush()
            await start_bot(
                session,
                self.market,
                self.clock,
                USER,
                exchange="replay",
                strategy_id=strategy.id,
                symbols=list(self.market.histories),
                timeframe=timeframe,
                inputs=inputs,
            )

    async def run(
        self,
        markets: Sequence[Candles],
        progress: Callable[[float], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> list[float]:
        """Every close is ticked; what was decided at the last fills nowhere and is cancelled.

        The equity at each close, at the last when flat.
        """
        equity: list[float] = []
        opens = np.unique(np.concatenate([candles.time for candles in markets]))
        closes = (opens + self.bar_ms).tolist()
        for number, close_ms in enumerate(closes):
            if number % _CALM == 0:
                if cancelled is not None and cancelled():
                    raise DomainError("backtest_cancelled")
                if progress is not None:
                    progress(number / len(closes))
            self.clock.set(close_ms)
            await self.ticker.run_due()
            if close_ms == closes[-1]:
                await self.exchanges.close_out(close_ms, END_OF_DATA)
                await self._reconcile(close_ms)
            equity.append(self.equity)
        if progress is not None:
            progress(1.0)
        return equity

    async def books(self, moment_ms: int) -> None:
        """Bring the paper exchange's book, then ours, to a close."""
        await LevelMover(self.database, self.exchanges).run(PAPER)
        await self.exchanges.step_to(moment_ms)
        await self._reconcile(moment_ms)

    async def _reconcile(self, moment_ms: int) -> None:
        """An account that is not looked at has nothing open: its equity stays."""
        seen = await self.reconciler.run(PAPER, at=from_ms(moment_ms))
        if USER in seen.balances:
            self.equity = float(seen.balances[USER].equity)


@asynccontextmanager
async def _desk(market: ReplayMarket, clock: ManualClock, timeframe: str) -> AsyncIterator[_Desk]:
    with tempfile.TemporaryDirectory(prefix="leverframe-replay-") as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'replay.db'}", durable=False)
        try:
            await database.create_tables()
            yield _wired(database, market, clock, timeframe)
        finally:
            await database.close()


def _wired(database: Database, market: ReplayMarket, clock: ManualClock, timeframe: str) -> _Desk:
    """The same parts as the service's, on this market and its clock."""
    rules = market.rules
    paper = PaperRules(
        start_balance=float(rules.initial_balance),
        slippage_bps=rules.slippage_bps,
        maker_take_profit=rules.tp_maker,
        entry_bar_levels=rules.entry_bar_levels,
        levels_from_close=rules.levels_from_close,
    )
    bar_ms = TIMEFRAMES[timeframe]
    exchanges = PaperExchanges(database, market, clock, paper, grid_ms=bar_ms)
    # Nobody is told anything: the user has no chat.
    outbox = Outbox(FernetCipher(Fernet.generate_key().decode()), clock)
    reconciler = Reconciler(database, exchanges, outbox, clock)
    orders = OrderSender(database, exchanges, outbox, clock, clock)
    conventions = Conventions(
        slippage_bps=rules.slippage_bps,
        maker_take_profit=rules.tp_maker,
        fixed_qty=float(rules.fixed_qty or 0.0),
    )
    worker = ChunkWorker(
        database, market, exchanges, outbox, clock, orders.send_due, conventions, patience_ms=None
    )

    async def books(moment_ms: int) -> None:
        await desk.books(moment_ms)

    ticker = Ticker(database, TableQueue(clock), clock, clock, worker, books, books_every_ms=0)
    balance = float(rules.initial_balance)
    desk = _Desk(
        database, clock, market, exchanges, reconciler, worker, ticker, rules, bar_ms, balance
    )
    return desk


def _shown(
    series: Mapping[Frame, Candles], symbol: str, timeframe: str
) -> dict[tuple[str, str], Candles]:
    """The series besides the chart's, by what the market is asked for."""
    return {
        (frame.symbol or symbol, frame.timeframe or timeframe): bars
        for frame, bars in series.items()
        if frame != CHART
    }


def _history(candles: Candles, timeframe: str, symbol: str, detail: Candles | None) -> History:
    """The symbol's bars, and finer ones where there are some: those are stepped."""
    bars = stepped(candles, TIMEFRAMES[timeframe], detail)
    if bars.step_ms == 0:
        return History(symbol, timeframe, candles)
    return History(symbol, _named(bars.step_ms), bars.candles, {timeframe: candles})


def _timeframe(time: Times) -> str:
    """The name of the bars' length. Raises DomainError("replay_unsupported")."""
    return _named(bar_length(time, None))


def _named(length: int) -> str:
    for name, bar_ms in TIMEFRAMES.items():
        if bar_ms == length:
            return name
    raise DomainError("replay_unsupported", field="timeframe", value=f"{length} ms")
