"""The heavy job: from the row to the result, the picture and the message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.jobs.heavy import GRACE_S, LIMIT_S
from bot.pool import WorkerPool
from bot.workers.backtest import study
from bot.workers.handover import Folder, Order
from domain.backtests import service as backtests
from domain.backtests.rules import Rules
from domain.clock import from_ms, to_ms
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.strategies.language import compile_rules
from domain.strategies.models import Strategy
from tests.backtests.lab import CROSS, MINUTE_MS, Lab, in_thread, waves
from tests.support.market import START_MS, contract

PNG = b"\x89PNG\r\n\x1a\n"


async def test_a_finished_backtest_has_figures_trades_a_picture_and_is_told(lab: Lab) -> None:
    result_id = await lab.asks()
    row = await lab.runs(result_id)
    assert (row.status, row.progress, row.error_message) == ("completed", 1.0, None)
    assert row.metrics is not None
    assert row.metrics["trades"] > 5
    assert row.final_balance == row.metrics["final_balance"] != row.initial_balance
    assert row.equity_curve is not None
    assert row.equity_curve[0] == [START_MS, 10_000.0]
    assert row.equity_curve[-1] == [START_MS + 400 * MINUTE_MS, row.final_balance]
    async with lab.database.read() as session:
        trades = await backtests.trades(session, result_id)
    assert len(trades) == row.metrics["trades"]
    assert sum(float(trade.pnl) for trade in trades) == pytest.approx(
        row.final_balance - 10_000.0, abs=1e-5
    )
    [(kind, params)] = await lab.told()
    assert kind == "backtest_done"
    assert (params["result_id"], params["strategy"], params["symbol"]) == (
        result_id,
        "Waves",
        "BTCUSDT",
    )
    assert params["metrics"]["trades"] == len(trades)
    assert (lab.folder / params["file"]).read_bytes().startswith(PNG)
    assert lab.edits.seen[-1] == ("backtest.completed", {})
    assert not (lab.folder / "work" / f"backtest-{result_id}").exists()


async def test_the_trades_are_those_of_the_engine_on_the_same_candles(lab: Lab) -> None:
    result_id = await lab.asks()
    row = await lab.runs(result_id)
    assert row.params is not None
    rules = Rules(**row.params["rules"], timeframe="1m").for_contract(contract())
    result, metrics = study(waves(400), compile_rules(CROSS).bind(), rules, compiled=lab.folder)
    async with lab.database.read() as session:
        kept = await backtests.trades(session, result_id)
    assert [(to_ms(each.entry_time), each.side, each.qty, each.exit_reason) for each in kept] == [
        (each.entry_time, each.side, each.qty, each.exit_reason) for each in result.trades
    ]
    assert row.metrics is not None
    assert row.data_hash == metrics["data_hash"] == result.data_hash


async def test_what_lies_before_the_range_warms_the_program_up(lab: Lab) -> None:
    start = START_MS + 200 * MINUTE_MS
    row = await lab.runs(await lab.asks(start_ms=start))
    whole, _ = study(
        waves(400), compile_rules(CROSS).bind(), Rules(timeframe="1m"), compiled=lab.folder
    )
    assert row.metrics is not None
    assert row.metrics["start_ms"] == start
    assert row.metrics["bars"] == 200
    async with lab.database.read() as session:
        first = (await backtests.trades(session, row.id))[0]
    later = [trade.entry_time for trade in whole.trades if trade.entry_time > start]
    assert to_ms(first.entry_time) == later[0]


async def test_funding_is_charged_where_the_market_knows_it(lab: Lab) -> None:
    for hour in (1, 2, 3, 4, 5):
        lab.market.funds(0.001, at_ms=START_MS + hour * 60 * MINUTE_MS + 3 * MINUTE_MS)
    row = await lab.runs(await lab.asks())
    assert row.metrics is not None
    assert row.metrics["costs"]["funding_usdt"] != 0.0
    assert not any(note.startswith("funding_not_charged") for note in row.metrics["notes"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"end_ms": START_MS + 9 * MINUTE_MS}, "backtest_too_short"),
        ({"symbol": "NOUSDT"}, "unknown_symbol"),
    ],
)
async def test_what_cannot_be_run_is_told_with_its_reason(
    lab: Lab, changes: dict[str, Any], code: str
) -> None:
    row = await lab.runs(await lab.asks(**changes))
    assert (row.status, row.error_message) == ("failed", code)
    [(kind, params)] = await lab.told()
    assert (kind, params["code"]) == ("backtest_failed", code)
    assert lab.edits.seen[-1] == ("backtest.failed", {"code": code})


async def test_a_strategy_changed_in_the_meantime_is_run_as_it_was_asked_for(lab: Lab) -> None:
    result_id = await lab.asks()
    async with lab.database.write() as session:
        strategy = await session.get_one(Strategy, lab.strategy_id)
        strategy.code = "this is no program"
    assert (await lab.runs(result_id)).status == "completed"


async def test_cancelling_reaches_the_worker_and_nothing_is_told(lab: Lab) -> None:
    result_id = await lab.asks()
    stopped = asyncio.Event()

    async def cancelled_on_the_way(target: str, folder: Path, order: Order) -> Any:
        await lab.calls_off(result_id)
        await _until(Folder(folder).is_called_off)
        with pytest.raises(DomainError, match="backtest_cancelled") as stop:
            await in_thread(target, folder, order)
        stopped.set()
        raise stop.value

    row = await lab.runs(result_id, cancelled_on_the_way)
    assert stopped.is_set()
    assert (row.status, row.error_message) == ("failed", "cancelled")
    assert await lab.told() == []
    assert not (lab.folder / f"charts/backtest-{result_id}.png").exists()


async def test_a_result_that_comes_after_the_cancelling_is_dropped(lab: Lab) -> None:
    result_id = await lab.asks()

    async def too_late(target: str, *args: Any) -> Any:
        found = await in_thread(target, *args)
        await lab.calls_off(result_id)
        return found

    row = await lab.runs(result_id, too_late)
    assert (row.error_message, row.metrics) == ("cancelled", None)
    assert await lab.told() == []


async def test_a_job_that_is_stopped_leaves_no_folder_behind(lab: Lab) -> None:
    result_id = await lab.asks()
    flags: list[Folder] = []

    async def works_on(_target: str, folder: Path, _order: Order) -> Any:
        flags.append(Folder(folder))
        await asyncio.Event().wait()

    running = asyncio.create_task(lab.job(works_on).run({"result_id": result_id}))
    await _until(lambda: bool(flags))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not flags[0].path.exists()


async def test_progress_is_told_at_most_every_three_seconds(lab: Lab) -> None:
    result_id = await lab.asks()

    async def slow(target: str, folder: Path, order: Order) -> Any:
        # Of the preparing, of which nothing is said here, the first may tell.
        await _until(lambda: bool(lab.edits.seen))
        for share in (0.1, 0.2):
            Folder(folder).tell(share)
            before = len(lab.edits.seen)
            lab.wall.advance(2.9)
            await _looks(lab)
            assert len(lab.edits.seen) == before
            lab.wall.advance(0.1)
            await _until(lambda before=before: len(lab.edits.seen) > before)
            assert lab.edits.seen[before:] == [("backtest.running", {"share": share})]
        return await in_thread(target, folder, order)

    row = await lab.runs(result_id, slow)
    assert row.status == "completed"


async def test_a_worker_that_dies_is_replaced_and_the_work_begun_again(lab: Lab) -> None:
    result_id = await lab.asks()
    deaths = iter([True, True, False])

    async def mortal(target: str, *args: Any) -> Any:
        if next(deaths):
            raise BrokenProcessPool
        return await in_thread(target, *args)

    row = await lab.runs(result_id, mortal)
    assert row.status == "completed"
    assert row.params is not None
    assert row.params["attempts"] == 3


async def test_workers_that_die_three_times_are_given_up_on_and_it_is_told(lab: Lab) -> None:
    async def dies(_target: str, *_args: Any) -> Any:
        raise BrokenProcessPool

    row = await lab.runs(await lab.asks(), dies)
    assert (row.status, row.error_message) == ("failed", "backtest_gave_up")
    assert [kind for kind, _ in await lab.told()] == ["backtest_failed"]


async def test_what_takes_too_long_is_called_off_and_says_so(lab: Lab) -> None:
    async def slow(target: str, folder: Path, order: Order) -> Any:
        lab.wall.advance(LIMIT_S)
        await _until(Folder(folder).is_called_off)
        return await in_thread(target, folder, order)

    row = await lab.runs(await lab.asks(), slow)
    assert (row.status, row.error_message) == ("failed", "work_too_slow")
    [(kind, params)] = await lab.told()
    assert (kind, params["error"]) == ("backtest_failed", {"minutes": 10})


async def test_what_does_not_stop_when_called_off_is_killed(lab: Lab) -> None:
    result_id = await lab.asks()
    killed = asyncio.Event()

    async def deaf(_target: str, folder: Path, _order: Order) -> Any:
        await lab.calls_off(result_id)
        await _until(Folder(folder).is_called_off)
        lab.wall.advance(GRACE_S)
        await killed.wait()
        raise BrokenProcessPool

    row = await lab.runs(result_id, deaf, killed.set)
    assert row.error_message == "cancelled"
    assert await lab.told() == []


async def test_what_needs_too_much_memory_is_not_tried_again(lab: Lab) -> None:
    attempts: list[int] = []

    async def huge(_target: str, *_args: Any) -> Any:
        attempts.append(1)
        raise MemoryError

    row = await lab.runs(await lab.asks(), huge)
    assert (row.status, row.error_message, len(attempts)) == ("failed", "work_too_big", 1)


async def test_those_who_wait_see_that_they_moved_up(lab: Lab) -> None:
    first, second = await lab.asks(), await lab.asks()
    await lab.runs(first)
    assert lab.edits.seen[-1] == ("backtest.completed", {})
    await lab.job().move_up()
    assert lab.edits.seen[-1] == ("backtest.queued", {})
    await lab.runs(second)
    await lab.job().move_up()
    assert lab.edits.seen[-1] == ("backtest.completed", {})


async def test_run_twice_it_is_told_once(lab: Lab) -> None:
    result_id = await lab.asks()
    await lab.runs(result_id)
    await lab.runs(result_id)
    assert len(await lab.told()) == 1


async def test_what_nobody_expected_is_left_to_the_queue_and_leaves_no_folder(lab: Lab) -> None:
    async def broken(_target: str, *_args: Any) -> Any:
        raise ZeroDivisionError

    result_id = await lab.asks()
    with pytest.raises(ZeroDivisionError):
        await lab.runs(result_id, broken)
    assert (await lab.row(result_id)).status == "running"
    assert list((lab.folder / "work").iterdir()) == []


async def test_in_a_real_worker_process_and_after_a_real_death(lab: Lab) -> None:
    pool = WorkerPool()
    killed: list[bool] = []

    async def real(target: str, *args: Any) -> Any:
        if not killed:
            killed.append(True)
            return await pool.run("os:_exit", 9)
        return await pool.run(target, *args)

    try:
        row = await lab.runs(await lab.asks(), real)
    finally:
        pool.close()
    assert row.status == "completed"
    assert (lab.folder / f"charts/backtest-{row.id}.png").read_bytes().startswith(PNG)


async def test_a_real_worker_that_hangs_ends_with_the_job(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sleep hears no flag: the process is killed, and the next job has a fresh one."""
    pool = WorkerPool()
    result_id = await lab.asks()
    before = await pool.run("os:getpid")

    async def hangs(_target: str, folder: Path, _order: Order) -> Any:
        sleeping = asyncio.ensure_future(pool.run("time:sleep", 3_600))
        await lab.calls_off(result_id)
        await _until(Folder(folder).is_called_off)
        lab.wall.advance(GRACE_S)
        return await sleeping

    try:
        row = await lab.runs(result_id, hangs, pool.close)
        assert row.error_message == "cancelled"
        assert "a worker process died" not in capsys.readouterr().out
        assert await pool.run("os:getpid") != before
    finally:
        pool.close()


