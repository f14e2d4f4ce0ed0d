"""Raw update -> inbox row and item, and an inbox row of a predecessor -> item again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from domain.chat.inbox import NewUpdate
from domain.cipher import decrypt_json, encrypt_json
from handlers.incoming import BadUpdateError, chat_of, parse, update_id_of
from handlers.types import Action, Incoming, Reply

if TYPE_CHECKING:
    from domain.chat.models import InboxUpdate
    from domain.cipher import Cipher
    from handlers.dispatch import Dispatcher

log = structlog.get_logger(__name__)
Apology = Callable[[str, str | None], str]
"""(reference, language code) -> text."""
URGENT, ORDINARY = 0, 1


@dataclass(slots=True)
class Item:
    """An update under way. `lane`: of its sender; `tried`: attempts made, or about to be made when
    `counted` says that the next one is in the table already. `reply` is set once it is known;
    `stored` when it rests in the row; `unreadable`: why it cannot be worked on at all.
    """

    incoming: Incoming
    lane: int
    row_id: int = 0
    tried: int = 0
    counted: bool = False
    reply: Reply | None = None
    stored: bool = False
    unreadable: str | None = None
    pause_s: float = 0.5
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def key(self) -> tuple[int, int]:
        """Items with the same key are worked on one after the other."""
        return self.incoming.sender_id, self.lane

    @property
    def name(self) -> str:
        """Its row in the journal."""
        return f"i{self.row_id}"

    @property
    def is_new(self) -> bool:
        """Whether it is still to be worked on, and can be."""
        return self.reply is None and self.unreadable is None


@dataclass(frozen=True)
class Intake:
    """Every row is complete when it is inserted: what is refused at once rests with its answer."""

    bot_id: int
    dispatcher: Dispatcher
    cipher: Cipher
    apology: Apology

    def entry(self, raw: Any, now: datetime) -> tuple[NewUpdate, Item | None] | None:
        """The row, and the item when something is to be done; None for what has no id."""
        update_id = update_id_of(raw)
        if update_id is None:
            log.warning("update without an id dropped")
            return None
        try:
            incoming = parse(raw, now)
        except BadUpdateError as error:
            return self._broken(raw, update_id, now, str(error))
        if incoming is None:
            return self._row(update_id, None, ORDINARY, now, state="done", done_at=now), None
        refusal = self.dispatcher.admit(incoming)
        if refusal is not None:
            return self._refused(incoming, refusal)
        item = Item(incoming, self.dispatcher.steps.lane(incoming))
        # Flat, so no deep copy: this is on the way of every update.
        payload = {name: getattr(incoming, name) for name in Incoming.__slots__}
        payload["received_at"] = now.isoformat()
        row = self._row(update_id, incoming.sender_id, item.lane, now)
        return replace(row, payload=encrypt_json(self.cipher, payload)), item

    def restored(self, row: InboxUpdate) -> Item:
        """The item of a predecessor's row; one that cannot be read any more says so itself."""
        try:
            if row.state == "applied":
                return self.answered(row)
            payload = decrypt_json(self.cipher, row.payload or "")
            payload["received_at"] = datetime.fromisoformat(payload["received_at"])
            payload["args"] = tuple(payload["args"])
            return Item(Incoming(**payload), row.lane, row.id, tried=row.attempts)
        except Exception as error:  # noqa: BLE001 - one row must not keep the bot from starting
            log.error("inbox row unreadable", row=row.id, error=type(error).__name__)
            why = f"unreadable: {type(error).__name__}"
            return Item(_only(row.chat_user or 0, row), row.lane, row.id, unreadable=why)

    def answered(self, row: InboxUpdate) -> Item:
        """The item of an applied row: only its answer is left."""
        actions = decrypt_json(self.cipher, row.reply) if row.reply else []
        reply = Reply(tuple(Action.from_json(action) for action in actions))
        incoming = _only(row.chat_user or 0, row)
        return Item(incoming, row.lane, row.id, reply=reply, stored=True)

    def packed(self, reply: Reply) -> str:
        """A reply as it rests in a row."""
        return encrypt_json(self.cipher, [action.to_json() for action in reply.actions])

    def _refused(self, incoming: Incoming, reply: Reply) -> tuple[NewUpdate, Item | None]:
        row = self._row(incoming.update_id, incoming.sender_id, URGENT, incoming.received_at)
        if not reply.actions:
            return replace(row, state="done", done_at=incoming.received_at), None
        item = Item(incoming, URGENT, reply=reply, stored=True)
        return replace(row, state="applied", reply=self.packed(reply)), item

    def _broken(
        self, raw: Any, update_id: int, now: datetime, why: str
    ) -> tuple[NewUpdate, Item | None]:
        """Parked from the start; its sender is told, where that can be made out."""
        chat_id = chat_of(raw)
        row = replace(
            self._row(update_id, chat_id, ORDINARY, now), error=f"unreadable: {why}"[:200]
        )
        if chat_id is None or not self.dispatcher.limiter.check(chat_id).allowed:
            return replace(row, state="failed", done_at=now), None
        text = self.apology(f"u{update_id}", None)
        reply = Reply((Action("send", chat_id=chat_id, text=text),))
        row = replace(row, state="applied", reply=self.packed(reply))
        return row, Item(_only(chat_id, row), ORDINARY, reply=reply, stored=True)

    def _row(
        self, update_id: int, sender: int | None, lane: int, now: datetime, **more: Any
    ) -> NewUpdate:
        return NewUpdate(self.bot_id, update_id, sender, lane, None, now, **more)


def _only(sender: int, row: InboxUpdate | NewUpdate) -> Incoming:
    """What is needed to send an answer that is known already."""
    return Incoming(
        update_id=row.update_id,
        chat_id=sender,
        chat_type="private",
        sender_id=sender,
        sender_name="",
        language_code="en",
        received_at=row.received_at,
    )
