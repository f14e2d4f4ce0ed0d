"""Worker processes that serve one test after the other: each takes seconds to load what it draws
with.
"""

from __future__ import annotations

from functools import cache

from bot.pool import WorkerPool


class LastingPool(WorkerPool):
    """A test that ends leaves the workers to the next one."""

    def close(self) -> None:
        """Not yet."""

    def end(self) -> None:
        """Let them come to their end: what they measured is written then."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None


@cache
def light_pool() -> LastingPool:
    """This test process's."""
    return LastingPool()
