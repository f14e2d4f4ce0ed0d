"""Sharing by link: read and tested before it is imported, withdrawn whenever its owner likes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.strategies.builtins import BUILTINS
from domain.strategies.models import Strategy
from tests.handlers.conftest import lively_market
from tests.handlers.rows import user_id
from tests.handlers.test_strategies import own
from tests.support.world import Person, World, world

GOOD = (
    "# about: Buys what <rises>.\nfast = param(5, min=2, max=50)\nbuy = close > ema(close, fast)\n"
)
MINE = len(BUILTINS) + 1


async def link(w: World, person: Person) -> str:
    """The payload of a link to a strategy called Mine."""
    await own(w, await user_id(w, person), "Mine", code=GOOD)
    return payload(await person.sends("/share mine"))


def payload(said: str) -> str:
    """What stands behind `start=`."""
    found = re.search(r"t\.me/(\w+)\?start=([\w-]+)", said)
    assert found is not None, said
    assert len(found[2]) <= 64
    return found[2]


async def test_the_receiver_reads_and_tests_it_and_then_imports_it(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    start = await link(w, alice)
    said = await bob.sends(f"/start {start}")
    for text in ("Mine", "buy = close > ema(close, fast)", "fast", "Buys what <rises>."):
        assert text in said
    assert "alice" not in said
    assert "Which market?" in await bob.taps("Backtest it")
    await bob.taps("BTCUSDT")
    await bob.taps("5m")
    assert "Queued" in await bob.taps("Run the backtest")
    assert "Mine" in bob.last
    w.wall.advance(3_600)
    assert "a copy of your own" in await bob.taps("Import")
    assert "Mine" in await bob.sends(f"/strategy {MINE + 1}")
    async with w.database.read() as session:
        copy = (await session.scalars(select(Strategy).where(Strategy.id == MINE + 1))).one()
    assert (copy.shared_from, copy.code, copy.user_id) == (MINE, GOOD, await user_id(w, bob))


async def test_what_is_imported_stays_when_the_link_is_withdrawn_or_the_owner_deletes(
    w: World,
) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    start = await link(w, alice)
    await bob.sends(f"/start {start}")
    await bob.taps("Import")
    assert "leads nowhere" in await alice.taps("Withdraw the link")
    assert "leads nowhere" in await bob.sends(f"/start {start}")
    second = payload(await alice.sends("/share mine"))
    assert second != start
    await alice.sends("/delete_strategy mine")
    await alice.taps("Delete Mine")
    assert "leads nowhere" in await bob.sends(f"/start {second}")
    assert "fast" in await bob.sends(f"/strategy {MINE + 1}")


async def test_a_link_shows_the_version_that_was_shared(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    start = await link(w, alice)
    assert payload(await alice.sends("/share mine")) == start
    await alice.sends("/edit_strategy mine")
    await alice.sends("buy = close > open")
    assert "ema(close, fast)" in await bob.sends(f"/start {start}")
    await alice.sends("/strategy mine")
    fresh = payload(await alice.taps("Share"))
    assert fresh != start
    assert "leads nowhere" in await bob.sends(f"/start {start}")
    assert "leads nowhere" in await bob.taps("Import")
    assert "close > open" in await bob.sends(f"/start {fresh}")


async def test_a_name_that_is_taken_gets_a_number(w: World) -> None:
    alice = await w.trader("alice")
    start = await link(w, alice)
    await alice.sends(f"/edit_strategy {MINE}")
    await alice.sends("buy = close < open")
    await alice.sends(f"/start {start}")
    assert "Mine 2" in await alice.taps("Import")


@pytest.mark.parametrize("token", ["s_", "s_no", "s_" + "x" * 62])
async def test_a_made_up_link_leads_nowhere(w: World, token: str) -> None:
    eve = await w.trader("eve")
    assert "leads nowhere" in await eve.sends(f"/start {token}")


async def test_a_newcomer_is_welcomed_and_sees_it_where_registration_is_open(w: World) -> None:
    alice, newcomer = await w.trader("alice"), w.person("carol")
    said = await newcomer.sends(f"/start {await link(w, alice)}")
    assert "Welcome" in said
    assert "ema(close, fast)" in said


async def test_a_link_is_no_invitation(tmp_path: Path) -> None:
    async with world(tmp_path, market=lively_market(), registration="invite") as w:
        stranger = w.person("eve")
        assert "ema" not in await stranger.sends("/start s_abc")
        assert "not" in stranger.last


async def test_what_one_has_already_is_not_imported_again(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    start = await link(w, alice)
    for person, name in ((alice, f"#{MINE}"), (bob, f"#{MINE + 1}")):
        for _ in range(2):
            await person.sends(f"/start {start}")
            assert name in await person.taps("Import")
        assert "nothing was added" in person.last
    await bob.sends(f"/edit_strategy {MINE + 1}")
    await bob.sends("buy = close > open")
    await bob.sends(f"/start {start}")
    assert f"#{MINE + 2}" in await bob.taps("Import"), "the first copy says something else now"


async def test_a_strategy_that_was_deleted_is_called_by_its_number(w: World) -> None:
    alice = await w.trader("alice")
    await link(w, alice)
    await alice.sends("/strategy mine")
    old = alice.messages[-1]["message_id"]
    await alice.sends("/delete_strategy mine")
    await alice.taps("Delete Mine")
    assert f"no strategy #{MINE}" in await alice.taps("Backtest it", old)
    assert f"no strategy #{MINE}" in await alice.sends(f"/share {MINE}")
