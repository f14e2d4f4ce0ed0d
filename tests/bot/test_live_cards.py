"""A card that follows a backtest ends up saying how it ended, whatever happens on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.faults import Fault
from domain.backtests import service as backtests
from tests.support.market import FakeMarket
from tests.support.world import Person, World, world

DONE = "the result is below"


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    market = FakeMarket()
    market.moves("1%", minutes=60)
    async with world(tmp_path, market=market) as w:
        yield w


async def asks(w: World) -> Person:
    """A backtest whose process dies right after its end: nobody edits the card."""
    alice = await w.trader("alice")
    assert "Queued" in await alice.sends("/backtest btc 5m donchian")
    w.wall.advance(60)
    async with w.database.write() as session:
        await backtests.finish(session, 1, w.wall.now())
    return alice


async def catches_up(w: World) -> int:
    """How many edits it took."""
    before = len(w.calls("editMessageText"))
    await w.runtime.live_cards.catch_up()
    await w.settles()
    return len(w.calls("editMessageText")) - before


async def test_an_end_that_was_never_shown_is_shown_once(w: World) -> None:
    alice = await asks(w)
    assert await catches_up(w) == 1
    assert DONE in alice.last
    assert await catches_up(w) == 0


async def test_what_still_runs_is_left_alone(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest btc 5m donchian")
    assert await catches_up(w) == 0


async def test_a_card_opened_after_the_end_keeps_what_it_shows(w: World) -> None:
    alice = await asks(w)
    w.wall.advance(60)
    shown = await alice.sends("/results 1")
    assert await catches_up(w) == 0
    assert alice.last == shown


async def test_an_edit_that_fails_is_tried_again(w: World) -> None:
    alice = await asks(w)
    w.api.faults.add(Fault("editMessageText", 500))
    assert await catches_up(w) == 1
    assert DONE not in alice.last
    assert await catches_up(w) == 1
    assert DONE in alice.last
    assert await catches_up(w) == 0


async def test_a_card_that_its_reader_deleted_is_given_up(w: World) -> None:
    await asks(w)
    gone = "Bad Request: message to edit not found"
    w.api.faults.add(Fault("editMessageText", 400, description=gone))
    assert await catches_up(w) == 1
    assert await catches_up(w) == 0
