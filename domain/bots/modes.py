"""In which mode a user trades: changed only when nothing of theirs is open or runs.

What is open in one mode is not seen in another: a bot that left a position behind would not look
after it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import service as audit
from domain.bots.models import BotStatus
from domain.cipher import Cipher
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.keys import service as keys
from domain.risk.service import locked_limits
from domain.settings.models import UserSettings
from domain.trading.account_states import begin_reading
from domain.trading.models import Order, Position
from domain.trading.states import OPEN

PAPER, DEMO, LIVE = "paper", "demo", "live"
MODES = (PAPER, DEMO, LIVE)


async def chosen_mode(session: AsyncSession, user_id: int) -> str:
    """Where a user trades, whether they have a bot or not."""
    found = await session.scalar(select(UserSettings.mode).where(UserSettings.user_id == user_id))
    return found or PAPER


async def set_mode(
    session: AsyncSession,
    cipher: Cipher,
    clock: MarketClock,
    settings: UserSettings,
    wanted: str,
    *,
    exchange: str,
    modes: Collection[str],
    now: datetime,
) -> None:
    """Trade in `wanted` from now on; the caller has had live trading's code. `modes`: those that
    can be traded in here; `now`: the wall's time.

    Raises DomainError("unknown_mode", mode, known) | ("mode_not_available", mode) |
    ("mode_switch", before, after) | ("bot_panicked") | ("no_key") | ("key_tampered").
    """
    check_mode(wanted, modes)
    before = settings.mode
    if wanted == before:
        return
    await locked_limits(session, settings.user_id)
    await _check_idle(session, settings.user_id, before, wanted)
    if wanted != PAPER:
        await keys.open_for_use(
            session, cipher, settings.user_id, demo=wanted == DEMO, exchange=exchange
        )
        await begin_reading(session, settings.user_id, wanted, clock.now_ms())
    settings.mode = wanted
    status = await session.get(BotStatus, settings.user_id)
    if status is not None:
        status.mode = wanted
    await session.flush()
    audit.record(
        session,
        "mode_set",
        actor=audit.person(settings.user_id),
        at=now,
        user_id=settings.user_id,
        before=before,
        after=wanted,
    )


async def is_keyless(session: AsyncSession, user_id: int, mode: str) -> bool:
    """Whether nothing can be done in a mode for want of a key: it was revoked, or taken away."""
    return mode != PAPER and not await keys.can_trade(session, user_id, demo=mode == DEMO)


async def check_key(session: AsyncSession, user_id: int, mode: str) -> None:
    """Raises DomainError("no_key", mode)."""
    if await is_keyless(session, user_id, mode):
        raise DomainError("no_key", mode=mode)


def check_mode(wanted: str, modes: Collection[str]) -> None:
    """Raises DomainError("unknown_mode", mode, known) | ("mode_not_available", mode)."""
    if wanted not in MODES:
        raise DomainError("unknown_mode", mode=wanted[:20], known=", ".join(MODES))
    if wanted not in modes:
        raise DomainError("mode_not_available", mode=wanted)


async def _check_idle(session: AsyncSession, user_id: int, mode: str, wanted: str) -> None:
    """Positions that are not ours do not count: nobody here looks after them anyway."""
    status = await session.get(BotStatus, user_id, with_for_update=True)
    if status is not None and status.state == "panicked":
        raise DomainError("bot_panicked")
    held = select(Position.id).where(
        Position.user_id == user_id, Position.mode == mode, Position.source != "external"
    )
    waiting = select(Order.id).where(
        Order.user_id == user_id, Order.mode == mode, Order.state.in_(OPEN)
    )
    runs = status is not None and status.is_running
    if runs or any([await session.scalar(uses.limit(1)) for uses in (held, waiting)]):
        raise DomainError("mode_switch", before=mode, after=wanted)
