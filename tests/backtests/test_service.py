"""Asking for a backtest, and every way in which it can end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from domain.backtests import service as backtests
from domain.backtests.finding import Finding
from domain.backtests.models import BacktestResult
from domain.backtests.result import TradeColumns
from domain.bots.config import set_config
from domain.errors import DomainError
from domain.risk.service import set_limit
from domain.settings.models import UserSettings
from domain.strategies.language import RuleErrors
from domain.strategies.models import Strategy
from tests.backtests.lab import Lab
from tests.support.market import START_MS
from tests.support.trading import add_user


async def test_a_request_becomes_a_row_and_a_heavy_job_at_once(either_lab: Lab) -> None:
    result_id = await either_lab.asks(balance=2_500.0, inputs={"fast": 4})
    row = await either_lab.row(result_id)
    assert (row.status, row.pair, row.timeframe) == ("queued", "BTCUSDT", "1m")
    assert row.initial_balance == row.final_balance == 2_500.0
    assert row.params is not None
    assert row.params["inputs"] == {"fast": 4}
    [job] = await either_lab.jobs()
    assert (job.lane, job.task, job.args) == ("heavy", "backtest", {"result_id": result_id})


async def test_it_runs_under_the_users_own_sizing_and_limits_as_they_are_now(lab: Lab) -> None:
    async with lab.database.write() as session:
        await set_config(session, lab.user_id, "auto_sl", "2.5")
        await set_limit(session, lab.user_id, "daily_loss_limit", "120")
    row = await lab.row(await lab.asks())
    assert row.params is not None
    assert row.params["rules"] == {
        "max_risk_percent": 1.0,
        "leverage": 5.0,
        "auto_tp": 3.0,
        "auto_sl": 2.5,
        "max_leverage": 10.0,
        "daily_loss_limit": 120.0,
        "max_positions": 5,
        "tz": "UTC",
    }


async def test_its_pictures_are_as_its_owner_likes_them_now(lab: Lab) -> None:
    async with lab.database.write() as session:
        preferences = await session.get_one(UserSettings, lab.user_id)
        preferences.language, preferences.timezone = "ko", "Asia/Seoul"
    row = await lab.row(await lab.asks())
    assert row.params is not None
    assert row.params["look"] == {"theme": "dark", "lang": "ko", "zone": "Asia/Seoul"}


async def test_a_strategys_own_inputs_are_taken_when_none_are_asked_for(lab: Lab) -> None:
    async with lab.database.write() as session:
        strategy = await session.get(Strategy, lab.strategy_id)
        assert strategy is not None
        strategy.params = {"slow": 21}
    row = await lab.row(await lab.asks())
    assert row.params is not None
    assert row.params["inputs"] == {"slow": 21}


async def test_five_may_wait_and_a_sixth_is_refused_until_one_is_over(either_lab: Lab) -> None:
    first, *_ = [await either_lab.asks() for _ in range(5)]
    with pytest.raises(DomainError, match="backtest_queue_full"):
        await either_lab.asks()
    await either_lab.calls_off(first)
    await either_lab.asks()


async def test_another_users_backtest_is_no_hindrance(lab: Lab) -> None:
    first = await lab.asks()
    lab.user_id = await add_user(lab.database, "bob")
    async with lab.database.write() as session:
        session.add(strategy := Strategy(user_id=None, name="Shared", code="buy = close > open"))
    second = await lab.asks(strategy_id=strategy.id)
    async with lab.database.read() as session:
        rows = [await session.get_one(BacktestResult, each) for each in (first, second)]
        assert [await backtests.ahead(session, lab.queue, row) for row in rows] == [0, 1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"end_ms": START_MS}, "backtest_range_empty"),
        ({"end_ms": START_MS + 600_001 * 60_000}, "backtest_too_long"),
        ({"timeframe": "7m"}, "unknown_timeframe"),
        ({"balance": 0.0}, "bad_balance"),
        ({"balance": float("nan")}, "bad_balance"),
        ({"strategy_id": 99}, "strategy_gone"),
        ({"inputs": {"fast": 500}}, "param_out_of_range"),
        ({"inputs": {"no": 1}}, "unknown_param"),
    ],
)
async def test_what_cannot_run_is_refused_and_leaves_nothing(
    lab: Lab, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        await lab.asks(**changes)
    assert refused.value.code == code
    assert await lab.jobs() == []


async def test_a_program_with_mistakes_is_refused_with_its_mistakes(lab: Lab) -> None:
    async with lab.database.write() as session:
        strategy = await session.get(Strategy, lab.strategy_id)
        assert strategy is not None
        strategy.code = "buy = emma(close, 3) > 1"
    with pytest.raises(RuleErrors):
        await lab.asks()


async def test_cancelling_frees_the_place_and_is_final(either_lab: Lab) -> None:
    lab = either_lab
    first = await lab.asks()
    row = await lab.calls_off(first)
    assert (row.status, row.error_message) == ("failed", "cancelled")
    async with lab.database.write() as session:
        assert await backtests.begin(session, first, lab.wall.now()) is None
        assert await backtests.finish(session, first, lab.wall.now()) is None
        assert await backtests.fail(session, first, "late", lab.wall.now()) is None
        await backtests.note_progress(session, first, 0.5)
    assert (await lab.row(first)).progress == 0.0
    assert await lab.asks() != first


async def test_cancelling_what_is_over_changes_nothing(lab: Lab) -> None:
    result_id = await lab.asks()
    async with lab.database.write() as session:
        await backtests.fail(session, result_id, "backtest_too_short", lab.wall.now())
    row = await lab.calls_off(result_id)
    assert row.error_message == "backtest_too_short"


async def test_nobody_sees_or_cancels_anothers_result(lab: Lab) -> None:
    result_id = await lab.asks()
    lab.user_id = await add_user(lab.database, "mallory")
    with pytest.raises(DomainError, match="unknown_result"):
        await lab.calls_off(result_id)
    with pytest.raises(DomainError, match="unknown_result"):
        await lab.row(result_id)


async def test_it_is_taken_up_three_times_and_then_given_up(either_lab: Lab) -> None:
    result_id = await either_lab.asks()
    for _ in range(3):
        async with either_lab.database.write() as session:
            row = await backtests.begin(session, result_id, either_lab.wall.now())
            assert row is not None
            assert row.status == "running"
    async with either_lab.database.write() as session:
        with pytest.raises(DomainError, match="backtest_gave_up"):
            await backtests.begin(session, result_id, either_lab.wall.now())


async def test_progress_stays_between_nothing_and_all(lab: Lab) -> None:
    result_id = await lab.asks()
    for share, kept in ((0.4, 0.4), (7.0, 1.0), (-1.0, 0.0)):
        async with lab.database.write() as session:
            await backtests.note_progress(session, result_id, share)
        assert (await lab.row(result_id)).progress == kept


async def test_a_job_for_a_row_that_is_gone_does_nothing(lab: Lab) -> None:
    async with lab.database.write() as session:
        assert await backtests.begin(session, 404, lab.wall.now()) is None
        assert not await backtests.is_wanted(session, 404)


async def test_the_latest_results_are_finished_ones_newest_first(lab: Lab) -> None:
    done = []
    for _ in range(3):
        result_id = await lab.asks()
        async with lab.database.write() as session:
            row = await backtests.finish(session, result_id, lab.wall.now())
            assert row is not None
            await backtests.store(session, row, _finding())
        lab.wall.advance(60)
        done.append(result_id)
    await lab.calls_off(await lab.asks())
    async with lab.database.read() as session:
        rows = await backtests.latest(session, lab.user_id)
        assert [row.id for row in rows] == done[::-1]
        two = await backtests.latest(session, lab.user_id, strategy_id=lab.strategy_id, limit=2)
        assert [row.id for row in two] == done[:0:-1]
        assert await backtests.latest(session, lab.user_id, strategy_id=99) == []


def _finding() -> Finding:
    """A run without trades."""
    ints, floats = np.zeros(0, np.int64), np.zeros(0)
    columns = TradeColumns(
        ints, ints, ints, ints, ints, ints, ints,
        floats, floats, floats, floats, floats, floats, floats, floats, floats, floats,
    )  # fmt: skip
    return Finding({"final_balance": 9_000.0, "data_hash": "00"}, [[0, 1.0]], columns, [])