async def test_a_download_is_shown_on_the_card_and_can_be_called_off(lab: Lab) -> None:
    result_id = await lab.asks()
    stages: list[str] = []

    async def slow(
        symbol: str, timeframe: str, *, end_ms: int, limit: int, tell: Callable[[float], None]
    ) -> None:
        assert (symbol, timeframe, end_ms, limit) == (
            "BTCUSDT",
            "1m",
            lab.market.clock.now_ms(),
            400 + 8,
        )
        tell(0.25)
        await _until(lambda: len(lab.edits.seen) > 0)
        row = await lab.row(result_id)
        stages.append(f"{(row.params or {})['stage']} {row.progress}")
        await lab.calls_off(result_id)
        folder = Folder(lab.folder / "work" / f"backtest-{result_id}")
        await _until(folder.is_called_off)
        tell(0.5)

    lab.prefetch = slow
    row = await lab.runs(result_id)
    assert stages == ["download 0.25"]
    assert row.error_message == "cancelled"
    assert await lab.told() == []


def test_candles_come_out_of_the_folder_as_they_went_in(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "work")
    candles = waves(50)
    folder.fill(candles)
    folder.call_off()
    folder.tell(0.25, "download")
    assert folder.told() == (0.25, "download")
    back = folder.candles()
    folder.make()
    assert not folder.is_called_off()
    assert folder.told() == (0.0, "")
    for name in Candles.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(back, name), getattr(candles, name))
    assert from_ms(int(back.time[0])) == from_ms(START_MS)


async def _until(true: Any) -> None:
    """Let the others work until something is so."""
    while not true():
        await asyncio.to_thread(lambda: None)


async def _looks(lab: Lab) -> None:
    """Time enough for the job to look several times."""
    for _ in range(30):
        async with lab.database.read():
            await asyncio.to_thread(lambda: None)
