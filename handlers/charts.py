"""/chart: candles with the strategy's plots and signals and one's own trades, edited in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.backtests import service as backtests
from domain.bots.status import status
from domain.clock import to_ms as moment_ms
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.charting import ChartOrder, Deal
from domain.market.ports import unknown_symbol
from domain.market.timeframes import TIMEFRAMES, to_ms
from domain.settings.models import UserSettings
from domain.signals.frames import frames_for
from domain.strategies import service as strategies
from domain.strategies.language import Bound
from domain.strategies.models import Strategy
from domain.trading import queries
from handlers.arguments import Wanted, looks_like_symbol, understand
from handlers.context import Context
from handlers.errors import sentence
from handlers.render import names, numbers
from handlers.render.text import lines
from handlers.services import Services
from handlers.texts import Html, Translator, plain
from handlers.types import Action, Keyboard, Looking, Reply
from handlers.views import as_of, rows_of
from handlers.wizard import refuse_several

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

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


@dataclass(frozen=True, slots=True)
class Stored:
    """All that tables tell of a wish. `name`: the strategy's, "" without one."""

    wish: Wish
    name: str
    bound: Bound | None
    inputs: Mapping[str, Any]
    deals: Sequence[Deal]
    lang: str
    zone: str
    theme: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture. `price`: the last close, at `shown_to_ms`; `lacking`: why only candles could be
    drawn.
    """

    wish: Wish
    file: str
    name: str
    price: float
    shown_to_ms: int
    lacking: DomainError | None


async def look(services: Services, asking: Looking) -> Drawn:
    """What is stored is read, then the market is asked, then it is drawn: no unit of work is open
    meanwhile.

    Raises DomainError("unknown_symbol", "unknown_strategy", "chart_range" (word, n), "one_symbol",
    "no_candles"),
    and what is odd about a word, see `arguments.Wanted`.
    """
    async with asking.database.read() as session:
        stored = await _stored(session, services, asking)
    return await _drawn(services, asking.user_id, stored)


async def chart(ctx: Context) -> Reply:
    """`/chart [symbol] [timeframe] [strategy]` in any order; what is left out is the bot's, else
    the last backtest's.
    """
    return _shown(ctx, "photo")


async def tap_chart(ctx: Context) -> Reply:
    """Another timeframe, or the same one now, in place."""
    return _shown(ctx, "edit_media")


def _shown(ctx: Context, kind: str) -> Reply:
    drawn = ctx.looked
    if not isinstance(drawn, Drawn):
        raise LookupError("nobody has drawn it: the route must look")
    lacking = None if drawn.lacking is None else sentence(drawn.lacking, ctx.t)
    text = lines(_caption(ctx, drawn), lacking)
    keyboard = _keyboard(ctx, drawn.wish)
    return Reply((Action(kind, text=text, keyboard=keyboard, file=drawn.file),))


async def _stored(session: AsyncSession, services: Services, asking: Looking) -> Stored:
    user_id = asking.user_id
    usual = await _usual(session, services, user_id)
    wish = (
        _tapped(asking.tap, usual) if asking.tap else await _typed(session, services, asking, usual)
    )
    settings = await session.get_one(UserSettings, user_id)
    t = Translator(settings.language, settings.timezone)
    strategy = await _strategy(session, user_id, wish)
    inputs = dict(wish.inputs or (strategy.params if strategy else None) or {})
    return Stored(
        wish=wish,
        name=plain(names.strategy(t, strategy.name)) if strategy else "",
        bound=strategies.compiled(strategy).bind(inputs) if strategy else None,
        inputs=inputs,
        deals=await _deals(session, user_id, asking.mode, wish.symbol),
        lang=t.lang,
        zone=t.tz,
        theme=settings.theme,
    )


async def _typed(session: AsyncSession, services: Services, asking: Looking, usual: Wish) -> Wish:
    known = services.market.symbols()
    wanted = understand(asking.args, known)
    odd = next((word for word in wanted.words if looks_like_symbol(word)), None)
    if odd is not None:
        raise unknown_symbol(odd, known)
    refuse_several(wanted)
    if wanted.range_word is not None:
        raise DomainError("chart_range", word=wanted.range_word[:40], n=_SHOWN)
    strategy, inputs = usual.strategy, usual.inputs
    if wanted.words:
        strategy, inputs = await _named(session, asking, wanted), None
    symbol = wanted.symbols[0] if wanted.symbols else usual.symbol
    return Wish(symbol, wanted.timeframe or usual.timeframe, strategy, inputs)


async def _named(session: AsyncSession, asking: Looking, wanted: Wanted) -> int:
    try:
        found = await strategies.resolve(session, asking.user_id, " ".join(wanted.words))
    except DomainError as error:
        raise wanted.odd or error from None
    return found.id


def _tapped(tap: Mapping[str, Any], usual: Wish) -> Wish:
    frame, strategy = _FRAMES[int(tap["1"])], int(tap["2"])
    inputs = usual.inputs if strategy == usual.strategy else None
    return Wish(f"{tap['0']}{_QUOTE}", frame, strategy or None, inputs)


async def _usual(session: AsyncSession, services: Services, user_id: int) -> Wish:
    bot = await status(session, services.clock, user_id)
    if bot.symbols and bot.timeframe:
        return Wish(bot.symbols[0], bot.timeframe, bot.strategy_id, bot.inputs)
    for row in await backtests.latest(session, user_id, limit=1):
        inputs = (row.params or {}).get("inputs")
        return Wish(str(row.pair), str(row.timeframe), row.strategy_id, inputs)
    known = services.market.symbols()
    return Wish(known[0] if known else f"BTC{_QUOTE}", "1h")


async def _drawn(services: Services, user_id: int, stored: Stored) -> Drawn:
    wish, bound, now = stored.wish, stored.bound, services.clock.now_ms()
    before = min(2 * bound.memory, _MOST_BEFORE) if bound else 0
    candles = await services.market.candles(
        wish.symbol, wish.timeframe, end_ms=now, limit=_SHOWN + before
    )
    if len(candles) == 0:
        raise DomainError("no_candles", symbol=wish.symbol, timeframe=wish.timeframe)
    code, others, lacking = await _rules(services, wish, bound, now)
    order = ChartOrder(
        symbol=wish.symbol,
        timeframe=wish.timeframe,
        candles=candles,
        shown=_SHOWN,
        file=f"charts/market-{user_id}-{wish.symbol}-{wish.timeframe}.png",
        name=stored.name,
        code=code,
        inputs=dict(stored.inputs),
        others=others,
        deals=list(stored.deals),
        theme=stored.theme,
        lang=stored.lang,
        zone=stored.zone,
    )
    await services.charts.draw(order)
    return Drawn(
        wish=wish,
        file=order.file,
        name="" if lacking else stored.name,
        price=float(candles.close[-1]),
        shown_to_ms=int(candles.time[-1]) + to_ms(wish.timeframe),
        lacking=lacking,
    )


async def _rules(
    services: Services, wish: Wish, bound: Bound | None, now_ms: int
) -> tuple[str, dict[tuple[str, str], Candles], DomainError | None]:
    """(code, the series it reads besides, None), or why only candles can be drawn."""
    if bound is None:
        return "", {}, None
    try:
        others = await frames_for(
            services.market, bound, wish.symbol, wish.timeframe, end_ms=now_ms, bars=_SHOWN
        )
    except DomainError as error:
        return "", {}, error
    return bound.program.source, others, None


async def _strategy(session: AsyncSession, user_id: int, wish: Wish) -> Strategy | None:
    """None also for one that was deleted in the meantime: the candles are still there."""
    if wish.strategy is None:
        return None
    try:
        return await strategies.of_bot(session, user_id, wish.strategy)
    except DomainError:
        return None


async def _deals(session: AsyncSession, user_id: int, mode: str, symbol: str) -> list[Deal]:
    page = await queries.trade_page(session, user_id, mode=mode, symbol=symbol, limit=_DEALS)
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
    for held in await queries.open_positions(session, user_id, mode):
        position = held.position
        if position.symbol == symbol and position.opened_at is not None:
            opened = moment_ms(position.opened_at)
            found.append(Deal(position.side == "long", opened, float(position.entry_price)))
    return found


def _caption(ctx: Context, drawn: Drawn) -> Html:
    t, wish = ctx.t, drawn.wish
    shown = numbers.price(t, drawn.price, numbers.decimals_of(drawn.price))
    return lines(
        t("chart.caption", symbol=wish.symbol, timeframe=wish.timeframe, price=shown),
        t("chart.strategy", name=drawn.name) if drawn.name else None,
        as_of(t, ctx.now, drawn.shown_to_ms),
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
