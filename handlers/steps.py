"""What an update will run: the command, the button or the form that it belongs to.

Deny by default: a route says who may use it, and `check_access` refuses everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from domain.access.step_up import Need
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.cipher import Cipher
from domain.errors import DomainError
from domain.users import service as users
from domain.users.models import User
from handlers import callbacks, step_up
from handlers.context import Context
from handlers.nearest import no_command
from handlers.stray import kind_of
from handlers.types import Handler, Incoming, Look, Reply, Route, Tap

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Step:
    """What will run: a command, a button or the answer to a form. `shown`: what a button that
    shows holds; `held`: what any button does, before it is used.
    """

    handler: Handler
    access: str
    writes: bool
    expires: bool = False
    ends_form: bool = False
    takes_file: bool = False
    needs: Need | None = None
    looks: Look | None = None
    shown: dict[str, Any] | None = None
    held: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Steps:
    """`forms`: kind -> handler of the next message, which may be a file for `file_forms`.
    `late_forms`: of secrets that come too late to answer one, or unasked, and of unasked rules.
    """

    cipher: Cipher
    routes: Mapping[str, Route]
    taps: Mapping[str, Tap]
    forms: Mapping[str, Handler]
    file_forms: frozenset[str] = frozenset()
    late_forms: Mapping[str, Handler] = field(default_factory=dict)

    def lane(self, incoming: Incoming) -> int:
        """0 = overtakes the sender's other updates."""
        if incoming.callback_data is not None:
            return 0 if callbacks.is_urgent(incoming.callback_data) else 1
        route = self.routes.get(incoming.command or "")
        return 1 if route is None else route.lane

    def changes(self, incoming: Incoming) -> bool:
        """Whether working on it may change something."""
        if incoming.callback_data is None:
            route = self.routes.get(incoming.command or "")
            return incoming.command is None or (route is not None and route.writes)
        if callbacks.is_acting(incoming.callback_data):
            return True
        try:
            tap = self.taps.get(self._shown(incoming, incoming.callback_data).action)
        except DomainError:
            return False
        return tap is not None and tap.writes

    def is_ours(self, incoming: Incoming) -> bool:
        """Whether it is a command, or a button, of ours."""
        return incoming.callback_id is not None or incoming.command in self.routes

    def planned(self, incoming: Incoming) -> Step | None:
        """What a command or a button that shows will run; None for what is told by rows."""
        if incoming.callback_data is not None:
            if callbacks.is_acting(incoming.callback_data):
                return None
            held = self._shown(incoming, incoming.callback_data)
            tap = self.taps.get(held.action)
            if tap is None or tap.acts:
                raise DomainError("button_invalid")
            return _step_of(tap, held.args, held.args)
        if incoming.command is None:
            return None
        route = self.routes.get(incoming.command)
        if route is None:
            raise no_command(incoming.command, self.routes)
        shows = not route.writes or (route.shows_bare and not incoming.args)
        return Step(
            handler=route.handler,
            access=route.access,
            writes=route.writes,
            expires=route.expires,
            ends_form=not (shows or route.keeps_form),
            takes_file=route.takes_file,
            needs=None if shows else route.needs,
            looks=route.looks,
        )

    async def looked_up(
        self, incoming: Incoming, session: AsyncSession
    ) -> tuple[Step, OpenForm | None]:
        """What a button that acts, or an answer to a form, will run; and that form."""
        cipher, sender = self.cipher, incoming.sender_id
        if incoming.callback_data is not None:
            chat, data = incoming.chat_id, incoming.callback_data
            held = await callbacks.peek(session, cipher, data, sender, chat)
            tap = None if held is None else self.taps.get(held.action)
            if held is None or tap is None or not tap.acts:
                raise DomainError("button_invalid")
            return _step_of(tap, None, held.args), None
        found = await users.by_telegram(session, sender)
        if found is None:
            raise DomainError("not_registered")
        form = await forms.waiting(session, cipher, found[0].id, incoming.received_at)
        if form is None:
            lapsed = await forms.lapsed(session, found[0].id, incoming.received_at)
            if lapsed not in self.late_forms:
                lapsed = kind_of(incoming)
            handler = self.late_forms.get(lapsed or "")
        else:
            handler = self.forms.get(form.kind)
        if form is not None and form.kind == step_up.FORM:
            return Step(_unreachable, "user", True), form
        if handler is None:
            raise DomainError("not_understood")
        takes_file = form is not None and form.kind in self.file_forms
        return Step(handler, "user", True, takes_file=takes_file), form

    def foreseen(self, incoming: Incoming) -> Step | None:
        """What will go on after the code, as far as rows do not tell."""
        try:
            return self.planned(incoming)
        except DomainError:
            return None

    def _shown(self, incoming: Incoming, data: str) -> callbacks.Tapped:
        return callbacks.open_shown(
            self.cipher,
            data,
            incoming.sender_id,
            incoming.chat_id,
            incoming.received_at,
        )


def _step_of(tap: Tap, shown: dict[str, Any] | None, held: Mapping[str, Any]) -> Step:
    return Step(
        tap.handler,
        tap.access,
        tap.writes,
        tap.expires,
        needs=tap.needs,
        looks=tap.looks,
        shown=shown,
        held=held,
    )


async def _unreachable(_context: Context) -> Reply:
    """The form of a code is judged by the dispatcher itself."""
    raise DomainError("not_understood")


def check_access(access: str, account: User | None) -> None:
    """`access`: anyone, user or admin; anything else lets nobody in.

    Raises DomainError("not_registered" | "suspended" | "not_allowed").
    """
    if access == "anyone":
        return
    if account is None:
        raise DomainError("not_registered")
    if account.is_suspended:
        raise DomainError("suspended")
    if access != "user" and not (access == "admin" and account.is_admin):
        raise DomainError("not_allowed")
