"""Asking an exchange or the market before a unit of work opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.database import Database
from domain.users import service as users
from handlers.services import Services
from handlers.types import Incoming, Look, Looking


async def looked(
    database: Database,
    services: Services,
    incoming: Incoming,
    look: Look | None,
    tap: Mapping[str, Any],
) -> Any:
    """What there is to know for a step; None where there is nothing to ask. Nothing for a
    stranger.
    """
    if look is None:
        return None
    async with database.read() as session:
        found = await users.by_telegram(session, incoming.sender_id)
    if found is None or found[0].is_suspended:
        return None
    asking = Looking(database, found[0].id, found[1].mode, incoming.args, tap)
    return await look(services, asking)
