"""A role is held by one process; a successor need not wait for a predecessor that is known to be
dead.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from bot.roles import Roles, holder_name, is_dead
from domain.clock import ManualClock
from domain.database import Database
from domain.jobs.leases import LIFETIME, Leases
from tests.support.database import opened

POLLER = "poller:1"


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as database:
        yield database


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock(1_767_225_600_000)


def process(database: Database, wall: ManualClock, name: str, dead: str = "") -> Roles:
    return Roles(database, Leases(name, wall, lambda holder: holder == dead), (POLLER,))


async def test_only_one_process_holds_a_role(database: Database, wall: ManualClock) -> None:
    first, second = process(database, wall, "one"), process(database, wall, "two")
    await first.renew()
    await second.renew()
    assert first.holds(POLLER)
    assert not second.holds(POLLER)


async def test_a_role_is_free_when_its_holder_stopped_renewing(
    database: Database, wall: ManualClock
) -> None:
    first, second = process(database, wall, "one"), process(database, wall, "two")
    await first.renew()
    wall.advance(LIFETIME.total_seconds() + 1)
    await second.renew()
    await first.renew()
    assert second.holds(POLLER)
    assert not first.holds(POLLER)


async def test_a_holder_that_renews_keeps_its_role(database: Database, wall: ManualClock) -> None:
    first, second = process(database, wall, "one"), process(database, wall, "two")
    for _ in range(5):
        await first.renew()
        await second.renew()
        wall.advance(LIFETIME.total_seconds() / 3)
    assert first.holds(POLLER)
    assert not second.holds(POLLER)


async def test_a_successor_of_a_dead_process_takes_over_at_once(
    database: Database, wall: ManualClock
) -> None:
    first, second = process(database, wall, "one"), process(database, wall, "two", dead="one")
    await first.renew()
    await second.renew()
    assert second.holds(POLLER)


async def test_a_role_that_was_given_back_is_free(database: Database, wall: ManualClock) -> None:
    first, second = process(database, wall, "one"), process(database, wall, "two")
    await first.renew()
    await first.release()
    await second.renew()
    assert not first.holds(POLLER)
    assert second.holds(POLLER)


def test_a_process_that_ended_is_dead_and_a_living_or_foreign_one_is_not() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = socket.gethostname()[:30]
    assert is_dead(f"{host}/{ended.pid}/aa")
    assert is_dead(f"{host}/{os.getpid()}/of-a-predecessor-with-our-number")
    assert not is_dead(f"{host}/{os.getppid()}/bb")
    assert not is_dead(f"elsewhere/{ended.pid}/aa")
    assert not is_dead("nonsense")
    assert holder_name().startswith(host)


async def test_a_role_is_not_ours_longer_than_the_lease_says(
    database: Database, wall: ManualClock
) -> None:
    """A database that does not answer must not leave two pollers."""
    first = process(database, wall, "one")
    await first.renew()
    wall.advance(LIFETIME.total_seconds() - 1)
    assert first.holds(POLLER)
    wall.advance(2)
    assert not first.holds(POLLER)
    await first.renew()
    assert first.holds(POLLER)


async def test_of_several_that_start_at_once_one_gets_the_role(
    tables_url: str, wall: ManualClock
) -> None:
    async with opened(tables_url):
        others = [Database(tables_url) for _ in range(5)]
        all_roles = [process(other, wall, f"p{n}") for n, other in enumerate(others)]
        await asyncio.gather(*(roles.renew() for roles in all_roles))
        assert [roles.holds(POLLER) for roles in all_roles].count(True) == 1
        for other in others:
            await other.close()
