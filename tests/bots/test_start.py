"""Starting a bot: what is checked, what is shown, and that nothing old fires."""

from __future__ import annotations

from typing import Any

import pytest

from domain.bots import service as bots
from domain.errors import DomainError
from domain.settings.models import UserSettings
from domain.strategies.language import RuleErrors
from domain.strategies.models import Strategy
from tests.support.bots import Floor

REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"symbols": ()}, "no_symbols"),
    ({"symbols": ("DOGEUSDT",)}, "unknown_symbol"),
    ({"symbols": tuple(f"S{n}USDT" for n in range(21))}, "too_many_symbols"),
    ({"timeframe": "7m"}, "unknown_timeframe"),
    ({"code": "buy = close > sma(sma(sma(close, 4000), 4000), 4000)"}, "strategy_memory"),
    ({"inputs": {"speed": 3}}, "unknown_param"),
]


@pytest.mark.parametrize(("wanted", "code"), REFUSALS)
async def test_what_can_not_run_is_refused(floor: Floor, wanted: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        await floor.starts(**wanted)
    assert refused.value.code == code
    assert (await floor.status()).state == "none"


async def test_a_strategy_with_mistakes_is_refused_with_them(floor: Floor) -> None:
    with pytest.raises(RuleErrors):
        await floor.starts(code="buy = close >")


async def test_a_strategy_of_somebody_else_is_unknown(floor: Floor) -> None:
    bob = await floor.desk.user("bob")
    strategy_id = await floor.strategy("threshold")
    async with floor.database.write() as session:
        (await session.get_one(Strategy, strategy_id)).user_id = bob
    with pytest.raises(DomainError) as refused:
        await floor.starts("alice", "threshold")
    assert refused.value.code == "strategy_gone"


async def test_a_timeframe_finer_than_the_market_is_refused(floor: Floor) -> None:
    class Coarse(type(floor.market)):  # type: ignore[misc]
        def finest_timeframe(self, symbol: str) -> str:
            return "15m"

    floor.desk.market = Coarse()
    with pytest.raises(DomainError) as refused:
        await floor.starts(timeframe="5m")
    assert refused.value.params == {
        "symbol": "BTCUSDT",
        "timeframe": "5m",
        "finest": "15m",
    }
    offered = bots.timeframes_for(floor.market, ["BTCUSDT"])
    assert (offered[0], offered[-1]) == ("15m", "1d")


async def test_the_preview_says_what_will_be_and_writes_nothing(floor: Floor) -> None:
    await floor.limits(leverage=20, auto_sl=2.0, max_positions=3)
    user_id, strategy_id = await floor.desk.user(), await floor.strategy("long_only")
    async with floor.database.read() as session:
        preview = await bots.preview_start(
            session,
            floor.market,
            user_id,
            strategy_id=strategy_id,
            symbols=[" btcusdt", "BTCUSDT", "ETHUSDT"],
            timeframe="15m",
        )

    assert preview.symbols == ("BTCUSDT", "ETHUSDT")
    assert (preview.mode, preview.timeframe, preview.memory_bars) == ("paper", "15m", 0)
    assert (preview.sizing.leverage, preview.leverage, preview.max_leverage) == (20, 10, 10)
    assert (preview.sizing.stop_percent, preview.max_positions) == (2.0, 3)
    assert (preview.switches_from, preview.left_alone) == (None, ())
    assert (await floor.status()).state == "none"


async def test_a_bot_starts_after_the_last_close_so_nothing_old_fires(floor: Floor) -> None:
    floor.market.goes_to(61_500, minutes=5)
    await floor.starts()

    assert await floor.ticks() == 0
    assert await floor.orders() == []
    await floor.closes_at(61_600)
    assert len(await floor.orders()) == 1


async def test_inputs_are_what_the_strategy_runs_with(floor: Floor) -> None:
    code = "level = param(70000, min=1, max=100000)\nbuy = close > level"
    await floor.starts(code=code, inputs={"level": 60_500})
    await floor.closes_at(60_600)

    assert len(await floor.orders()) == 1
    assert (await floor.status()).inputs == {"level": 60_500}


async def test_a_running_bot_can_be_switched_and_says_from_what(floor: Floor) -> None:
    await floor.starts(code="threshold")
    await floor.closes_at(61_500, 61_400)
    preview = await floor.starts(code="long_only", symbols=("ETHUSDT",))

    assert preview.switches_from is not None
    assert preview.left_alone == ("BTCUSDT",)
    view = await floor.status()
    assert (view.state, view.symbols) == ("running", ("ETHUSDT",))
    assert view.positions == {"BTCUSDT": "long"}


async def test_a_mode_that_can_not_trade_is_refused(floor: Floor) -> None:
    user_id = await floor.desk.user()
    async with floor.database.write() as session:
        (await session.get_one(UserSettings, user_id)).mode = "live"
    with pytest.raises(DomainError) as refused:
        await floor.starts()
    assert refused.value.code == "mode_not_available"


@pytest.mark.parametrize("running", [True, False])
async def test_the_mode_is_switched_only_when_flat_and_stopped(floor: Floor, running: bool) -> None:
    await floor.starts()
    await floor.closes_at(61_500, 61_400)
    await floor.changes_bot(mode="demo", is_running=running)
    async with floor.database.write() as session:
        for position in await floor.desk.positions():
            (await session.merge(position)).mode = "demo"

    with pytest.raises(DomainError) as refused:
        await floor.starts()
    assert refused.value.code == "mode_switch"
    assert refused.value.params == {"before": "demo", "after": "paper"}


async def test_a_stopped_flat_bot_takes_the_new_mode(floor: Floor) -> None:
    await floor.starts()
    await floor.changes_bot(mode="demo", is_running=False, state="stopped")
    assert (await floor.starts()).mode == "paper"


async def test_a_panicked_bot_stays_stopped(floor: Floor) -> None:
    await floor.starts()
    await floor.changes_bot(state="panicked", is_running=False)
    with pytest.raises(DomainError) as refused:
        await floor.starts()
    assert refused.value.code == "bot_panicked"
