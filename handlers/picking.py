"""The buttons of the step-by-step questions, for a bot and for a backtest."""

from __future__ import annotations

from handlers import backtests, bots
from handlers.context import Context
from handlers.types import Reply
from handlers.views import present
from handlers.wizard import BOT, Draft


async def tap_pick(ctx: Context) -> Reply:
    """Go on with what was chosen."""
    draft = Draft.from_args(ctx.tap)
    go_on = bots.go_on if draft.purpose == BOT else backtests.go_on
    return present(ctx, await go_on(ctx, draft))
