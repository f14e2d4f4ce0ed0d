"""Step by step with buttons: which strategy, market, timeframe. For a bot and for a backtest.

The draft travels in the buttons: a card further up in the chat still knows its own draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from domain.bots.service import timeframes_for
from domain.clock import moment_shown
from domain.errors import DomainError
from domain.market.ports import unknown_symbol
from domain.strategies import service as strategies
from domain.strategies import sharing
from domain.strategies.models import Strategy
from handlers import inputs
from handlers.arguments import Wanted, looks_like_symbol, understand
from handlers.context import Context
from handlers.render import names, numbers
from handlers.render.tables import shorten
from handlers.render.text import lines
from handlers.texts import Html, Translator, plain
from handlers.types import Button, Keyboard
from handlers.views import View, rows_of

BOT, BACKTEST, OPTIMIZE, WALKFORWARD = "bot", "bt", "opt", "walk"
COMMANDS = {
    BOT: "start_bot", BACKTEST: "backtest", OPTIMIZE: "optimize", WALKFORWARD: "walkforward",
}  # fmt: skip
SEARCHES = frozenset({OPTIMIZE, WALKFORWARD})
LIVES = timedelta(minutes=15)
_MOST_SYMBOLS = 12
_SHOWN_CHARS, _SHOWN_MARKETS = 40, 5
_NAME_WORDS = 8  # of a strategy's name, more than it is looked for


@dataclass(frozen=True, slots=True)
class Draft:
    """What is chosen so far. `purpose`: BOT, BACKTEST, OPTIMIZE or WALKFORWARD; `span_days`,
    `start_ms`, `end_ms`: a backtest's range. `page`: of the strategies to choose from. `shared`: a
    link's strategy instead. `inputs`: other than the defaults. `step`: where a complete draft is
    at, see `setup`. `spans`: of a search: (low, high, step) of params. `local`: the range was typed
    and is read by the reader's clock, see `stretch`.
    """

    purpose: str
    strategy: int | None = None
    symbols: tuple[str, ...] = ()
    timeframe: str | None = None
    span_days: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    page: int | None = None
    shared: str | None = None
    inputs: dict[str, float | bool] | None = None
    step: str | None = None
    spans: dict[str, list[Any]] | None = None
    local: bool | None = None

    def to_args(self) -> dict[str, Any]:
        """What a button carries."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}

    @staticmethod
    def from_args(args: dict[str, Any]) -> Draft:
        """The inverse of `to_args`."""
        return Draft(**{**args, "symbols": tuple(args.get("symbols", ()))})


async def drafted(ctx: Context, purpose: str, words: Sequence[str] | None = None) -> Draft:
    """What the words after a command (or `words` of them) already say.

    Raises DomainError: "unknown_symbol", "unknown_strategy", "ambiguous_strategy", "unknown_word",
    what is odd about a word (see `arguments.Wanted`), "bot_range" (word), "one_symbol" (first,
    word), and for `fast=9` as `inputs.split` and `inputs.read`.
    """
    known = ctx.services.market.symbols()
    wanted = understand(ctx.incoming.args if words is None else words, known)
    _refuse_unknown_symbols(wanted, known)
    if purpose == BOT and wanted.range_word is not None:
        raise DomainError("bot_range", word=wanted.range_word[:40])
    if purpose != BOT:
        refuse_several(wanted)
    words, typed = inputs.split(wanted.words)
    strategy = await _strategy(ctx, " ".join(words), wanted.odd) if words else None
    chosen = inputs.read(strategies.compiled(strategy).params, typed) if strategy else {}
    return Draft(
        purpose,
        strategy.id if strategy else None,
        tuple(wanted.symbols),
        wanted.timeframe,
        wanted.span_days,
        wanted.start_ms,
        wanted.end_ms,
        inputs=chosen or None,
        local=True if wanted.start_ms is not None else None,
    )


def stretch(t: Translator, draft: Draft) -> tuple[int | None, int | None]:
    """(start, end) of a draft's range in ms UTC. Days that were typed are the reader's; those of
    bars of a day are the exchange's.
    """
    if not draft.local or draft.start_ms is None or draft.end_ms is None:
        return draft.start_ms, draft.end_ms
    zone = numbers.by_bars(t, str(draft.timeframe)).tz
    return moment_shown(draft.start_ms, zone), moment_shown(draft.end_ms, zone)


async def question(ctx: Context, draft: Draft) -> View | None:
    """The card that asks for what is missing; None when nothing is."""
    if draft.strategy is None and draft.shared is None:
        return await _ask_strategy(ctx, draft)
    if not draft.symbols:
        return await _ask_symbol(ctx, draft)
    if draft.timeframe is None:
        return await _ask_timeframe(ctx, draft)
    return None


def pick(ctx: Context, label: str, draft: Draft, style: str | None = None) -> Button:
    """A button that goes on with `draft`."""
    return ctx.buttons.act(label, "pick", style=style, lives=LIVES, **draft.to_args())


