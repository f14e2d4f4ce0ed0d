"""How far back a market's history reaches, asked before a unit of work opens; and what that makes
of a range.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.backtests import service as backtests
from domain.errors import DomainError
from domain.market.ports import HistoryRange
from handlers.arguments import ALL_DAYS, understand
from handlers.context import Context
from handlers.errors import sentence
from handlers.render import backtest_cards
from handlers.services import Services
from handlers.texts import Html
from handlers.types import Looking
from handlers.wizard import Draft, stretch

_OF_RANGES = frozenset({"backtest_range", "backtest_too_long"})


@dataclass(frozen=True, slots=True)
class Reach:
    """Of the market that was asked about; why it could not be told."""

    symbol: str
    history: HistoryRange | DomainError


async def look(services: Services, asking: Looking) -> Reach | None:
    """Of the first market that is named; None where there is none."""
    if asking.tap:
        named = asking.tap.get("symbols", ())
    else:
        named = understand(asking.args, services.market.symbols()).symbols
    symbol = next(iter(named), None)
    return None if symbol is None else await _reach(services, symbol)


async def look_again(services: Services, asking: Looking) -> Reach:
    """Of the market of an earlier result, whose number a button holds last.

    Raises DomainError("unknown_result").
    """
    number = asking.tap.get("1", asking.tap.get("0"))
    async with asking.database.read() as session:
        row = await backtests.get(session, asking.user_id, int(str(number)))
    return await _reach(services, str(row.pair))


async def _reach(services: Services, symbol: str) -> Reach:
    try:
        return Reach(symbol, await services.market.history_range(symbol))
    except DomainError as error:
        return Reach(symbol, error)


def history_of(looked: object, symbol: str) -> HistoryRange:
    """What was found out. Raises DomainError as the market did."""
    if not isinstance(looked, Reach) or looked.symbol != symbol:
        raise LookupError("nobody has asked the market: the route must look")
    if isinstance(looked.history, DomainError):
        raise looked.history
    return looked.history


def asked(ctx: Context, draft: Draft) -> backtests.Request:
    """What a complete draft asks for, its range cut to what the market has.

    Raises DomainError("backtest_range"), and what the market does.
    """
    if draft.timeframe is None:
        raise LookupError("the draft is not complete")
    symbol = draft.symbols[0]
    history = history_of(ctx.looked, symbol)
    wished_ms, until_ms = stretch(ctx.t, draft)
    start_ms, end_ms = backtests.span(
        history,
        draft.timeframe,
        days=draft.span_days,
        start_ms=wished_ms,
        end_ms=until_ms,
    )
    return backtests.Request(
        draft.strategy,
        symbol,
        draft.timeframe,
        start_ms,
        end_ms,
        inputs=draft.inputs,
        share=draft.shared,
        wished_ms=None
        if draft.span_days == ALL_DAYS
        else backtests.wished_start(end_ms, days=draft.span_days, start_ms=wished_ms),
    )


def less(ctx: Context, draft: Draft) -> Html | None:
    """Before it runs: that there is less history than a complete draft asks for, or none."""
    try:
        wanted = asked(ctx, draft)
    except DomainError as error:
        return sentence(error, ctx.t) if error.code in _OF_RANGES else None
    params = {
        "wished_ms": wanted.wished_ms,
        "start_ms": wanted.start_ms,
        "end_ms": wanted.end_ms,
    }
    return backtest_cards.less_than_asked(ctx.t, wanted.symbol, wanted.timeframe, params, {})
