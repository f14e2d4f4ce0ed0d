"""/chart: candles with the strategy's plots and signals and one's own trades, edited in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.backtests import service as backtests
from domain.bots.status import status
from domain.clock import to_ms as moment_ms
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.charting import ChartOrder, Deal
from domain.market.ports import unknown_symbol
from domain.market.timeframes import TIMEFRAMES, to_ms
from domain.signals.frames import frames_for
from domain.strategies import service as strategies
from domain.strategies.language import Bound
from domain.strategies.models import Strategy
from domain.trading import queries
from handlers.arguments import looks_like_symbol, understand
from handlers.context import Context
from handlers.errors import sentence
from handlers.render import names, numbers
from handlers.render.text import lines
from handlers.texts import Html, plain
from handlers.types import Action, Keyboard, Reply
from handlers.views import as_of, rows_of

_SHOWN = 120
_MOST_BEFORE = 3_000
_DEALS = 100
_FRAMES = tuple(TIMEFRAMES)
_OFFERED = ("5m", "15m", "1h", "4h", "1d")
_QUOTE = "USDT"
_NONE = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw. `strategy`: whose plots and signals; `inputs`: None = its own."""

    symbol: str
    timeframe: str
    strategy: int | None = None
    inputs: Mapping[str, Any] | None = field(default=None)


async def chart(ctx: Context) -> Reply:
    """`/chart [symbol] [timeframe] [strategy]` in any order; what is left out is the bot's, else
    the last backtest's. Raises DomainError("unknown_symbol", "unknown_strategy", "no_candles").
    """
    known = ctx.services.market.symbols()
    wanted = understand(ctx.incoming.args, known)
    odd = next((word for word in wanted.words if looks_like_symbol(word)), None)
    if odd is not None:
        raise unknown_symbol(odd, known)
    usual = await _usual(ctx)
    strategy, inputs = usual.strategy, usual.inputs
    if wanted.words:
        typed = await strategies.resolve(ctx.session, ctx.user.id, " ".join(wanted.words))
        strategy, inputs = typed.id, None
    symbol = wanted.symbols[0] if wanted.symbols else usual.symbol
    wish = Wish(symbol, wanted.timeframe or usual.timeframe, strategy, inputs)
    return await _drawn(ctx, wish, "photo")


async def tap_chart(ctx: Context) -> Reply:
    """Another timeframe, or the same one now, in place."""
    frame, strategy = _FRAMES[int(ctx.tap["1"])], int(ctx.tap["2"])
    usual = await _usual(ctx)
    inputs = usual.inputs if strategy == usual.strategy else None
    wish = Wish(f"{ctx.tap['0']}{_QUOTE}", frame, strategy or None, inputs)
    return await _drawn(ctx, wish, "edit_media")


async def _usual(ctx: Context) -> Wish:
    bot = await status(ctx.session, ctx.services.clock, ctx.user.id)
    if bot.symbols and bot.timeframe:
        return Wish(bot.symbols[0], bot.timeframe, bot.strategy_id, bot.inputs)
    for row in await backtests.latest(ctx.session, ctx.user.id, limit=1):
        inputs = (row.params or {}).get("inputs")
        return Wish(str(row.pair), str(row.timeframe), row.strategy_id, inputs)
    known = ctx.services.market.symbols()
    return Wish(known[0] if known else f"BTC{_QUOTE}", "1h")


