"""Buttons below a notification or a picture: they open their view as a new message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from domain.errors import DomainError
from handlers import backtests, bots, connect, keys, marks, reach, risk, settling, trading
from handlers.context import Context
from handlers.marks import Marks
from handlers.reach import Reach
from handlers.services import Services
from handlers.types import Looking, Reply
from handlers.views import View, anew

_READING: dict[str, Callable[[Context], Awaitable[View]]] = {
    "positions": trading.positions_view,
    "trades": lambda ctx: trading.trades_view(ctx, 1),
    "pnl": trading.pnl_view,
    "status": bots.status_view,
    "risk": risk.risk_view,
    "keys": keys.keys_view,
}
_WRITING: dict[str, Callable[[Context], Awaitable[View]]] = {
    "stop": bots.stop_view,
    "connect": connect.connect_view,
    "settle": settling.settle_view,
    "again": lambda ctx: backtests.again_view(ctx, ctx.tap.get("1")),
    "start_as": lambda ctx: backtests.start_view(ctx, ctx.tap.get("1")),
}
"""Views with buttons that act: those are rows."""
_HELD = frozenset({"positions", "status", "stop"})


async def look(services: Services, asking: Looking) -> Marks | Reach | None:
    """The markets of what is held, for the views that show that; how far back the one reaches that
    was tested.
    """
    if asking.tap.get("0") == "again":
        return await reach.look_again(services, asking)
    return await marks.look(services, asking) if asking.tap.get("0") in _HELD else None


async def tap_open(ctx: Context) -> Reply:
    """A view that only shows."""
    return await _opened(ctx, _READING)


async def tap_begin(ctx: Context) -> Reply:
    """A view that asks before it acts."""
    return await _opened(ctx, _WRITING)


async def _opened(ctx: Context, views: dict[str, Callable[[Context], Awaitable[View]]]) -> Reply:
    make = views.get(str(ctx.tap.get("0")))
    if make is None:
        raise DomainError("button_invalid")
    return anew(await make(ctx))
