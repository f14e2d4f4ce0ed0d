"""Strategies as rows, shared or a user's own: found by what people call them, compiled once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.strategies.builtins import BUILTINS, Builtin, read_header
from domain.strategies.language import Program, compile_rules
from domain.strategies.models import Strategy

PAGE = 8
_NEAR, _NEARER = 0.65, 0.85
_NAMED = 60


@dataclass(frozen=True, slots=True)
class StrategyPage:
    """`number` counts from 1; `pages` is at least 1."""

    rows: tuple[Strategy, ...]
    number: int
    pages: int


async def page(session: AsyncSession, user_id: int, number: int = 1) -> StrategyPage:
    """What a user may run, their own first; a page beyond the last is the last."""
    total = await session.scalar(select(func.count()).select_from(Strategy).where(visible(user_id)))
    pages = max(1, -(-(total or 0) // PAGE))
    number = min(max(1, number), pages)
    rows = await session.scalars(_listed(user_id).offset((number - 1) * PAGE).limit(PAGE))
    return StrategyPage(tuple(rows), number, pages)


async def get(session: AsyncSession, user_id: int, strategy_id: int) -> Strategy:
    """One that this user may run. Raises DomainError("strategy_gone", id)."""
    found = await session.scalar(
        select(Strategy).where(Strategy.id == strategy_id, visible(user_id))
    )
    if found is None:
        raise DomainError("strategy_gone", id=strategy_id)
    return found


async def of_bot(session: AsyncSession, user_id: int, strategy_id: int) -> Strategy:
    """As `get`, or the version that only a bot of this user still runs, see `own.keep_copy`."""
    theirs = or_(Strategy.user_id.is_(None), Strategy.user_id == user_id)
    found = await session.scalar(
        select(Strategy).where(Strategy.id == strategy_id, theirs, Strategy.code.is_not(None))
    )
    return found or await get(session, user_id, strategy_id)


async def as_tested(
    session: AsyncSession, user_id: int, strategy_id: int, program_hash: str | None
) -> Strategy:
    """The strategy, where it still says what was tested.

    Raises DomainError: "strategy_gone" (id), "rules_changed" (id, name).
    """
    row = await get(session, user_id, strategy_id)
    if program_hash not in (None, row.content_hash):
        raise DomainError("rules_changed", id=row.id, name=row.name)
    return row


async def resolve(session: AsyncSession, user_id: int, wanted: str) -> Strategy:
    """By id, name, slug or the beginning of a name ("ema", "Donchian breakout", "rsi_reversion").

    Raises DomainError: "strategy_gone" (id), "strategy_near" (name, near, id) for a typo,
    "unknown_strategy" (name), "ambiguous_strategy" (name, known).
    """
    text = wanted.strip().removeprefix("#")
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return await get(session, user_id, int(text))
    rows = list(await session.scalars(_listed(user_id)))
    matches = _matching(rows, slug(text))
    if not matches:
        raise _unknown(rows, wanted)
    if len(matches) > 1:
        raise DomainError(
            "ambiguous_strategy",
            name=wanted[:_NAMED],
            known=", ".join(f"#{row.id} {row.name}" for row in matches[:5]),
        )
    return matches[0]


async def names(session: AsyncSession, strategy_ids: Sequence[int]) -> dict[int, str]:
    """Id -> name, also of strategies that are no longer visible."""
    found = await session.execute(
        select(Strategy.id, Strategy.name).where(Strategy.id.in_(strategy_ids))
    )
    return {row.id: row.name for row in found}


async def ensure_builtins(session: AsyncSession, now: datetime) -> list[Strategy]:
    """The shared rows of the built-ins, made or brought up to date; found again by their names."""
    shared = await session.scalars(select(Strategy).where(Strategy.user_id.is_(None)))
    known = {row.name: row for row in shared}
    rows = [_brought_up(known.get(builtin.name), builtin, now) for builtin in BUILTINS]
    session.add_all(rows)
    await session.flush()
    return rows


def compiled(strategy: Strategy) -> Program:
    """The strategy's program. Raises RuleErrors, or DomainError("strategy_empty") without code."""
    if not strategy.code:
        raise DomainError("strategy_empty", name=strategy.name)
    return compile_code(strategy.code)


@lru_cache(maxsize=2_000)
def compile_code(code: str) -> Program:
    """The program of a text, made once per process. Raises RuleErrors."""
    return compile_rules(code)


def slug(name: str) -> str:
    """`EMA cross, with RSI` -> `ema_cross_with_rsi`; letters of any script stay."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _brought_up(row: Strategy | None, builtin: Builtin, now: datetime) -> Strategy:
    program = compile_code(builtin.code)
    if row is None:
        row = Strategy(user_id=None, name=builtin.name)
    if row.content_hash != program.hash or row.code != builtin.code:
        row.code = builtin.code
        row.content_hash = program.hash
        row.updated_at = now
    row.description = builtin.description
    return row


def _matching(rows: Sequence[Strategy], wanted: str) -> list[Strategy]:
    """The closest kind of match there is: the whole name, its beginning, a part, all its words."""
    parts = set(wanted.split("_"))
    kinds: tuple[Callable[[str], bool], ...] = (
        lambda name: name == wanted,
        lambda name: name.startswith(wanted),
        lambda name: wanted in name,
        lambda name: parts <= set(name.split("_")),
    )
    if not wanted:
        return []
    for matches in kinds:
        found = [row for row in rows if any(matches(name) for name in _called(row))]
        if found:
            return found
    return []


def _called(row: Strategy) -> set[str]:
    """Its name, and those it has in other languages."""
    return {slug(name) for name in _names(row)}


def _names(row: Strategy) -> list[str]:
    names, _ = read_header(row.code or "")
    return [row.name, *names.values()]


def _unknown(rows: Sequence[Strategy], wanted: str) -> DomainError:
    """With the name that is written nearly so. Of several words one may be no part of a name at
    all: they have to come closer.
    """
    typed = slug(wanted[:_NAMED])
    one_word = "_" not in typed
    known = {slug(name): (name, row) for row in rows for name in _names(row)}
    if one_word:
        known = {name.partition("_")[0]: found for name, found in known.items()} | known
    near = get_close_matches(typed, known, n=1, cutoff=_NEAR if one_word else _NEARER)
    if not near:
        return DomainError("unknown_strategy", name=wanted[:_NAMED])
    name, row = known[near[0]]
    return DomainError("strategy_near", name=wanted[:_NAMED], near=name, id=row.id)


def visible(user_id: int) -> ColumnElement[bool]:
    """Shared ones and the user's own."""
    mine = or_(Strategy.user_id.is_(None), Strategy.user_id == user_id)
    return and_(mine, Strategy.deleted_at.is_(None))


def _listed(user_id: int) -> Select[Strategy]:
    return (
        select(Strategy).where(visible(user_id)).order_by(Strategy.user_id.is_(None), Strategy.id)
    )
