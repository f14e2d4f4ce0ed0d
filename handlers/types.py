"""What a handler is given and what it gives back. A reply is a list of actions that can rest as
JSON and be sent later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from domain.access.step_up import Need
    from domain.database import Database
    from handlers.context import Context
    from handlers.services import Services


@dataclass(frozen=True, slots=True)
class Button:
    """`label` is a verb. One of `data` (a callback token), `url`, `copy`. `style`: danger,
    success, primary or None.
    """

    label: str
    data: str | None = None
    url: str | None = None
    copy: str | None = None
    style: str | None = None


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Action:
    """One call to the chat. `kind`: send, photo, document, edit, edit_media, markup, delete,
    answer.

    text: HTML (the caption for files). file: path below the data directory. card: "kind:ref"; a
    `send` or `photo` with
    it becomes that live card, an `edit` with it and without `message_id` finds the card's message,
    or sends it anew.
    silent: without a sound. alert: the answer pops up. protect: cannot be forwarded. qr: a photo
    of this text as a QR code, drawn when it is sent. A `delete` with a card deletes its message.
    """

    kind: str
    chat_id: int = 0
    text: str = ""
    keyboard: Keyboard = ()
    message_id: int | None = None
    file: str | None = None
    filename: str | None = None
    card: str | None = None
    callback_id: str | None = None
    silent: bool = False
    alert: bool = False
    protect: bool = False
    qr: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the defaults."""
        blank = Action("")
        return {k: v for k, v in asdict(self).items() if v != getattr(blank, k)}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Action:
        """The inverse of `to_json`."""
        rows = value.get("keyboard", ())
        keyboard = tuple(tuple(Button(**button) for button in row) for row in rows)
        return Action(**{**value, "keyboard": keyboard})


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say. Chat ids left 0 mean the chat that asked; a text longer than a message is split
    by the sender.
    """

    actions: tuple[Action, ...] = ()

    @staticmethod
    def text(text: str, keyboard: Keyboard = (), card: str | None = None) -> Reply:
        """One new message."""
        return Reply((Action("send", text=text, keyboard=keyboard, card=card),))

    @staticmethod
    def edit(
        text: str, keyboard: Keyboard = (), card: str | None = None, message_id: int | None = None
    ) -> Reply:
        """Change a message in place: the tapped one unless `message_id` is given."""
        return Reply(
            (Action("edit", text=text, keyboard=keyboard, card=card, message_id=message_id),)
        )

    @staticmethod
    def answer(text: str, alert: bool = False) -> Reply:
        """A toast (or a pop-up) on the tapped button, nothing else."""
        return Reply((Action("answer", text=text, alert=alert),))

    def __add__(self, other: Reply) -> Reply:
        return Reply(self.actions + other.actions)


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update, parsed: a message (with `command`/`args` when it is one) or a tap on a button.
    `addressee`: the bot that a command names, "" for none. `file_text`: of its document, where
    somebody asked for one.
    """

    update_id: int
    chat_id: int
    chat_type: str
    sender_id: int
    sender_name: str
    language_code: str
    received_at: datetime
    message_id: int | None = None
    text: str = ""
    command: str | None = None
    args: tuple[str, ...] = ()
    addressee: str = ""
    callback_id: str | None = None
    callback_data: str | None = None
    document_id: str | None = None
    document_name: str | None = None
    document_size: int = 0
    file_text: str | None = None

    @property
    def is_private(self) -> bool:
        """A chat with one person; anything but signals is for these only."""
        return self.chat_type == "private"


Handler = Callable[["Context"], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Looking:
    """Who asks, in which mode, and what they typed or tapped. `database`: to be read."""

    database: Database
    user_id: int
    mode: str
    args: tuple[str, ...]
    tap: Mapping[str, Any]


Look = Callable[["Services", Looking], Awaitable[Any]]
"""Asks an exchange or a market before the unit of work opens: nothing waits inside it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One command. Menus, /help and the access table are made from the list of routes.

    access: anyone, user, admin. writes: opens a write transaction. lane 0 overtakes the user's slow
    commands.
    expires: refused when processed more than 60 s after it was received (entries, loosening, live
    starts). needs: a code of the second factor first; what only sometimes needs one asks for it
    itself (`domain.access.step_up`).
    shows_bare: without arguments it only shows, though it writes with some. Whatever may change
    something ends an open question, whatever shows leaves it open.
    keeps_form: it stays open all the same, for what only changes how one is spoken to.
    group: heading in /help. Help key: `help.<name>`.
    takes_file: a document with the command as its caption is fetched.
    looks: what is asked first of the user's exchange or the market, for `Context.looked`.
    """

    name: str
    handler: Handler
    group: str
    access: str = "user"
    writes: bool = False
    lane: int = 1
    expires: bool = False
    menu: bool = True
    shows_bare: bool = False
    keeps_form: bool = False
    takes_file: bool = False
    needs: Need | None = None
    looks: Look | None = None
    aliases: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Tap:
    """One kind of button. acts = single use, stored; otherwise the token carries itself and may be
    tapped again.
    """

    action: str
    handler: Handler
    access: str = "user"
    writes: bool = False
    acts: bool = False
    lane: int = 1
    expires: bool = False
    needs: Need | None = None
    looks: Look | None = None
