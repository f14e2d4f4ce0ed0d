"""`/risk set symbols btc,eth`: the only symbols that may be entered; `all` ends it."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access.step_up import check_loosening
from domain.errors import DomainError
from domain.market.ports import unknown_symbol
from domain.risk import symbols
from handlers.arguments import symbol_of
from handlers.context import Context
from handlers.late import refuse_late

_NAMES = frozenset({"symbols", "symbol", "allowed_symbols", "종목"})
_ALL = frozenset({"all", "any", "전체", "모두"})


def wanted(args: Sequence[str]) -> list[str] | None:
    """The words behind `symbols`; None when something else is meant."""
    words = " ".join(args).replace("=", " ").replace(",", " ").split()
    if words and words[0].lower() in {"set", "설정"}:
        words = words[1:]
    return words[1:] if words and words[0].lower() in _NAMES else None


async def allow(ctx: Context, words: Sequence[str]) -> None:
    """Change the list; letting more in needs a code when live.

    Raises DomainError("symbols_usage" | "unknown_symbol" | "too_many_symbols"), "too_late" and
    those of a step-up.
    """
    if not words:
        raise DomainError("symbols_usage")
    chosen = None
    if not (len(words) == 1 and words[0].lower() in _ALL):
        chosen = [_symbol(ctx, word) for word in words]
    if await symbols.allow(ctx.session, ctx.user.id, chosen):
        refuse_late(ctx)
        await check_loosening(ctx.session, ctx.user, ctx.now)


def _symbol(ctx: Context, word: str) -> str:
    known = ctx.services.market.symbols()
    found = symbol_of(word, known)
    if found is None:
        raise unknown_symbol(word.upper(), known)
    return found
