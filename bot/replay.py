"""Runs candles through the live path in lock-step.

Tick, signal, risk gate, intents, paper exchange, reconcile: the parts that serve people, on a
database of their own. The market's clock moves on only when a close has been worked off. What comes
out must be the backtest's trades, one for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.replay_desk import desk_on
from bot.replay_market import ReplayMarket
from bot.replay_result import Recorded, result_of
from bot.traded import Traded
from domain.backtests.detail import stepped
from domain.backtests.prepare import bar_length
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.candles import Candles, Times
from domain.market.history import History
from domain.market.timeframes import TIMEFRAMES
from domain.strategies.language import CHART, Frame, compile_rules
from domain.strategies.language.series import series_of

_LEAST_STEP = 1e-8


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
    async with desk_on(ReplayMarket(clock, rules, histories, shown), clock, timeframe) as desk:
        await desk.open(bound, inputs)
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
