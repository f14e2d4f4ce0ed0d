"""The buttons of the step-by-step questions, for a bot, a backtest and a study."""

from __future__ import annotations

from handlers import backtests, bots, studies
from handlers.context import Context
from handlers.types import Reply
from handlers.views import present
from handlers.wizard import BACKTEST, BOT, OPTIMIZE, WALKFORWARD, Draft

_GO_ON = {
    BOT: bots.go_on,
    BACKTEST: backtests.go_on,
    OPTIMIZE: studies.go_on,
    WALKFORWARD: studies.go_on,
}


async def tap_pick(ctx: Context) -> Reply:
    """Go on with what was chosen."""
    draft = Draft.from_args(ctx.tap)
    return present(ctx, await _GO_ON[draft.purpose](ctx, draft))
