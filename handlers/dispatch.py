"""One update: find its route, check who may use it, run the handler in one unit of work, hand back
the reply.

Deny by default: a route says who may use it, and everything else is refused here, for commands and
for buttons alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.access import step_up as access
from domain.access.step_up import Need, StepUpNeededError
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.database import Database, savepoint
from domain.errors import DomainError
from domain.settings.models import UserSettings
from domain.users import service as users
from domain.users.models import User
from handlers import callbacks, step_up
from handlers.attachments import attached
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.errors import explain
from handlers.limits import RateLimiter
from handlers.looks import looked
from handlers.services import Services
from handlers.stray import STRAY, looks_secret
from handlers.texts import Translator, language_of
from handlers.types import Action, Handler, Incoming, Look, Reply, Route, Tap

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

LATE = timedelta(seconds=60)
Commit = Callable[["AsyncSession", Reply], Awaitable[None]]


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
class Dispatcher:
    """`forms`: kind -> handler of the next message, which may be a file for `file_forms`.
    `late_forms`: of secrets that come too late to answer one, or unasked. `limiter` holds each
    sender back, before anything is queued.
    """

    database: Database
    services: Services
    routes: Mapping[str, Route]
    taps: Mapping[str, Tap]
    forms: Mapping[str, Handler]
    limiter: RateLimiter
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
        except StepUpNeededError:
            return _answered(incoming, await self._ask_code(incoming, commit))
        except DomainError as error:
            t = await self._translator(incoming)
            return _answered(incoming, explain(error, t, tapped=incoming.callback_id is not None))

    async def _run(self, incoming: Incoming, commit: Commit) -> Reply:
        known = self._planned(incoming)
        if known is not None:
            return await self._perform(incoming, known, commit)
        async with self.database.read() as session:
            step, form = await self._looked_up(incoming, session)
        if form is not None and form.kind == step_up.FORM:
            return await self._proved(incoming, form, commit)
        return await self._perform(incoming, step, commit)

    def _planned(self, incoming: Incoming) -> Step | None:
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
            raise DomainError("unknown_command", command=incoming.command)
        shows = not route.writes or (route.shows_bare and not incoming.args)
        return Step(
            handler=route.handler,
            access=route.access,
            writes=route.writes,
            expires=route.expires,
            ends_form=not shows,
            takes_file=route.takes_file,
            needs=None if shows else route.needs,
            looks=route.looks,
        )

    async def _looked_up(
        self, incoming: Incoming, session: AsyncSession
    ) -> tuple[Step, OpenForm | None]:
        """What a button that acts, or an answer to a form, will run; and that form."""
        cipher, sender = self.services.cipher, incoming.sender_id
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
            if lapsed is None and looks_secret(incoming.text):
                lapsed = STRAY
            handler = self.late_forms.get(lapsed or "")
        else:
            handler = self.forms.get(form.kind)
        if form is not None and form.kind == step_up.FORM:
            return Step(_unreachable, "user", True), form
        if handler is None:
            raise DomainError("not_understood")
        takes_file = form is not None and form.kind in self.file_forms
        return Step(handler, "user", True, takes_file=takes_file), form

    async def _ask_code(self, incoming: Incoming, commit: Commit) -> Reply:
        """What was asked needs a code first: nothing of it was done yet."""
        async with self.database.write() as session:
            context = await self._opened(incoming, session)
            reply = _answered(incoming, await step_up.ask(context))
            await commit(session, reply)
        return reply

    async def _proved(self, incoming: Incoming, form: OpenForm, commit: Commit) -> Reply:
        """The message with the code: deleted, judged, and on with what was asked. The code is used
        and counted whatever comes of the rest.
        """
        asked = step_up.asked(form, incoming.received_at)
        seen = await self._looked(asked.incoming, self._foreseen(asked.incoming))
        async with self.database.write() as session:
            context = await self._opened(incoming, session)
            check_access("user", context.account)
            reply = await step_up.judge(context)
            if reply is None:
                reply = await self._resumed(context, asked, seen)
            reply = _answered(incoming, step_up.taken_away(context) + reply)
            await commit(session, reply)
        return reply

    def _foreseen(self, incoming: Incoming) -> Step | None:
        """What will go on after the code, as far as rows do not tell."""
        try:
            return self._planned(incoming)
        except DomainError:
            return None

    async def _resumed(self, proved: Context, asked: step_up.Asked, seen: Any) -> Reply:
        session, incoming = proved.session, asked.incoming
        await step_up.reopen(proved, asked)
        try:
            async with savepoint(session):
                step = self._planned(incoming) or (await self._looked_up(incoming, session))[0]
                reply = await self._work(session, incoming, step, asked.tapped_at, seen)
        except DomainError as error:
            return step_up.explained(error, proved)
        return step_up.said_anew(_answered(incoming, reply))

    def _shown(self, incoming: Incoming, data: str) -> callbacks.Tapped:
        return callbacks.open_shown(
            self.services.cipher,
            data,
            incoming.sender_id,
            incoming.chat_id,
            incoming.received_at,
        )

    async def _perform(self, incoming: Incoming, step: Step, commit: Commit) -> Reply:
        if step.takes_file:
            incoming = await attached(incoming, self.services.files)
        looked = await self._looked(incoming, step)
        opened = self.database.write() if step.writes else self.database.read()
        async with opened as session:
            reply = await self._work(session, incoming, step, incoming.received_at, looked)
            if step.writes:
                reply = _answered(incoming, reply)
                await commit(session, reply)
        return reply

    async def _looked(self, incoming: Incoming, step: Step | None) -> Any:
        if step is None:
            return None
        return await looked(self.database, self.services, incoming, step.looks, step.held)

    async def _work(
        self,
        session: AsyncSession,
        incoming: Incoming,
        step: Step,
        tapped_at: datetime,
        looked: Any = None,
    ) -> Reply:
        """One step inside an open unit of work: access, second factor, button, handler."""
        context = await self._opened(incoming, session)
        context.looked = looked
        if step.expires and context.now - incoming.received_at > LATE:
            raise DomainError("too_late")
        check_access(step.access, context.account)
        if step.needs is not None:
            await access.check(session, context.user, step.needs, context.now)
        if step.shown is not None:
            context.tap = step.shown
        elif incoming.callback_data is not None:
            # Tapped in time, however late we get to it.
            sender, chat, data = incoming.sender_id, incoming.chat_id, incoming.callback_data
            cipher = self.services.cipher
            used = await callbacks.use(session, cipher, data, sender, chat, tapped_at)
            context.tap = used.args
        reply = await step.handler(context)
        if step.ends_form and context.account is not None:
            await forms.end(session, context.account.id)
        if step.writes:
            await context.buttons.save(session)
        elif context.buttons.unsaved:
            raise RuntimeError("a read-only route made a button that acts")
        return reply

    async def _opened(self, incoming: Incoming, session: AsyncSession) -> Context:
        found = await users.by_telegram(session, incoming.sender_id)
        account, preferences = found if found is not None else (None, None)
        return self._context(incoming, session, account, preferences)

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
