"""The gate refuses what an operator has stopped: everybody, one user or one symbol."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.database import Database
from domain.errors import DomainError
from domain.risk import kills
from domain.risk.kills import ALL, SYMBOL, USER, Target
from tests.risk.asking import asks
from tests.support.market import FakeMarket
from tests.support.trading import Desk

targets = st.one_of(
    st.just(Target(ALL)),
    st.builds(Target, st.just(USER), user_id=st.integers(1, 10**9)),
    st.builds(Target, st.just(SYMBOL), symbol=st.from_regex(r"[A-Z0-9]{1,16}USDT", fullmatch=True)),
)


async def places(desk: Desk, target: Target) -> None:
    operator = await desk.user("olga")
    async with desk.database.write() as session:
        await kills.place(session, target, operator, desk.now)


async def lifts(desk: Desk, target: Target) -> None:
    operator = await desk.user("olga")
    async with desk.database.write() as session:
        await kills.lift(session, target, operator, desk.now)


@given(targets)
def test_a_target_is_read_as_it_was_written(target: Target) -> None:
    assert Target.of(target.key) == target
    assert len(target.key) <= 32


@pytest.mark.parametrize(
    ("target", "alice", "bob", "ether"),
    [
        (Target(ALL), "killed_all", "killed_all", "killed_all"),
        (Target(USER, user_id=1), "killed_user", "", "killed_user"),
        (Target(SYMBOL, symbol="BTCUSDT"), "killed_symbol", "killed_symbol", ""),
    ],
)
async def test_what_is_stopped_is_refused_and_nothing_else(
    desk: Desk, target: Target, alice: str, bob: str, ether: str
) -> None:
    assert await desk.user("alice") == 1
    await places(desk, target)
    for mode in ("paper", "live"):
        assert (await asks(desk, "alice", mode=mode)).reason == alice
        assert (await asks(desk, "bob", mode=mode)).reason == bob
        decision = await asks(desk, "alice", mode=mode, symbol="ETHUSDT", price=3_000.0)
        assert decision.reason == ether
    await lifts(desk, target)
    assert (await asks(desk, "alice")).allowed


async def test_it_is_placed_once_and_lifted_once(desk: Desk) -> None:
    await places(desk, Target(ALL))
    with pytest.raises(DomainError, match="kill_stands"):
        await places(desk, Target(ALL))
    await places(desk, Target(SYMBOL, symbol="BTCUSDT"))
    await lifts(desk, Target(ALL))
    with pytest.raises(DomainError, match="kill_not_there"):
        await lifts(desk, Target(ALL))
    assert (await asks(desk)).reason == "killed_symbol"
    await places(desk, Target(ALL))
    assert (await asks(desk)).reason == "killed_all"


async def test_two_operators_at_once_place_one(either_database: Database) -> None:
    desk = Desk.opened(either_database, FakeMarket())
    await desk.user("olga")
    done = await asyncio.gather(
        *(places(desk, Target(ALL)) for _ in range(4)), return_exceptions=True
    )
    assert sorted(str(getattr(each, "code", "placed")) for each in done) == [
        "kill_stands",
        "kill_stands",
        "kill_stands",
        "placed",
    ]
    async with either_database.read() as session:
        assert await kills.targets(session) == (Target(ALL),)
