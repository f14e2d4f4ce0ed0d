"""Raw updates, what becomes of them, and a command that fails."""

from __future__ import annotations

from typing import Any

from handlers.context import Context
from handlers.types import Reply, Route
from tests.support.backbone import Rig, routed


def message(update_id: int, text: Any, sender: int = 5) -> dict[str, Any]:
    person = {"id": sender, "is_bot": False, "first_name": "A"}
    body = {"message_id": 1, "chat": {"id": sender, "type": "private"}, "from": person}
    return {"update_id": update_id, "message": body | {"text": text}}


async def states(bot: Rig) -> list[str]:
    return [row.state for row in await bot.rows()]


class Failing:
    """Fails as often as it is told to."""

    def __init__(self, times: int, error: Exception | None = None) -> None:
        self.left, self.error, self.calls = times, error or RuntimeError("secret words"), 0

    async def __call__(self, ctx: Context) -> Reply:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return await routed()["add"].handler(ctx)

    def routes(self) -> dict[str, Route]:
        return routed(Route("try", self, "t", writes=True))
