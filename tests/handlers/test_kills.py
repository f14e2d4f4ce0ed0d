"""/kill and /unkill in the chat: what the operator sees, and what everybody concerned is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.audit import service as audit
from domain.trading.models import Position
from domain.users.models import User
from tests.handlers.rows import user_id
from tests.handlers.test_alerts_in_chat import minutes_pass, trading
from tests.support.authenticator import enrolled
from tests.support.world import Person, World


async def operator(w: World, name: str = "olga", language: str = "en") -> Person:
    person = await w.trader(name, language)
    async with w.database.write() as session:
        user = (await session.scalars(select(User).where(User.oauth_id == str(person.id)))).one()
        user.role = "admin"
    return person


async def rocket(w: World, person: Person) -> None:
    """A bot that wants to be long at every close, and is."""
    await person.sends("/new_strategy Rocket")
    await person.sends("buy = close > 1\nstop_loss = 2")
    await person.sends("/start_bot Rocket btc 5m")
    await person.taps("BTCUSDT · 5m")
    await minutes_pass(w, "0.1%", 8)
    assert "Long BTCUSDT opened" in person.heard()


async def kills(w: World, olga: Person, what: str) -> str:
    """Asked and confirmed."""
    await olga.sends(f"/kill {what}")
    return await olga.taps("Stop ")


async def jobs(w: World, change: str = "0.1%", count: int = 2) -> None:
    """Minutes in which what was stopped is closed."""
    for _ in range(count):
        await w.container.trading.close_down()
        await w.container.trading.panics.settle()
        await minutes_pass(w, change, 1)
    await w.container.trading.close_down()
    await w.container.trading.panics.settle()
    await w.container.trading.close_down()
    await w.settles()


async def held(w: World) -> list[tuple[int, str]]:
    async with w.database.read() as session:
        return [(row.user_id, row.symbol) for row in await session.scalars(select(Position))]


async def test_a_user_is_stopped_closed_told_and_let_go_on(w: World) -> None:
    alice, olga = await w.trader("alice"), await operator(w)
    await rocket(w, alice)
    number = await user_id(w, alice)
    card = await olga.sends(f"/kill user {number}")
    assert f"Stop user #{number}?" in card
    assert "accounts 1, open positions 1" in card
    assert "Stopped" in await olga.taps(f"Stop user #{number}")
    await jobs(w)
    told = alice.heard()
    assert "The operator has stopped trading on your account" in told
    assert "Flat." in told
    assert "wait for the operator" in told
    assert await held(w) == []
    assert f"All flat: user #{number}" in olga.heard()
    await minutes_pass(w, "0.1%", 6)
    assert "Not traded: the operator has stopped trading on this account" in alice.heard()
    assert "the operator has stopped" in await alice.sends("/status")
    assert "the operator has stopped" in await alice.sends("/long btc")
    assert "has stopped trading here" in await alice.sends("/start_bot donchian eth 5m")

    app = await enrolled(olga)
    await olga.sends(f"/unkill user {number}")
    assert "Allowed again" in await olga.sends(app.next_code())
    await jobs(w, count=1)
    assert "allows trading on your account again" in alice.heard()
    assert "the operator has stopped" not in await alice.sends("/status")
    async with w.database.read() as session:
        done = {entry.action: entry for entry in await audit.latest(session, limit=20)}
    assert done["kill"].user_id == done["unkill"].user_id == number
    assert done["kill"].actor == audit.person(await user_id(w, olga))


async def test_a_symbol_is_stopped_for_everybody_and_other_symbols_go_on(w: World) -> None:
    alice, bob, olga = await w.trader("alice"), await w.trader("bob"), await operator(w)
    await bob.sends("/long eth")
    await bob.taps("Buy ")
    w.market.moves("0.01%", symbol="ETHUSDT")
    await w.settles()
    await trading(w, alice)
    assert len(await held(w)) == 2
    assert "Stopped: BTCUSDT" in await kills(w, olga, "btc")
    await jobs(w)
    assert "BTCUSDT is closed" in alice.heard()
    assert "operator" not in bob.heard()
    assert await held(w) == [(await user_id(w, bob), "ETHUSDT")]
    assert "Stopped by the operator: BTCUSDT" in await alice.sends("/status")
    assert "has stopped trading in BTCUSDT" in await bob.sends("/long btc")
    assert "has stopped trading in BTCUSDT" in await bob.sends("/start_bot donchian btc 5m")
    assert "has stopped" not in await bob.sends("/start_bot donchian eth 5m")


async def test_everybody_is_stopped_in_their_language(w: World) -> None:
    alice, minsu, olga = await w.trader("alice"), await w.trader("민수", "ko"), await operator(w)
    await trading(w, alice)
    await minsu.sends("/start_bot donchian btc 5m")
    await minsu.taps("BTCUSDT · 5m")
    await kills(w, olga, "all")
    await jobs(w)
    assert "The operator has stopped all trading" in alice.heard()
    assert "운영자가 전체 거래를 중지했습니다" in minsu.heard()
    assert "All flat: everybody" in olga.heard()
    assert await held(w) == []
    assert "everybody" in await olga.sends("/kill")
    assert "stopped already" in await olga.sends("/kill all")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("user", "Whom or what?"),
        ("user 1 2", "Whom or what?"),
        ("symbol", "Whom or what?"),
        ("all of them", "Whom or what?"),
        ("nonsense", "Whom or what?"),
        ("user 999", "no user 999"),
        ("#999", "no user 999"),
        ("user 99999999999999999999", "no user"),
        ("user nobody@example.com", "no user nobody@example.com"),
        ("symbol moon", "MOON"),
        ("moonusdt", "MOONUSDT"),
        ("user <b>", "no user"),
    ],
)
async def test_whom_nobody_knows_is_said(w: World, typed: str, said: str) -> None:
    olga = await operator(w)
    assert said in await olga.sends(f"/kill {typed}")


async def test_lifting_needs_a_second_factor_a_code_and_a_kill(w: World) -> None:
    olga = await operator(w)
    await kills(w, olga, "all")
    assert "/twofa" in await olga.sends("/unkill all")
    app = await enrolled(olga)
    w.wall.advance(301)
    assert "six digits" in await olga.sends("/unkill symbol btc")
    assert "That is not stopped" in await olga.sends(app.next_code())
    assert "Stopped by operators" in await olga.sends("/kill")
    assert "Allowed again: everybody" in await olga.taps("Allow everybody again")
    assert "Nothing is stopped" in await olga.sends("/kill")


async def test_an_address_names_a_user_as_well(w: World) -> None:
    alice, olga = await w.trader("alice"), await operator(w, "운영", "ko")
    address = f"TELEGRAM-{alice.id}@users.invalid"
    card = await olga.sends(f"/kill 사용자 {address}")
    assert f"사용자 #{await user_id(w, alice)}" in card
    assert f"telegram-{alice.id}@users.invalid" in card
    assert "중지했습니다" in await olga.taps("중지")


async def test_an_ordinary_user_may_not(w: World) -> None:
    alice = await w.trader("alice")
    for command in ("/kill all", "/unkill all"):
        assert "for operators" in await alice.sends(command)