async def _drawn(ctx: Context, wish: Wish, kind: str) -> Reply:
    strategy = await _strategy(ctx, wish)
    inputs = dict(wish.inputs or (strategy.params if strategy else None) or {})
    bound = strategies.compiled(strategy).bind(inputs) if strategy else None
    before = min(2 * bound.memory, _MOST_BEFORE) if bound else 0
    now = ctx.services.clock.now_ms()
    candles = await ctx.services.market.candles(
        wish.symbol, wish.timeframe, end_ms=now, limit=_SHOWN + before
    )
    if len(candles) == 0:
        raise DomainError("no_candles", symbol=wish.symbol, timeframe=wish.timeframe)
    code, others, lacking = await _rules(ctx, wish, bound, now)
    name = plain(names.strategy(ctx.t, strategy.name)) if strategy else ""
    order = ChartOrder(
        symbol=wish.symbol,
        timeframe=wish.timeframe,
        candles=candles,
        shown=_SHOWN,
        file=f"charts/market-{ctx.user.id}-{wish.symbol}-{wish.timeframe}.png",
        name=name,
        code=code,
        inputs=inputs,
        others=others,
        deals=await _deals(ctx, wish.symbol),
        theme=ctx.settings.theme,
        lang=ctx.t.lang,
        zone=ctx.t.tz,
    )
    await ctx.services.charts.draw(order)
    shown_to = int(candles.time[-1]) + to_ms(wish.timeframe)
    drawn = "" if lacking else name
    text = lines(_caption(ctx, wish, drawn, float(candles.close[-1]), shown_to), lacking)
    return Reply((Action(kind, text=text, keyboard=_keyboard(ctx, wish), file=order.file),))


async def _rules(
    ctx: Context, wish: Wish, bound: Bound | None, now_ms: int
) -> tuple[str, dict[tuple[str, str], Candles], Html | None]:
    """(code, the series it reads besides, None), or why only candles can be drawn."""
    if bound is None:
        return "", {}, None
    try:
        others = await frames_for(
            ctx.services.market, bound, wish.symbol, wish.timeframe, end_ms=now_ms, bars=_SHOWN
        )
    except DomainError as error:
        return "", {}, sentence(error, ctx.t)
    return bound.program.source, others, None


async def _strategy(ctx: Context, wish: Wish) -> Strategy | None:
    """None also for one that was deleted in the meantime: the candles are still there."""
    if wish.strategy is None:
        return None
    try:
        return await strategies.get(ctx.session, ctx.user.id, wish.strategy)
    except DomainError:
        return None


async def _deals(ctx: Context, symbol: str) -> list[Deal]:
    mode = ctx.settings.mode
    page = await queries.trade_page(
        ctx.session, ctx.user.id, mode=mode, symbol=symbol, limit=_DEALS
    )
    found = [
        Deal(
            is_long=view.trade.side == "buy",
            entry_ms=moment_ms(view.trade.opened_at or view.trade.created_at),
            entry_price=float(view.trade.entry_price),
            exit_ms=moment_ms(view.trade.closed_at or view.trade.created_at),
            exit_price=float(view.trade.exit_price or view.trade.entry_price),
        )
        for view in page.rows
    ]
    for held in await queries.open_positions(ctx.session, ctx.user.id, mode):
        position = held.position
        if position.symbol == symbol and position.opened_at is not None:
            opened = moment_ms(position.opened_at)
            found.append(Deal(position.side == "long", opened, float(position.entry_price)))
    return found


def _caption(ctx: Context, wish: Wish, name: str, price: float, at_ms: int) -> Html:
    t = ctx.t
    shown = numbers.price(t, price, numbers.decimals_of(price))
    return lines(
        t("chart.caption", symbol=wish.symbol, timeframe=wish.timeframe, price=shown),
        t("chart.strategy", name=name) if name else None,
        as_of(t, ctx.now, at_ms),
    )


def _keyboard(ctx: Context, wish: Wish) -> Keyboard:
    """Timeframes that the market has, and the same once more."""
    finest = to_ms(ctx.services.market.finest_timeframe(wish.symbol))
    base, strategy = wish.symbol.removesuffix(_QUOTE), wish.strategy or _NONE

    def button(label: str, frame: str) -> Any:
        return ctx.buttons.show(label, "cx", base, _FRAMES.index(frame), strategy)

    frames = [
        button(f"✓ {frame}" if frame == wish.timeframe else frame, frame)
        for frame in _OFFERED
        if to_ms(frame) >= finest
    ]
    refresh = button(plain(ctx.t("button.refresh")), wish.timeframe)
    return (*rows_of(frames, len(_OFFERED)), (refresh,))
