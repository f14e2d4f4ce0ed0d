"""Actions on live cards: which message to edit is looked up, what became of it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.sender import Sender, SendError
from domain.chat import cards
from handlers.types import Action

if TYPE_CHECKING:
    from bot.writer import GroupWriter
    from domain.clock import WallClock

_ANEW = {"edit": "send", "edit_media": "photo"}
"""What is sent when there is no message to edit."""
_FINDS = {*_ANEW, "delete"}


@dataclass(frozen=True)
class Cards:
    """Carries actions out; those with a `card` show, move or change a live card."""

    sender: Sender
    writer: GroupWriter
    wall: WallClock

    async def perform(
        self,
        action: Action,
        key: str,
        *,
        notification: bool = False,
        also: Sequence[str] = (),
        anew: bool = True,
    ) -> int | None:
        """As `Sender.perform`. `anew`: what has no message to edit (any more) is sent; else nothing
        is done.
        """

        async def call(what: Action) -> int | None:
            return await self.sender.perform(what, key, notification=notification, also=also)

        shown, action = action.message_id, await self._found(action)
        if action.kind in {"delete", "answer", "markup"}:
            gone = action.kind == "delete" and action.message_id is None
            return None if gone else await call(action)
        fresh = replace(action, kind=_ANEW.get(action.kind, action.kind), message_id=None)
        edits = action.kind in _ANEW
        if edits and action.message_id is None:
            if not anew:
                return None
            action = fresh
        try:
            message_id = await call(action)
        except SendError as error:
            if error.code != "message_lost" or not edits:
                raise
            message_id = await call(fresh) if anew else None
        known = shown is None and message_id == action.message_id
        if message_id is not None and not known:  # a tapped message becomes this card only now
            self._remember(fresh, message_id)
        return message_id

    async def _found(self, action: Action) -> Action:
        sought = action.kind in _FINDS and action.message_id is None
        if not sought or action.card is None:
            return action
        kind, ref = cards.split(action.card)
        # Through the writer: behind what it still has to remember about this very card.
        shown: int | None = await self.writer.write(
            lambda s: cards.message_of(s, action.chat_id, kind, ref)
        )
        return replace(action, message_id=shown)

    def _remember(self, action: Action, message_id: int) -> None:
        if action.card is None:
            return
        kind, ref = cards.split(action.card)
        card = cards.CardMessage(
            chat_id=action.chat_id,
            kind=kind,
            ref=ref,
            message_id=message_id,
            is_photo=action.kind == "photo",
            updated_at=self.wall.now(),
        )
        self.writer.later(lambda s: cards.remember(s, card))
