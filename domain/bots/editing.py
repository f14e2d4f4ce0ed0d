"""Changing a strategy that a bot may be running: the bot keeps the version it was started with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.models import BotStatus
from domain.errors import DomainError
from domain.strategies import own, sharing
from domain.strategies.models import Strategy


@dataclass(frozen=True, slots=True)
class Edited:
    """`bot_keeps_old`: a bot goes on with the version before."""

    row: Strategy
    bot_keeps_old: bool


async def edit(
    session: AsyncSession, user_id: int, strategy_id: int, code: str, now: datetime
) -> Edited:
    """Another program for one's own strategy. Raises RuleErrors, and as `own.owned`."""
    row = await own.owned(session, user_id, strategy_id)
    bot = await _bot_with(session, user_id, strategy_id)
    if bot is not None:
        bot.strategy_id = (await own.keep_copy(session, row, now)).id
    own.rewrite(row, code, now)
    await session.flush()
    return Edited(row, bot is not None)


async def delete(session: AsyncSession, user_id: int, strategy_id: int, now: datetime) -> str:
    """Remove one's own strategy, with its link; its name. Raises DomainError("strategy_in_use",
    name) while a bot runs it, and as `own.owned`.
    """
    row = await check_unused(session, user_id, strategy_id)
    await sharing.revoke(session, user_id, strategy_id, now)
    own.remove(row, now)
    await session.flush()
    return row.name


async def check_unused(session: AsyncSession, user_id: int, strategy_id: int) -> Strategy:
    """One that could be deleted now. Raises as `delete`."""
    row = await own.owned(session, user_id, strategy_id)
    if await _bot_with(session, user_id, strategy_id) is not None:
        raise DomainError("strategy_in_use", name=row.name)
    return row


async def _bot_with(session: AsyncSession, user_id: int, strategy_id: int) -> BotStatus | None:
    """Their bot, when it runs (or is paused with) this strategy."""
    return await session.scalar(
        select(BotStatus)
        .where(
            BotStatus.user_id == user_id,
            BotStatus.strategy_id == strategy_id,
            BotStatus.is_running.is_(True),
        )
        .with_for_update()
    )
