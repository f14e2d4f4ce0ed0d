"""Actions -> calls of the Bot API. One door for replies and notifications, so that limits and
guarantees hold for both.

At most one message is on the wire and unrecorded at a time (`Slot`): that is what keeps a kill from
repeating more than one. A send slower than `patience_s` lets the next one go, so that one slow
answer does not hold up everybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from telegram import Bot
from telegram.constants import ParseMode

from bot.keyboards import markup
from bot.media import bare, caption_of, media, opened, parts
from bot.refusals import SendError, guarded
from bot.slot import Slot
from bot.throttle import Throttle
from domain.clock import WallClock
from handlers.types import Action

if TYPE_CHECKING:
    from bot.journal import SentJournal

__all__ = ["SendError", "Sender"]
log = structlog.get_logger(__name__)
_SENDS = {"send", "photo", "document"}
_LONG_WAIT_S = 2.0
"""Whoever would have to wait longer comes back later and frees its place."""


@dataclass
class Sender:
    """`files`: the directory that an action's file is below. `draw_qr`: a text -> a PNG. `sleep`:
    waits that many seconds.
    """

    bot: Bot
    wall: WallClock
    throttle: Throttle
    journal: SentJournal
    files: Path
    patience_s: float = 0.25
    draw_qr: Callable[[str], Awaitable[bytes]] | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _slot: Slot = field(default_factory=Slot)

    async def perform(
        self, action: Action, key: str, *, notification: bool = False, also: Sequence[str] = ()
    ) -> int | None:
        """Carry out one action, unless the journal says that `key` was done. Returns the message id
        it got.

        `also`: other keys that this one message settles.
        Raises SendError. Nothing that went wrong shows the token or the text.
        """
        before = self.journal.sent(key)
        if before is not None:
            return before or None
        keys = (key, *also)
        try:
            return await self._carry_out(action, keys, notification, ParseMode.HTML)
        except SendError as error:
            if error.code != "bad_markup":
                raise
        log.error("not accepted as HTML, sent as plain text", key=key, kind=action.kind)
        return await self._carry_out(
            replace(action, text=bare(action.text)), keys, notification, None
        )

    async def _carry_out(
        self, action: Action, keys: tuple[str, ...], notification: bool, mode: ParseMode | None
    ) -> int | None:
        if action.kind == "answer":
            return await self._answered(action, keys, notification)
        if action.kind not in _SENDS:
            return await self._limited(action, lambda: self._change(action, mode))
        if action.kind == "send":
            *first, last = parts(action.text)
            for number, text in enumerate(first):
                part = f"{keys[0]}/{number}"
                if self.journal.sent(part) is None:
                    piece = replace(action, text=text, keyboard=())
                    await self._sent(piece, (part,), notification, mode)
            action = replace(action, text=last)
        return await self._sent(action, keys, notification, mode)

    async def _answered(
        self, action: Action, keys: tuple[str, ...], notification: bool
    ) -> int | None:
        """A pop-up that came too late is said as a message: a refusal is all that it says."""
        try:
            return await self._limited(action, lambda: self._change(action, None))
        except SendError as error:
            if error.code != "tap_lapsed":
                raise
        if not action.alert or not action.chat_id:
            return None
        said = Action("send", chat_id=action.chat_id, text=action.text)
        return await self._sent(said, keys, notification, None)

    async def _sent(
        self, action: Action, keys: tuple[str, ...], notification: bool, mode: ParseMode | None
    ) -> int | None:
        """One message: in its turn, alone on the wire, recorded."""
        await self._turn(action.chat_id, notification)
        await self._slot.acquire(urgent=not notification)
        sending = asyncio.ensure_future(self._recorded(action, keys, mode))
        try:
            await asyncio.wait({sending}, timeout=self.patience_s)
        except asyncio.CancelledError:
            sending.add_done_callback(_observed)
            raise
        finally:
            self._slot.release()
        return await sending

    async def _turn(self, chat_id: int, notification: bool) -> None:
        while wait := self.throttle.wait(chat_id, self.wall.monotonic(), notification=notification):
            if wait > _LONG_WAIT_S:
                raise SendError("throttled", retry_after_s=wait)
            await self.sleep(wait)
        self.throttle.take(chat_id, self.wall.monotonic())

    async def _recorded(
        self, action: Action, keys: tuple[str, ...], mode: ParseMode | None
    ) -> int | None:
        message_id = await self._limited(action, lambda: self._send(action, mode))
        self.journal.record(keys, message_id or 0)
        return message_id

    async def _limited(
        self, action: Action, call: Callable[[], Awaitable[int | None]]
    ) -> int | None:
        try:
            return await guarded(call)
        except SendError as error:
            if error.code == "rate_limited" and error.retry_after_s:
                self.throttle.pause(action.chat_id, self.wall.monotonic(), error.retry_after_s)
            raise

    async def _send(self, action: Action, mode: ParseMode | None) -> int:
        common: dict[str, Any] = {
            "chat_id": action.chat_id,
            "disable_notification": action.silent,
            "protect_content": action.protect,
            "parse_mode": mode,
            "reply_markup": markup(action.keyboard),
        }
        if action.kind == "send":
            return (await self.bot.send_message(text=action.text, **common)).message_id
        common |= {"caption": caption_of(action.text), "filename": action.filename}
        if action.qr is not None and self.draw_qr is not None:
            picture = BytesIO(await self.draw_qr(action.qr))
            return (await self.bot.send_photo(photo=picture, **common)).message_id
        with opened(self.files, action.file) as file:
            if action.kind == "photo":
                return (await self.bot.send_photo(photo=file, **common)).message_id
            return (await self.bot.send_document(document=file, **common)).message_id

    async def _change(self, action: Action, mode: ParseMode | None) -> int | None:
        if action.kind == "answer":
            await self.bot.answer_callback_query(
                str(action.callback_id), text=action.text or None, show_alert=action.alert
            )
        elif action.kind == "delete":
            await self.bot.delete_message(action.chat_id, int(action.message_id or 0))
        else:
            await self._edit(action, mode)
        return action.message_id

    async def _edit(self, action: Action, mode: ParseMode | None) -> None:
        where: dict[str, Any] = {"chat_id": action.chat_id, "message_id": action.message_id}
        buttons = markup(action.keyboard)
        if action.kind == "markup":
            await self.bot.edit_message_reply_markup(reply_markup=buttons, **where)
        elif action.kind == "edit_media":
            with opened(self.files, action.file) as file:
                await self.bot.edit_message_media(
                    media(file, action, mode), reply_markup=buttons, **where
                )
        else:
            await self.bot.edit_message_text(
                text=parts(action.text)[0], parse_mode=mode, reply_markup=buttons, **where
            )


def _observed(sending: asyncio.Future[int | None]) -> None:
    """Nobody waits for it any more; its error is not worth a line about an error not looked at."""
    if not sending.cancelled():
        sending.exception()
