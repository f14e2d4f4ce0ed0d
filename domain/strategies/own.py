"""A user's own strategies: written, rewritten, removed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.strategies.builtins import read_header
from domain.strategies.language import Program, compile_rules
from domain.strategies.models import Strategy
from domain.strategies.service import get, slug, visible

MOST_OWN = 50
MOST_NAME = 40
_TYPED = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "–": "-", "−": "-"}
)
"""What a phone's keyboard makes of quotes, spaces and minus signs."""
_FENCE = "```"


def tidy(typed: str) -> str:
    """The program in what was sent: without the marks of a code block, with the quotes that were
    meant.
    """
    rows = typed.replace("\r\n", "\n").translate(_TYPED).strip().split("\n")
    if rows[0].startswith(_FENCE):
        rows = rows[1:]
    if rows and rows[-1].strip() == _FENCE:
        rows = rows[:-1]
    return "\n".join(row.rstrip() for row in rows).strip() + "\n"


def named_in(code: str) -> str | None:
    """The name that a program's first comments give it (`# name: ...`)."""
    name = next(iter(read_header(code)[0].values()), None)
    return None if name is None else name[:MOST_NAME].strip()


async def check_name(session: AsyncSession, user_id: int, name: str) -> str:
    """The name without stray spaces. Raises DomainError: "strategy_name_bad" (most),
    "strategy_name_taken" (name), "too_many_strategies" (most).
    """
    name = " ".join(name.split())
    if not slug(name) or len(name) > MOST_NAME or not name.isprintable():
        raise DomainError("strategy_name_bad", most=MOST_NAME)
    if slug(name) in await _taken(session, user_id):
        raise DomainError("strategy_name_taken", name=name)
    return name


async def free_name(session: AsyncSession, user_id: int, wanted: str) -> str:
    """`wanted`, with a number behind it where that is taken. Raises as `check_name`."""
    taken = await _taken(session, user_id)
    wanted = " ".join(wanted.split())[: MOST_NAME - 4].rstrip()
    tries = (wanted if n == 1 else f"{wanted} {n}" for n in range(1, len(taken) + 3))
    return await check_name(session, user_id, next(t for t in tries if slug(t) not in taken))


async def create(
    session: AsyncSession,
    user_id: int,
    name: str,
    code: str,
    now: datetime,
    shared_from: int | None = None,
) -> Strategy:
    """A new one. Raises RuleErrors, and as `check_name`."""
    program = compile_rules(code)
    row = Strategy(
        user_id=user_id,
        name=await check_name(session, user_id, name),
        shared_from=shared_from,
    )
    _write(row, code, program, now)
    session.add(row)
    await session.flush()
    return row


def rewrite(row: Strategy, code: str, now: datetime) -> None:
    """Another program under the same name and number. Raises RuleErrors."""
    _write(row, code, compile_rules(code), now)


async def owned(session: AsyncSession, user_id: int, strategy_id: int) -> Strategy:
    """One that is theirs to change. Raises DomainError: "strategy_gone" (id),
    "strategy_shipped" (id).
    """
    row = await get(session, user_id, strategy_id)
    if row.user_id is None:
        raise DomainError("strategy_shipped", id=row.id)
    return row


async def keep_copy(session: AsyncSession, row: Strategy, now: datetime) -> Strategy:
    """The program as it is now, hidden from every list, for a bot that goes on with it. Of its
    `shared_from` the bot's earlier trades and signals are.
    """
    copy = Strategy(
        user_id=row.user_id,
        shared_from=row.id,
        name=row.name,
        description=row.description,
        code=row.code,
        params=row.params,
        content_hash=row.content_hash,
        updated_at=row.updated_at,
        deleted_at=now,
    )
    session.add(copy)
    await session.flush()
    return copy


def remove(row: Strategy, now: datetime) -> None:
    """Gone for its owner; past trades and results keep its name."""
    row.deleted_at = row.updated_at = now
    row.code = row.description = row.params = row.content_hash = None


def _write(row: Strategy, code: str, program: Program, now: datetime) -> None:
    row.code, row.content_hash, row.updated_at = code, program.hash, now
    row.description = next(iter(read_header(code)[1].values()), None)
    row.params = None  # values for the inputs of the old program


async def _taken(session: AsyncSession, user_id: int) -> set[str]:
    """Slugs in use. Raises DomainError("too_many_strategies")."""
    own = await session.scalar(
        select(func.count())
        .select_from(Strategy)
        .where(Strategy.user_id == user_id, Strategy.deleted_at.is_(None))
    )
    if (own or 0) >= MOST_OWN:
        raise DomainError("too_many_strategies", most=MOST_OWN)
    names = await session.scalars(select(Strategy.name).where(visible(user_id)))
    return {slug(name) for name in names}
