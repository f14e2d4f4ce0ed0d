"""Kills: an operator stops the entries of everybody, of one user or in one symbol, until they lift
it. It is a row; the gate reads it at every decision.

What is open then is closed by `domain.bots.killing`, account by account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import service as audit
from domain.errors import DomainError
from domain.risk.models import Kill

ALL, USER, SYMBOL = "all", "user", "symbol"
"""Scopes."""
SPREADING, CLOSING, FLAT, LIFTING, LIFTED = "spreading", "closing", "flat", "lifting", "lifted"
"""States; the first three stand."""
CHAT, COMMAND_LINE = "chat", "command_line"
_LOCK = 7_205_759_404


@dataclass(frozen=True, slots=True)
class Target:
    """Who or what is stopped. `user_id`, `symbol`: of those scopes."""

    scope: str
    user_id: int | None = None
    symbol: str | None = None

    @property
    def key(self) -> str:
        """As `Kill.target` has it."""
        if self.scope == ALL:
            return ALL
        return f"{self.scope}:{self.user_id if self.scope == USER else self.symbol}"

    @staticmethod
    def of(key: str) -> Target:
        """The inverse of `key`."""
        scope, _, rest = key.partition(":")
        if scope == USER:
            return Target(USER, user_id=int(rest))
        return Target(SYMBOL, symbol=rest) if scope == SYMBOL else Target(ALL)

    def covers(self, user_id: int, symbol: str) -> bool:
        """Whether an entry of this user in this symbol is stopped."""
        return self.scope == ALL or self.user_id == user_id or self.symbol == symbol


async def place(
    session: AsyncSession, target: Target, operator_id: int, now: datetime, via: str = CHAT
) -> Kill:
    """No entry that it covers is decided from the commit on. `now`: the wall's time; `via`: where
    it was asked for, CHAT or COMMAND_LINE.

    Raises DomainError("kill_stands") when there is one already.
    """
    await _lock(session, shared=False)
    if await _standing(session, target) is not None:
        raise DomainError("kill_stands")
    kill = Kill(target=target.key, state=SPREADING, placed_by=operator_id, placed_at=now)
    session.add(kill)
    await session.flush()
    _record(session, "kill", target, operator_id, now, via)
    return kill


async def lift(
    session: AsyncSession, target: Target, operator_id: int, now: datetime, via: str = CHAT
) -> Kill:
    """Entries again, but on accounts that are still being closed.

    Raises DomainError("kill_not_there").
    """
    kill = await _standing(session, target)
    if kill is None:
        raise DomainError("kill_not_there")
    kill.state, kill.reached = LIFTING, 0
    kill.lifted_by, kill.lifted_at = operator_id, now
    await session.flush()
    _record(session, "unkill", target, operator_id, now, via)
    return kill


async def standing(session: AsyncSession) -> Sequence[Kill]:
    """What is stopped now, the oldest first."""
    found = await session.scalars(select(Kill).where(Kill.lifted_at.is_(None)).order_by(Kill.id))
    return found.all()


async def targets(session: AsyncSession) -> tuple[Target, ...]:
    """What is stopped now."""
    return tuple(Target.of(kill.target) for kill in await standing(session))


async def denial(session: AsyncSession, user_id: int, symbol: str) -> str | None:
    """Why this entry may not be: killed_all, killed_user, killed_symbol, or None.

    A kill that is being committed at this moment is waited for: what is decided without having
    seen it was committed before it, and is found by whoever closes what is open.
    """
    await _lock(session, shared=True)
    keys = {
        Target(ALL).key: "killed_all",
        Target(USER, user_id=user_id).key: "killed_user",
        Target(SYMBOL, symbol=symbol).key: "killed_symbol",
    }
    found = set(
        await session.scalars(
            select(Kill.target).where(Kill.lifted_at.is_(None), Kill.target.in_(keys))
        )
    )
    return next((reason for key, reason in keys.items() if key in found), None)


async def check(session: AsyncSession, user_id: int, symbols: Sequence[str]) -> None:
    """Raises DomainError("trading_killed" | "symbols_killed", symbols) for what would enter nothing
    anyway.
    """
    there = await targets(session)
    if any(target.scope == ALL or target.user_id == user_id for target in there):
        raise DomainError("trading_killed")
    stopped = [name for name in symbols if any(target.symbol == name for target in there)]
    if stopped:
        raise DomainError("symbols_killed", symbols=", ".join(stopped))


async def _standing(session: AsyncSession, target: Target) -> Kill | None:
    found: Kill | None = await session.scalar(
        select(Kill).where(Kill.target == target.key, Kill.lifted_at.is_(None)).with_for_update()
    )
    return found


def _record(
    session: AsyncSession, action: str, target: Target, operator_id: int, now: datetime, via: str
) -> None:
    audit.record(
        session,
        action,
        actor=audit.person(operator_id),
        at=now,
        user_id=target.user_id,
        target=target.key,
        via=via,
    )


async def _lock(session: AsyncSession, *, shared: bool) -> None:
    """Decisions side by side, a kill alone. On SQLite a writing unit of work is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        await session.execute(select(take(_LOCK)))
