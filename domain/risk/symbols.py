"""The symbols that somebody lets be entered: all of them, or a list of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.risk.models import RiskSettings
from domain.risk.service import locked_limits

MOST = 50


def permits(limits: RiskSettings, symbol: str) -> bool:
    """Whether entries in it may be."""
    return limits.allowed_symbols is None or symbol in limits.allowed_symbols


def check_symbols(limits: RiskSettings, symbols: Iterable[str]) -> None:
    """Raises DomainError("symbols_not_allowed", symbols, allowed) for those that may not."""
    barred = [symbol for symbol in symbols if not permits(limits, symbol)]
    if barred:
        allowed = ", ".join(limits.allowed_symbols or ())
        raise DomainError("symbols_not_allowed", symbols=", ".join(barred), allowed=allowed)


async def allow(session: AsyncSession, user_id: int, symbols: Collection[str] | None) -> bool:
    """These and no others from now on, None = all; whether that lets more in.

    Raises DomainError("too_many_symbols", count, limit).
    """
    if symbols is not None and len(symbols) > MOST:
        raise DomainError("too_many_symbols", count=len(symbols), limit=MOST)
    row = await locked_limits(session, user_id)
    before = None if row.allowed_symbols is None else set(row.allowed_symbols)
    row.allowed_symbols = None if symbols is None else sorted(set(symbols))
    await session.flush()
    if before is None:
        return False
    return symbols is None or not set(symbols) <= before
