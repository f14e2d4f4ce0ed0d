"""Worker processes for what is heavy: candles from Parquet, backtests, charts. Started when first
needed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any

import structlog

from bot.workers.entry import begin, call

log = structlog.get_logger(__name__)


@dataclass
class WorkerPool:
    """`spawn`: a worker shares nothing with the bot, and holds what the bot must not import.

    `memory_bytes`: what one worker's data may take.
    """

    workers: int = 1
    memory_bytes: int | None = None
    _executor: ProcessPoolExecutor | None = field(default=None)

    async def run(self, target: str, *args: Any) -> Any:
        """`target`: "module:function". What it raises is raised here; a worker that died is
        replaced for the next call.

        Raises BrokenProcessPool when the worker died under this call.
        """
        loop = asyncio.get_running_loop()
        executor = self._started()
        try:
            return await loop.run_in_executor(executor, call, target, *args)
        except BrokenProcessPool:
            if self._executor is executor:
                log.error("a worker process died", target=target)
                self._executor = None
            else:  # by `close`, or this has been said
                log.info("a worker process ended", target=target)
            executor.shutdown(wait=False, cancel_futures=True)
            raise

    def close(self) -> None:
        """End the workers; what they were at raises BrokenProcessPool."""
        executor, self._executor = self._executor, None
        if executor is not None:
            ours = list((executor._processes or {}).values())  # nothing public names them
            executor.shutdown(wait=False, cancel_futures=True)
            for process in ours:
                process.terminate()

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(
                self.workers, mp_context=context, initializer=begin, initargs=(self.memory_bytes,)
            )
        return self._executor
