"""/optimize, /walkforward, /montecarlo and /parity: studies, queued and shown as backtests are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.backtests import service as backtests
from domain.errors import DomainError
from domain.research import service as research
from domain.research.grid import Span
from handlers import reach, setup
from handlers.backtests import check_rules, result_view
from handlers.context import Context
from handlers.types import Reply
from handlers.views import View, anew, present
from handlers.wizard import OPTIMIZE, WALKFORWARD, Draft, drafted, question

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_SPAN = re.compile(rf"(\w+)=({_NUMBER})(?:\.\.({_NUMBER})(?:/({_NUMBER}))?)?")
_DAYS = re.compile(r"(\d{1,3})(?:d|일)?")
_STUDIES = {OPTIMIZE: research.OPTIMIZE, WALKFORWARD: research.WALKFORWARD}


async def optimize(ctx: Context) -> Reply:
    """`/optimize [strategy] [symbol] [timeframe] [range] [param=a..b[/step] ...]`, any order."""
    return present(ctx, await _typed(ctx, OPTIMIZE))


async def walkforward(ctx: Context) -> Reply:
    """`/walkforward`, written as `/optimize`."""
    return present(ctx, await _typed(ctx, WALKFORWARD))


async def montecarlo(ctx: Context) -> Reply:
    """`/montecarlo [result]`: of a backtest, the latest when none is named."""
    words = ctx.incoming.args
    text = words[0].removeprefix("#") if words else ""
    if words and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DomainError("unknown_result", result=text[:20])
    row = await research.montecarlo(
        ctx.session, ctx.services.queue, ctx.user.id, int(text) if words else None, ctx.now
    )
    return present(ctx, await result_view(ctx, row))


async def parity(ctx: Context) -> Reply:
    """`/parity [days]`."""
    words = ctx.incoming.args
    days = _DAYS.fullmatch(words[0]) if words else None
    if words and days is None:
        raise DomainError("bad_days", most=research.MOST_PARITY_DAYS)
    row = await research.parity(
        ctx.session,
        ctx.services.queue,
        ctx.services.clock,
        ctx.user.id,
        int(days[1]) if days else None,
        ctx.now,
    )
    return present(ctx, await result_view(ctx, row))


async def go_on(ctx: Context, draft: Draft) -> View:
    """Ask for what is missing, then show the whole, then queue it."""
    asked_for = await question(ctx, draft)
    if asked_for is not None:
        return asked_for
    return await _queued(ctx, draft) if draft.step == setup.RUN else await setup.view(ctx, draft)


async def tap_montecarlo(ctx: Context) -> Reply:
    """The button below a backtest."""
    row = await research.montecarlo(
        ctx.session, ctx.services.queue, ctx.user.id, int(ctx.tap["0"]), ctx.now
    )
    return anew(await result_view(ctx, row))


async def tap_use(ctx: Context) -> Reply:
    """A backtest with the best inputs of a search, over the same range."""
    row = await backtests.get(ctx.session, ctx.user.id, int(ctx.tap["0"]))
    params = row.params or {}
    if row.kind != research.OPTIMIZE or row.status != backtests.COMPLETED:
        raise DomainError("button_invalid")
    await check_rules(ctx, row)
    wanted = backtests.Request(
        row.strategy_id,
        str(row.pair),
        str(row.timeframe),
        int(params["start_ms"]),
        int(params["end_ms"]),
        inputs=params["inputs"],
    )
    made = await backtests.request(ctx.session, ctx.services.queue, ctx.user.id, wanted, ctx.now)
    return anew(await result_view(ctx, made))


def spans(words: Sequence[str]) -> tuple[dict[str, Span], list[str]]:
    """(`fast=5..25/5` by name, the other words). Raises DomainError("bad_span", name)."""
    found: dict[str, Span] = {}
    rest: list[str] = []
    for word in words:
        match = _SPAN.fullmatch(word)
        if match is None:
            if "=" in word:
                raise DomainError("bad_span", name=word.partition("=")[0][:40])
            rest.append(word)
            continue
        name, low, high, step = match.groups()
        found[name] = Span(float(low), float(high or low), float(step) if step else None)
    return found, rest


async def _typed(ctx: Context, purpose: str) -> View:
    """What is complete is queued, else the rest is asked for."""
    draft = await _drafted(ctx, purpose)
    return await question(ctx, draft) or await _queued(ctx, draft)


async def _drafted(ctx: Context, purpose: str) -> Draft:
    wanted, rest = spans(ctx.incoming.args)
    draft = await drafted(ctx, purpose, rest)
    if not wanted:
        return draft
    return Draft(
        **{
            **draft.to_args(),
            "symbols": draft.symbols,
            "spans": {name: [span.low, span.high, span.step] for name, span in wanted.items()},
        }
    )


async def _queued(ctx: Context, draft: Draft) -> View:
    row = await research.search(
        ctx.session,
        ctx.services.queue,
        ctx.user.id,
        _STUDIES[draft.purpose],
        reach.asked(ctx, draft),
        {name: Span(*values) for name, values in (draft.spans or {}).items()},
        ctx.now,
    )
    return await result_view(ctx, row)