async def heading(ctx: Context, draft: Draft) -> Html:
    """What this is about and what was chosen."""
    name = await _name(ctx, draft)
    return lines(
        _title(ctx, draft.purpose),
        ctx.t("wizard.strategy", name=names.strategy(ctx.t, name)) if name else None,
        ctx.t("wizard.symbols", symbols=", ".join(draft.symbols)) if draft.symbols else None,
        ctx.t("wizard.timeframe", timeframe=draft.timeframe) if draft.timeframe else None,
    )


async def _name(ctx: Context, draft: Draft) -> str | None:
    if draft.shared is not None:
        return (await sharing.shared(ctx.session, draft.shared)).name
    if draft.strategy is None:
        return None
    return (await strategies.get(ctx.session, ctx.user.id, draft.strategy)).name


def _title(ctx: Context, purpose: str) -> Html:
    keys = {
        BOT: "wizard.bot",
        BACKTEST: "wizard.backtest",
        OPTIMIZE: "wizard.optimize",
        WALKFORWARD: "wizard.walkforward",
    }
    return ctx.t(keys[purpose])


async def ask_another_symbol(ctx: Context, draft: Draft) -> View:
    """One more market for the bot."""
    return await _ask_symbol(ctx, draft)


async def _ask_strategy(ctx: Context, draft: Draft) -> View:
    page = await strategies.page(ctx.session, ctx.user.id, draft.page or 1)
    buttons = [
        pick(ctx, names.strategy(ctx.t, row.name)[:40], replace(draft, strategy=row.id, page=None))
        for row in page.rows
    ]
    turns = [
        pick(ctx, label, replace(draft, page=number))
        for label, number in (("◀", page.number - 1), ("▶", page.number + 1))
        if 1 <= number <= page.pages
    ]
    choices = (*rows_of(buttons, 1), *rows_of(turns, 2))
    return await _asking(ctx, draft, ctx.t("wizard.which_strategy"), None, choices)


async def _ask_symbol(ctx: Context, draft: Draft) -> View:
    known = ctx.services.market.symbols()
    offered = [symbol for symbol in known if symbol not in draft.symbols][:_MOST_SYMBOLS]
    buttons = [
        pick(ctx, symbol, replace(draft, symbols=(*draft.symbols, symbol))) for symbol in offered
    ]
    command = COMMANDS[draft.purpose]
    hint = ctx.t("wizard.type_symbol", command=command) if len(known) > len(offered) else None
    return await _asking(ctx, draft, ctx.t("wizard.which_symbol"), hint, rows_of(buttons, 3))


async def _ask_timeframe(ctx: Context, draft: Draft) -> View:
    offered = timeframes_for(ctx.services.market, draft.symbols)
    buttons = [pick(ctx, name, replace(draft, timeframe=name)) for name in offered]
    return await _asking(ctx, draft, ctx.t("wizard.which_timeframe"), None, rows_of(buttons, 5))


async def _asking(
    ctx: Context, draft: Draft, asked: Html, hint: Html | None, choices: Keyboard
) -> View:
    text = lines(await heading(ctx, draft), "", asked, hint)
    cancel = (ctx.buttons.show(plain(ctx.t("button.cancel")), "menu"),)
    return View(text, (*choices, cancel))


async def _strategy(ctx: Context, words: str, odd: DomainError | None) -> Strategy:
    """The strategy; words that name none may have meant a market, so both are said, or, where one
    is `odd`, a range.
    """
    try:
        return await strategies.resolve(ctx.session, ctx.user.id, words)
    except DomainError as error:
        if odd is not None:
            raise odd from None
        if error.code != "unknown_strategy" or words.strip("#").isdigit():
            raise
        markets = ctx.services.market.symbols()
        raise DomainError(
            "unknown_word",
            word=shorten(await _unknown(ctx, words), _SHOWN_CHARS),
            known=", ".join(markets[:_SHOWN_MARKETS]) + ("…" if markets[_SHOWN_MARKETS:] else ""),
            command=ctx.incoming.command or COMMANDS[BACKTEST],
        ) from None


async def _unknown(ctx: Context, words: str) -> str:
    """Those of the words that stand behind a strategy's name; all where none begins with one."""
    parts = words.split()
    for count in range(min(len(parts) - 1, _NAME_WORDS), 0, -1):
        with suppress(DomainError):
            await strategies.resolve(ctx.session, ctx.user.id, " ".join(parts[:count]))
            return " ".join(parts[count:])
    return words


def refuse_several(wanted: Wanted) -> None:
    """For what is of one market. Raises DomainError("one_symbol", first, word)."""
    if len(wanted.symbols) > 1:
        raise DomainError("one_symbol", first=wanted.symbols[0], word=wanted.symbols[1])


def _refuse_unknown_symbols(wanted: Wanted, known: tuple[str, ...]) -> None:
    for word in wanted.words:
        if looks_like_symbol(word):
            raise unknown_symbol(word.upper(), known)
