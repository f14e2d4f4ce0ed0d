"""One update: find what it runs, check who may, run it in one unit of work, hand back the reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.access import step_up as access
from domain.access.step_up import StepUpNeededError
from domain.chat import forms
from domain.chat.forms import OpenForm
from domain.database import Database, savepoint
from domain.errors import DomainError
from domain.settings.models import UserSettings
from domain.users import service as users
from domain.users.models import User
from handlers import callbacks, step_up
from handlers.answers import answered, speaker
from handlers.attachments import attached
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.errors import explain, sentence
from handlers.limits import RateLimiter
from handlers.looks import looked
from handlers.services import Services
from handlers.steps import Step, Steps, check_access
from handlers.texts import Translator, plain
from handlers.types import Button, Incoming, Reply

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

LATE = timedelta(seconds=60)
Commit = Callable[["AsyncSession", Reply], Awaitable[None]]


@dataclass(frozen=True)
class Dispatcher:
    """`limiter` holds each sender back, before anything is queued."""

    database: Database
    services: Services
    steps: Steps
    limiter: RateLimiter

    def admit(self, incoming: Incoming) -> Reply | None:
        """None: to be worked on. A reply: it is not, and that is all there is to say (if anything).

        Judged once, when an update comes in: what was admitted is not held back when it is tried
        again. What overtakes has a limit of its own: a flood must not keep anybody from stopping.
        """
        if not incoming.is_private and not self._is_ours(incoming):
            return Reply()
        verdict = self.limiter.check((incoming.sender_id, self.steps.lane(incoming)))
        return None if verdict.allowed else self._held_back(incoming, verdict.first)

    async def handle(self, incoming: Incoming, commit: Commit) -> Reply:
        """Run an admitted update to its reply. `commit(session, reply)` is called inside a writing
        unit of work, last.

        A DomainError rolls back and becomes a sentence; any other exception is the caller's.
        """
        if not incoming.is_private:
            return self._in_group(incoming)
        try:
            return answered(incoming, await self._run(incoming, commit))
        except StepUpNeededError:
            return answered(incoming, await self._ask_code(incoming, commit))
        except DomainError as error:
            t = await self._translator(incoming)
            return answered(incoming, explain(error, t, tapped=incoming.callback_id is not None))

    async def _run(self, incoming: Incoming, commit: Commit) -> Reply:
        known = self.steps.planned(incoming)
        if known is not None:
            return await self._perform(incoming, known, commit)
        async with self.database.read() as session:
            step, form = await self.steps.looked_up(incoming, session)
        if form is not None and form.kind == step_up.FORM:
            return await self._proved(incoming, form, commit)
        return await self._perform(incoming, step, commit)

    async def _ask_code(self, incoming: Incoming, commit: Commit) -> Reply:
        """What was asked needs a code first: nothing of it was done yet."""
        async with self.database.write() as session:
            context = await self._opened(incoming, session)
            reply = answered(incoming, await step_up.ask(context))
            await commit(session, reply)
        return reply

    async def _proved(self, incoming: Incoming, form: OpenForm, commit: Commit) -> Reply:
        """The message with the code: deleted, judged, and on with what was asked. The code is used
        and counted whatever comes of the rest.
        """
        asked = step_up.asked(form, incoming.received_at)
        seen = await self._looked(asked.incoming, self.steps.foreseen(asked.incoming))
        async with self.database.write() as session:
            context = await self._opened(incoming, session)
            check_access("user", context.account)
            reply = await step_up.judge(context)
            if reply is None:
                reply = await self._resumed(context, asked, seen)
            reply = answered(incoming, step_up.taken_away(context) + reply)
            await commit(session, reply)
        return reply

    async def _resumed(self, proved: Context, asked: step_up.Asked, seen: Any) -> Reply:
        session, incoming = proved.session, asked.incoming
        await step_up.reopen(proved, asked)
        try:
            async with savepoint(session):
                step = (
                    self.steps.planned(incoming)
                    or (await self.steps.looked_up(incoming, session))[0]
                )
                reply = await self._work(session, incoming, step, asked.tapped_at, seen)
        except DomainError as error:
            return step_up.explained(error, proved)
        return step_up.said_anew(answered(incoming, reply))

    async def _perform(self, incoming: Incoming, step: Step, commit: Commit) -> Reply:
        if step.takes_file:
            incoming = await attached(incoming, self.services.files)
        looked = await self._looked(incoming, step)
        opened = self.database.write() if step.writes else self.database.read()
        async with opened as session:
            reply = await self._work(session, incoming, step, incoming.received_at, looked)
            if step.writes:
                reply = answered(incoming, reply)
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
            t=speaker(incoming, preferences),
            buttons=Buttons(self.services.cipher, incoming.sender_id, incoming.chat_id, now),
            now=now,
            account=account,
            preferences=preferences,
        )

    async def _translator(self, incoming: Incoming) -> Translator:
        async with self.database.read() as session:
            found = await users.by_telegram(session, incoming.sender_id)
        return speaker(incoming, found[1] if found else None)

    def _in_group(self, incoming: Incoming) -> Reply:
        if not self._is_ours(incoming):
            return Reply()
        t = speaker(incoming, None)
        error = DomainError("private_only")
        if incoming.callback_id is not None:
            return answered(incoming, explain(error, t, tapped=True))
        url = f"https://t.me/{self.services.bot_username}"
        there = ((Button(plain(t("button.in_private")), url=url),),)
        return answered(incoming, Reply.text(sentence(error, t), there))

    def _is_ours(self, incoming: Incoming) -> bool:
        """In a group others talk, too, and to other bots, which may have commands of our names."""
        named = incoming.addressee in ("", self.services.bot_username.lower())
        return named and self.steps.is_ours(incoming)

    def _held_back(self, incoming: Incoming, first: bool) -> Reply:
        """Say so once, then stay silent: a flood must not become a flood of answers."""
        if incoming.callback_id is not None:
            return answered(incoming, Reply())
        t = speaker(incoming, None)
        return answered(incoming, explain(DomainError("slow_down"), t)) if first else Reply()
