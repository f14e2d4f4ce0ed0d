"""Group commit: what many tasks want written at once goes into one transaction.

A small write costs 2-5 ms alone and hundredths of one in a group; whoever needs to know waits for
the group's commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from domain.database import Database

log = structlog.get_logger(__name__)
Write = Callable[[AsyncSession], Awaitable[Any]]
_Waiting = tuple[Write, asyncio.Future[Any] | None]
_GROUP = 200


@dataclass
class GroupWriter:
    """`linger_s`: how long writes that nobody waits for may rest before they are written.

    Writes are carried out in the order in which they were asked for. A group that fails is written
    again one by one, so a write must be able to run twice.
    """

    database: Database
    linger_s: float = 0.02
    _waiting: list[_Waiting] = field(default_factory=list)
    _urgent: asyncio.Event = field(default_factory=asyncio.Event)
    _any: asyncio.Event = field(default_factory=asyncio.Event)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def write(self, action: Write) -> Any:
        """Run `action` in the next group; returns its result after the commit, raises what it or
        the commit raised.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((action, future))
        self._urgent.set()
        self._any.set()
        return await future

    def later(self, action: Write) -> None:
        """Run `action` in some group soon; nobody waits."""
        self._waiting.append((action, None))
        self._any.set()

    async def run(self) -> None:
        """Commit groups until cancelled; what is waiting then is written by `flush`."""
        while True:
            await self._any.wait()
            if not self._urgent.is_set():
                await self._linger()
            await self.flush()

    async def flush(self) -> None:
        """Write everything that waits. Cancelled, it still ends the group it has begun."""
        async with self._one_at_a_time:
            while self._waiting:
                group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
                if not self._waiting:
                    self._urgent.clear()
                    self._any.clear()
                await _to_the_end(self._written(group))

    async def _linger(self) -> None:
        with suppress(TimeoutError):  # asyncio.wait_for may swallow a cancellation
            async with asyncio.timeout(self.linger_s):
                await self._urgent.wait()

    async def _written(self, group: list[_Waiting]) -> None:
        try:
            await self._commit(group)
        except Exception:  # noqa: BLE001 - one bad write must not take its group down: alone, each shows its own error
            for one in group:
                await self._alone(one)

    async def _commit(self, group: list[_Waiting]) -> None:
        async with self.database.write() as session:
            results = [await action(session) for action, _ in group]
        for (_, future), result in zip(group, results, strict=True):
            if future is not None and not future.done():
                future.set_result(result)

    async def _alone(self, one: _Waiting) -> None:
        action, future = one
        try:
            async with self.database.write() as session:
                result = await action(session)
        except Exception as error:
            if future is None:
                log.error("a write that nobody waits for failed", exc_info=error)
            elif not future.done():
                future.set_exception(error)
            return
        if future is not None and not future.done():
            future.set_result(result)


async def _to_the_end(work: Awaitable[None]) -> None:
    """A cancelled commit leaves open whether it happened: let it end first."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await working
        raise
