"""What is heavy runs in other processes; one that dies takes nothing with it but its own work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool

import pytest

from bot.pool import WorkerPool


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool()
    yield pool
    pool.close()


async def test_work_is_done_elsewhere_and_errors_come_back(pool: WorkerPool) -> None:
    assert await pool.run("os:getpid") != os.getpid()
    assert await pool.run("operator:add", 2, 3) == 5
    with pytest.raises(ZeroDivisionError):
        await pool.run("operator:truediv", 1, 0)
    with pytest.raises(ModuleNotFoundError):
        await pool.run("no_such_module:run")


async def test_a_worker_that_dies_is_an_error_and_is_replaced(
    pool: WorkerPool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BrokenProcessPool):
        await pool.run("os:_exit", 3)
    assert "a worker process died" in capsys.readouterr().out
    assert await pool.run("operator:add", 2, 3) == 5


async def test_closing_ends_its_own_workers_only(pool: WorkerPool) -> None:
    other = WorkerPool()
    mine, theirs = await pool.run("os:getpid"), await other.run("os:getpid")
    pool.close()
    pool.close()
    assert await other.run("os:getpid") == theirs != mine
    other.close()


async def test_a_worker_may_take_only_so_much_memory() -> None:
    pool = WorkerPool(memory_bytes=1 << 30)
    try:
        worker = await pool.run("os:getpid")
        with pytest.raises(MemoryError):
            await pool.run("numpy:ones", 1 << 28)  # 2 GiB
        assert await pool.run("os:getpid") == worker
    finally:
        pool.close()
