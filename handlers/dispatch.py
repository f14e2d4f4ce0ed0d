"""One update: find its route, check who may use it, run the handler in one unit of work, hand back
the reply.

Deny by default: a route says who may use it, and everything else is refused here, for commands and
for buttons alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from domain.chat import forms
from domain.database import Database
from domain.errors import DomainError
from domain.settings.models import UserSettings
from domain.users import service as users
from domain.users.models import User
from handlers import callbacks
from handlers.attachments import attached
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.errors import explain
from handlers.limits import RateLimiter
from handlers.services import Services
from handlers.texts import Translator, language_of
from handlers.types import Action, Handler, Incoming, Reply, Route, Tap

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

LATE = timedelta(seconds=60)
Commit = Callable[["AsyncSession", Reply], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """What will run: a command, a button or the answer to a form."""

    handler: Handler
    access: str
    writes: bool
    expires: bool = False
    ends_form: bool = False
    takes_file: bool = False


@dataclass(frozen=True)
class Dispatcher:
    """`forms`: kind -> handler of the next message, which may be a file for `file_forms`.
    `limiter` holds each sender back, before anything is queued.
    """

    database: Database
    services: Services
    routes: Mapping[str, Route]
    taps: Mapping[str, Tap]
    forms: Mapping[str, Handler]
    limiter: RateLimiter
    file_forms: frozenset[str] = frozenset()

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

    def admit(self, incoming: Incoming) -> Reply | None:
        """None: to be worked on. A reply: it is not, and that is all there is to say (if anything).

        Judged once, when an update comes in: what was admitted is not held back when it is tried
        again. What overtakes has a limit of its own: a flood must not keep anybody from stopping.
        """
        if not incoming.is_private and not self._is_ours(incoming):
            return Reply()
        verdict = self.limiter.check((incoming.sender_id, self.lane(incoming)))
        return None if verdict.allowed else self._held_back(incoming, verdict.first)

    async def handle(self, incoming: Incoming, commit: Commit) -> Reply:
        """Run an admitted update to its reply. `commit(session, reply)` is called inside a writing
        unit of work, last.

        A DomainError rolls back and becomes a sentence; any other exception is the caller's.
        """
        if not incoming.is_private:
            return self._in_group(incoming)
        try:
            return _answered(incoming, await self._run(incoming, commit))
        except DomainError as error:
            t = await self._translator(incoming)
            return _answered(incoming, explain(error, t, tapped=incoming.callback_id is not None))

    async def _run(self, incoming: Incoming, commit: Commit) -> Reply:
        if incoming.callback_data is not None:
            return await self._tapped(incoming, incoming.callback_data, commit)
        if incoming.command is None:
            return await self._said(incoming, commit)
        route = self.routes.get(incoming.command)
        if route is None:
            raise DomainError("unknown_command", command=incoming.command)
        shows = not route.writes or (route.shows_bare and not incoming.args)
        step = Step(
            route.handler, route.access, route.writes, route.expires, not shows, route.takes_file
        )
        return await self._perform(incoming, step, commit)

    async def _tapped(self, incoming: Incoming, data: str, commit: Commit) -> Reply:
        sender, chat = incoming.sender_id, incoming.chat_id
        if not callbacks.is_acting(data):
            shown = self._shown(incoming, data)
            tap = self.taps.get(shown.action)
            if tap is None or tap.acts:
                raise DomainError("button_invalid")
            step = Step(tap.handler, tap.access, tap.writes, tap.expires)
            return await self._perform(incoming, step, commit, shown)
        async with self.database.read() as session:
            action = await callbacks.peek(session, self.services.cipher, data, sender, chat)
        tap = self.taps.get(action or "")
        if tap is None or not tap.acts:
            raise DomainError("button_invalid")
        return await self._perform(
            incoming, Step(tap.handler, tap.access, True, tap.expires), commit
        )

    def _shown(self, incoming: Incoming, data: str) -> callbacks.Tapped:
        return callbacks.open_shown(
            self.services.cipher,
            data,
            incoming.sender_id,
            incoming.chat_id,
            incoming.received_at,
        )

    async def _said(self, incoming: Incoming, commit: Commit) -> Reply:
        async with self.database.read() as session:
            found = await users.by_telegram(session, incoming.sender_id)
            if found is None:
                raise DomainError("not_registered")
            form = await forms.waiting(
                session, self.services.cipher, found[0].id, incoming.received_at
            )
        if form is None or form.kind not in self.forms:
            raise DomainError("not_understood")
        takes_file = form.kind in self.file_forms
        step = Step(self.forms[form.kind], "user", True, takes_file=takes_file)
        return await self._perform(incoming, step, commit)

    async def _perform(
        self,
        incoming: Incoming,
        step: Step,
        commit: Commit,
        tapped: callbacks.Tapped | None = None,
    ) -> Reply:
        now = self.services.wall.now()
        if step.expires and now - incoming.received_at > LATE:
            raise DomainError("too_late")
        if step.takes_file:
            incoming = await attached(incoming, self.services.files)
        opened = self.database.write() if step.writes else self.database.read()
        async with opened as session:
            found = await users.by_telegram(session, incoming.sender_id)
            account, preferences = found if found is not None else (None, None)
            check_access(step.access, account)
            context = self._context(incoming, session, account, preferences)
            if tapped is None and incoming.callback_data is not None:
                tapped = await callbacks.use(
                    session,
                    self.services.cipher,
                    incoming.callback_data,
                    incoming.sender_id,
                    incoming.chat_id,
                    incoming.received_at,  # tapped in time, however late we get to it
                )
            context.tap = tapped.args if tapped else {}
            reply = await step.handler(context)
            if step.ends_form and account is not None:
                await forms.end(session, account.id)
            if step.writes:
                reply = _answered(incoming, reply)
                await context.buttons.save(session)
                await commit(session, reply)
            elif context.buttons.unsaved:
                raise RuntimeError("a read-only route made a button that acts")
        return reply

    def _context(
        self,
        incoming: Incoming,
        session: AsyncSession,
        account: User | None,
        preferences: UserSettings | None,
    ) -> Context:
        now = self.services.wall.now()
        return Context(
            incoming=incoming,
            session=session,
            services=self.services,
            t=_speaker(incoming, preferences),
            buttons=Buttons(self.services.cipher, incoming.sender_id, incoming.chat_id, now),
            now=now,
            account=account,
            preferences=preferences,
        )

    async def _translator(self, incoming: Incoming) -> Translator:
        async with self.database.read() as session:
            found = await users.by_telegram(session, incoming.sender_id)
        return _speaker(incoming, found[1] if found else None)

    def _is_ours(self, incoming: Incoming) -> bool:
        """In a group others talk, too, and to other bots."""
        return incoming.callback_id is not None or incoming.command in self.routes

    def _in_group(self, incoming: Incoming) -> Reply:
        if not self._is_ours(incoming):
            return Reply()
        error = DomainError("private_only")
        tapped = incoming.callback_id is not None
        return _answered(incoming, explain(error, _speaker(incoming, None), tapped=tapped))

    def _held_back(self, incoming: Incoming, first: bool) -> Reply:
        """Say so once, then stay silent: a flood must not become a flood of answers."""
        if incoming.callback_id is not None:
            return _answered(incoming, Reply())
        t = _speaker(incoming, None)
        return _answered(incoming, explain(DomainError("slow_down"), t)) if first else Reply()


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


def _speaker(incoming: Incoming, preferences: UserSettings | None) -> Translator:
    if preferences is None:
        return Translator(language_of(incoming.language_code), "UTC")
    return Translator(preferences.language, preferences.timezone)


def _answered(incoming: Incoming, reply: Reply) -> Reply:
    """Every tap is answered, once and first; actions without a chat or message get those of the
    update.
    """
    actions = tuple(_filled(action, incoming) for action in reply.actions)
    if incoming.callback_id is None:
        return Reply(actions)
    answers = [action for action in actions if action.kind == "answer"]
    answer = answers[0] if answers else Action("answer", callback_id=incoming.callback_id)
    return Reply((answer, *(action for action in actions if action.kind != "answer")))


def _filled(action: Action, incoming: Incoming) -> Action:
    if action.kind == "answer":
        return replace(action, callback_id=incoming.callback_id)
    chat_id = action.chat_id or incoming.chat_id
    message_id = action.message_id
    edits = action.kind in {"edit", "edit_media", "markup"}
    if edits and message_id is None and incoming.callback_id is not None:
        message_id = incoming.message_id
    return replace(action, chat_id=chat_id, message_id=message_id)
