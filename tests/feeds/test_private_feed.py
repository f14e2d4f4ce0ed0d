"""What an exchange tells of an account is a reason to look at once; what REST says is booked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.adapters.bitget_private import PrivateFeed
from bot.jobs.hints import AccountHints
from bot.sandbox.bitget import Fault
from tests.support.bitget_client import BTC, client_of
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database
from tests.support.waiting import until


@dataclass
class Listening:
    """A desk beside which somebody listens."""

    desk: LiveDesk
    feed: PrivateFeed
    hints: AccountHints

    @property
    def alive(self) -> bool:
        return list(self.feed.alive()) == [(self.desk.user_id, LIVE)]

    async def begins(self) -> None:
        """Connect, log in, subscribe, and look at what was before."""
        topics = 2 if self.desk.account.unified else 3
        await self.hints.keep()
        await until(lambda: any(line.knows_us for line in self.feed.lines.values()))
        await self.hints.keep()
        await until(lambda: self.desk.running.streams.topics() == topics)
        assert self.alive
        await self.hints.look()
        self.desk.clock.advance(1)

    async def is_told(self) -> None:
        """Wait for news."""
        await until(lambda: any(line.told for line in self.feed.lines.values()))


@asynccontextmanager
async def listening(**about: Any) -> AsyncIterator[Listening]:
    async with passing_database() as database, live_desk(database, **about) as desk:
        address = desk.running.url.replace("http", "ws", 1)
        feed = PrivateFeed(desk.market.session.http, desk.exchanges.clients, desk.clock, address)
        hints = AccountHints(database, feed, desk.reconciler, desk.guard, desk.clock)
        try:
            yield Listening(desk, feed, hints)
        finally:
            await feed.aclose()


@pytest.fixture
async def there() -> AsyncIterator[Listening]:
    async with listening() as made:
        yield made


@pytest.mark.parametrize("unified", [False, True])
@pytest.mark.parametrize("hedged", [False, True])
async def test_a_position_that_its_stop_closed_is_known_when_it_is_told(
    unified: bool, hedged: bool
) -> None:
    async with listening(unified=unified, hedged=hedged) as there:
        desk = there.desk
        await desk.trades("buy", "0.01", stop_percent=2.0)
        await there.begins()
        assert len(await desk.positions()) == 1
        desk.emulator.moves("BTCUSDT", "-3%")
        await there.is_told()
        assert await there.hints.look()
        assert await desk.positions() == []
        (trade,) = await desk.closed()
        assert trade.exit_reason.value == "stop_loss"


async def test_a_stop_that_was_taken_away_is_set_again_when_it_is_told(there: Listening) -> None:
    desk = there.desk
    await desk.trades("buy", "0.01", stop_percent=2.0, take_profit_percent=None)
    await there.begins()
    client = client_of(desk.running.url, desk.account, desk.clock)
    (stop,) = desk.account.live_plans()
    await client.cancel_order(stop.id, BTC, {"trigger": True, "planType": "pos_loss"})
    await client.close()
    await there.is_told()
    await there.hints.look()
    assert [plan.trigger for plan in desk.account.live_plans()] == [58_800]


async def test_nobody_listens_to_an_account_at_rest(there: Listening) -> None:
    await there.hints.keep()
    assert there.feed.lines == {}


async def test_the_line_is_let_go_a_while_after_the_last_position(there: Listening) -> None:
    await there.desk.trades("buy", "0.01")
    await there.begins()
    await there.desk.trades("sell", "0", purpose="close")
    await there.hints.keep()
    assert there.alive
    there.desk.clock.advance(60)
    await there.hints.keep()
    assert there.feed.lines == {}


async def test_a_line_that_broke_is_made_again_and_what_happened_meanwhile_seen(
    there: Listening,
) -> None:
    desk = there.desk
    await desk.trades("buy", "0.01", stop_percent=2.0)
    await there.begins()
    desk.emulator.cuts()
    await until(lambda: not there.alive)
    assert there.hints.calm(LIVE) == set(), "it is looked at as often as without"
    desk.emulator.moves("BTCUSDT", "-3%")
    desk.clock.advance(1)
    await there.begins()
    assert await desk.positions() == []


async def test_who_would_be_told_is_looked_at_less_often(there: Listening) -> None:
    await there.desk.trades("buy", "0.01")
    await there.begins()
    looked = []
    for _ in range(6):
        there.desk.clock.advance(2)
        looked.append(there.desk.user_id not in there.hints.calm(LIVE))
    assert looked == [True, False] * 3


async def test_a_burst_of_news_is_one_look(there: Listening) -> None:
    await there.desk.trades("buy", "0.01")
    await there.begins()
    looks = 0
    for _ in range(5):
        await there.desk.by_hand("buy", "0.001")
        await there.is_told()
        looks += await there.hints.look()
    assert looks == 1
    there.desk.clock.advance(1)
    assert await there.hints.look(), "and one after it"


async def test_what_rest_does_not_know_yet_is_looked_for_again(there: Listening) -> None:
    desk = there.desk
    await desk.trades("buy", "0.01", stop_percent=2.0)
    await there.begins()
    desk.emulator.moves("BTCUSDT", "-3%")
    await there.is_told()
    desk.emulator.fails(Fault("all-position", lag_s=1))
    desk.emulator.fails(Fault("fills", lag_s=1))
    await there.hints.look()
    assert len(await desk.positions()) == 1
    desk.clock.advance(1)
    await there.hints.look()
    assert await desk.positions() == []


async def test_a_key_that_is_refused_leaves_it_to_rest(there: Listening) -> None:
    desk = there.desk
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.account.secret = "another"
    await there.hints.keep()
    line = there.feed.lines[desk.user_id, LIVE]
    await until(lambda: not line.stream.is_open)
    assert not there.alive
    assert there.hints.calm(LIVE) == set()


async def test_a_new_key_gets_a_line_of_its_own(there: Listening) -> None:
    desk = there.desk
    await desk.trades("buy", "0.01")
    await there.begins()
    old = there.feed.lines[desk.user_id, LIVE]
    desk.drawer.accounts[desk.user_id] = replace(desk.account, key="bg_other")
    desk.emulator.accounts["bg_other"] = desk.drawer.accounts[desk.user_id]
    desk.clock.advance(60)
    await there.hints.keep()
    assert there.feed.lines[desk.user_id, LIVE] is not old
    assert not old.stream.is_open


async def test_without_a_key_there_is_no_line(there: Listening) -> None:
    await there.desk.trades("buy", "0.01")
    await there.begins()
    there.desk.drawer.accounts.clear()
    there.desk.clock.advance(60)
    await there.hints.keep()
    assert there.feed.lines == {}
