"""The heavy job: a row's work in a worker process, followed, bounded, called off, told.

Everything may run twice: each step checks the row. A worker that dies is replaced and the work
begun again, three times at most, counted in the row: a restart of the bot does not count anew.
What the work is, its kind says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bot.workers.handover import Folder
from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.clock import WallClock
from domain.database import Database
from domain.errors import DomainError
from domain.outbox.service import SIGNALS, Outbox

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger(__name__)
TELL_EVERY_S = 3.0
LIMIT_S = 600.0
"""How long a job may take. A year of minutes takes seconds."""
GRACE_S = 5.0
"""Between being called off and being killed."""
_LOOK_EVERY_S = 0.4
# `WorkerPool.run`: raises what the function raises, BrokenProcessPool when the worker died.
RunInWorker = Callable[..., Awaitable[Any]]


class EditCard(Protocol):
    """Show anew what a live card says; must not raise. `text_key`: "backtest.<status>"."""

    async def __call__(
        self, user_id: int, kind: str, ref: str, text_key: str, params: Mapping[str, Any]
    ) -> None: ...


async def no_card(
    user_id: int, kind: str, ref: str, text_key: str, params: Mapping[str, Any]
) -> None:
    """Nobody watches."""


class Kind(Protocol):
    """What one kind of work is; `BacktestResult.kind` names it.

    worker: "module:function", called with the folder's path and what `prepare` gave.
    notice: `<notice>_done` and `<notice>_failed` are the notifications.
    """

    @property
    def worker(self) -> str: ...

    @property
    def notice(self) -> str: ...

    async def prepare(self, row: BacktestResult, folder: Folder) -> Sequence[Any]:
        """Fill the folder; what takes long is told there. Raises DomainError for what cannot be
        run, and when the folder says that it was called off.
        """
        ...

    async def store(self, session: AsyncSession, row: BacktestResult, found: Any) -> None:
        """Keep what the worker found, in this unit of work."""
        ...

    def done_params(self, row: BacktestResult) -> dict[str, Any]:
        """What the notification of a finished row shows."""
        ...

    def about(self, row: BacktestResult) -> dict[str, Any]:
        """What the notification of a failed row shows, its reason aside."""
        ...


@dataclass
class _Watch:
    """One attempt: since when it runs, since when it has been called off; monotonic seconds."""

    began: float
    told_at: float | None = None
    called_off_at: float | None = None
    overdue: bool = False


@dataclass
class HeavyJob:
    """`run` is the task of the heavy lane. `data_dir`: the work's folders lie below it.

    `kill`: ends the worker at once. `look_every_s`: how often progress and cancelling are looked
    at. `limit_s`: of the wall's time per attempt.
    """

    database: Database
    wall: WallClock
    outbox: Outbox
    in_worker: RunInWorker
    kill: Callable[[], None]
    data_dir: Path
    kinds: Mapping[str, Kind]
    edit_card: EditCard = no_card
    look_every_s: float = _LOOK_EVERY_S
    limit_s: float = LIMIT_S

    async def run(self, args: dict[str, Any]) -> None:
        """Do it, tell how it went. Unexpected errors are raised, for the queue to try again."""
        result_id = int(args["result_id"])
        try:
            found = await self._found(result_id)
        except DomainError as error:
            await self._failed(result_id, error)
        else:
            if found is not None:
                await self._completed(result_id, found)

    async def move_up(self) -> None:
        """Those that wait see that they moved up: once the job before them counts no more."""
        async with self.database.read() as session:
            rows = await backtests.waiting(session)
        for row in rows:
            await self._edit(row, backtests.QUEUED, {})

    async def _found(self, result_id: int) -> Any | None:
        """What the worker found; None when nobody waits for it any more."""
        while True:
            async with self.database.write() as session:
                row = await backtests.begin(session, result_id, self.wall.now())
            if row is None:
                return None
            folder = Folder(self.data_dir / "work" / f"{row.kind}-{result_id}")
            try:
                return await self._worked(row, folder)
            except BrokenProcessPool:
                log.warning("a worker died", kind=row.kind, result=result_id)
            except MemoryError:
                raise DomainError("work_too_big") from None
            finally:
                await asyncio.to_thread(folder.remove)

    async def _worked(self, row: BacktestResult, folder: Folder) -> Any:
        kind = self.kinds[row.kind]
        await asyncio.to_thread(folder.make)
        watch = _Watch(self.wall.monotonic())
        work = asyncio.ensure_future(self._done(kind, row, folder))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=self.look_every_s)
                if not work.done():
                    await self._look(row, folder, watch)
        finally:
            folder.call_off()  # also when this job is cancelled: the worker must not go on alone
            work.cancel()
        if watch.overdue and work.exception() is not None:
            raise DomainError("work_too_slow", minutes=round(self.limit_s / 60))
        return await work

    async def _done(self, kind: Kind, row: BacktestResult, folder: Folder) -> Any:
        given = await kind.prepare(row, folder)
        return await self.in_worker(kind.worker, folder.path, *given)

    async def _look(self, row: BacktestResult, folder: Folder, watch: _Watch) -> None:
        """Pass on that it was called off or takes too long; tell how far it is, not too often."""
        now = self.wall.monotonic()
        if watch.called_off_at is not None:
            if now - watch.called_off_at >= GRACE_S:
                log.warning("a worker did not stop", kind=row.kind, result=row.id)
                self.kill()
            return
        async with self.database.read() as session:
            wanted = await backtests.is_wanted(session, row.id)
        watch.overdue = wanted and now - watch.began >= self.limit_s
        if not wanted or watch.overdue:
            watch.called_off_at = now
            folder.call_off()
            return
        if watch.told_at is not None and now - watch.told_at < TELL_EVERY_S:
            return
        watch.told_at = now
        share, stage = folder.told()
        async with self.database.write() as session:
            await backtests.note_progress(session, row.id, share, stage)
        await self._edit(row, backtests.RUNNING, {"share": share})

    async def _completed(self, result_id: int, found: Any) -> None:
        async with self.database.write() as session:
            row = await backtests.finish(session, result_id, self.wall.now())
            if row is None:
                return
            kind = self.kinds[row.kind]
            await kind.store(session, row, found)
            await self._tell(session, row, f"{kind.notice}_done", kind.done_params(row))
        await self._edit(row, backtests.COMPLETED, {})

    async def _failed(self, result_id: int, error: DomainError) -> None:
        async with self.database.write() as session:
            row = await backtests.fail(session, result_id, error.code, self.wall.now())
            if row is None:
                return
            kind = self.kinds[row.kind]
            params = {**kind.about(row), "code": error.code, "error": _plain(error.params)}
            await self._tell(session, row, f"{kind.notice}_failed", params)
        log.info("heavy work failed", kind=row.kind, result=result_id, code=error.code)
        await self._edit(row, backtests.FAILED, {"code": error.code})

    async def _tell(
        self, session: AsyncSession, row: BacktestResult, notice: str, params: dict[str, Any]
    ) -> None:
        await self.outbox.notify(
            session,
            row.user_id,
            notice,
            params,
            dedupe_key=backtests.job_key(row.id),
            priority=SIGNALS,
        )

    async def _edit(self, row: BacktestResult, status: str, params: dict[str, Any]) -> None:
        await self.edit_card(row.user_id, "backtest", str(row.id), f"backtest.{status}", params)


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    """An error's values as JSON knows them."""
    return {
        name: value if isinstance(value, str | int | float | bool | None) else str(value)
        for name, value in params.items()
    }
