"""A position that is gone at the exchange without a fill is told of once; its owner books it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from domain.bots.settling import settle_gone
from domain.errors import DomainError
from tests.support.live import LIVE, LiveDesk
from tests.support.trading_floor import live_world


def settles_at_the_exchange(desk: LiveDesk) -> None:
    """As a market that is delisted: no order, no fill."""
    desk.account.positions.clear()
    desk.emulator.engine.changed(desk.account)


async def kinds(desk: LiveDesk) -> list[str]:
    return [kind for kind, _ in await desk.told()]


async def is_gone(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.emulator.moves("BTCUSDT", "+1%")
    await desk.looks()
    settles_at_the_exchange(desk)
    await desk.looks()
    assert await kinds(desk) == ["entry"], "its fill may be on its way"
    desk.clock.advance(61)
    await desk.looks()


async def test_it_is_told_once(desk: LiveDesk) -> None:
    await is_gone(desk)
    desk.clock.advance(3_600)
    await desk.looks()
    assert await kinds(desk) == ["entry", "position_gone"]
    _, params = (await desk.told())[-1]
    assert (params["symbol"], params["side"], params["qty"]) == ("BTCUSDT", "long", "0.01")
    assert Decimal(params["price"]) == desk.emulator.price("BTCUSDT")
    assert len(await desk.positions()) == 1, "never without its owner's word"


async def test_one_that_is_there_again_was_never_gone(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    held = dict(desk.account.positions)
    settles_at_the_exchange(desk)
    await desk.looks()
    desk.account.positions |= held
    desk.emulator.engine.changed(desk.account)
    desk.clock.advance(61)
    await desk.looks()
    assert await kinds(desk) == ["entry"]


async def test_another_size_that_stays_is_told_once_with_its_figures(desk: LiveDesk) -> None:
    """A part of it went without a fill."""
    await desk.trades("buy", "0.01", stop_percent=2.0)
    (held,) = desk.account.positions.values()
    held.qty = Decimal("0.004")
    desk.emulator.engine.changed(desk.account)
    await desk.looks()
    assert await kinds(desk) == ["entry"], "its fill may be on its way"
    for _ in range(3):
        desk.clock.advance(61)
        await desk.looks()
    assert await kinds(desk) == ["entry", "position_differs"]
    _, params = (await desk.told())[-1]
    assert (params["side"], params["qty"], params["there"]) == ("long", "0.01", "0.004")
    (ours,) = await desk.positions()
    assert ours.size == 0.01, "never resized without a fill"
    await desk.restarts()
    desk.clock.advance(61)
    await desk.looks()
    assert (await kinds(desk)).count("position_differs") == 1


async def test_it_is_booked_at_the_price_last_seen(desk: LiveDesk) -> None:
    await is_gone(desk)
    (position,) = await desk.positions()
    async with desk.database.write() as session:
        await settle_gone(
            session, desk.outbox, desk.clock, desk.user_id, LIVE, position.id, there=()
        )
    (trade,) = await desk.closed()
    seen = desk.emulator.price("BTCUSDT")
    assert (trade.exit_price, trade.exit_detail) == (seen, "settled")
    assert trade.pnl == (seen - trade.entry_price) * Decimal("0.01") - (trade.fees or 0)
    assert await desk.positions() == []
    await desk.looks()
    assert await kinds(desk) == ["entry", "position_gone", "exit"]


async def test_one_that_the_exchange_shows_is_not_booked(desk: LiveDesk) -> None:
    await is_gone(desk)
    (position,) = await desk.positions()
    await desk.by_hand("buy", "0.01")
    there = await desk.exchange.holdings()
    async with desk.database.write() as session:
        with pytest.raises(DomainError, match="not_gone"):
            await settle_gone(
                session, desk.outbox, desk.clock, desk.user_id, LIVE, position.id, there
            )
    assert await desk.closed() == []


@pytest.mark.parametrize(
    ("language", "gone", "book", "done"),
    [
        ("en", "is gone at the exchange", "Book", "is closed in your books"),
        ("ko", "포지션이 보이지 않습니다", "청산으로 기록", "장부에서 청산되었습니다"),
    ],
)
async def test_its_owner_is_told_and_books_it(
    tmp_path: Path, language: str, gone: str, book: str, done: str
) -> None:
    async with live_world(tmp_path) as floor:
        alice = await floor.goes_live("alice")
        await alice.sends("/long btc")
        await alice.taps("Buy")
        await alice.sends(f"/lang {language}")
        await floor.passes()
        floor.accounts["alice"].positions.clear()
        floor.emulator.engine.changed(floor.accounts["alice"])
        await floor.passes()
        floor.market.rests(minutes=2)
        await floor.passes()
        assert gone in alice.heard()
        await alice.taps(book)
        assert done in await alice.taps("BTCUSDT")
        assert "BTCUSDT" not in await alice.sends("/positions")
