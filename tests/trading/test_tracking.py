"""A position's track: begun at the fill, moved on once per close; levels at real exchanges."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from domain.clock import from_ms
from domain.database import Database
from domain.market import scripts as op
from domain.market.candles import Candles
from domain.market.scripts import PositionScripts, Script
from domain.trading.models import Position
from domain.trading.track import SignalBar, Track
from domain.trading.tracked import due_levels, held, remember, remember_all
from domain.trading.tracking import Close, averaged, follow_position, signal_bar
from tests.support.market import START_MS
from tests.support.trading import add_user

CLOSE_MS = START_MS + 60_000
KEY = "program"
ONE = Script((op.PUSH,), (1.0,))
AT_ENTRY = Script((op.AT_ENTRY,), (0.0,))
SCRIPTS = PositionScripts((np.array([7.0]),), stop_loss=ONE, take_profit=AT_ENTRY)
SEEN = Close(CLOSE_MS, 101.0, 102.0, 99.5, KEY, SCRIPTS, 0.1)
TRACK = Track(SignalBar(KEY, (3.0,)), 100.0, 98.0, 104.0, 100.0, 100.0)


def a_position(user_id: int = 1, **changes: object) -> Position:
    values: dict[str, object] = {
        "user_id": user_id,
        "mode": "paper",
        "symbol": "BTCUSDT",
        "side": "long",
        "size": 1.0,
        "entry_price": Decimal(100),
        "stop_price": Decimal(98),
        "take_profit_price": Decimal(104),
        "opened_at": from_ms(START_MS),
        "source": "bot",
        "track": TRACK,
    } | changes
    return Position(**values)


async def saved(database: Database, **changes: object) -> Position:
    user_id = await add_user(database, "alice")
    async with database.write() as session:
        session.add(a_position(user_id, **changes))
    return await read(database, user_id)


async def read(database: Database, user_id: int) -> Position:
    async with database.read() as session:
        (found,) = await held(session, [user_id])
        return found


def test_the_track_moves_on_and_the_levels_with_it() -> None:
    seen = follow_position(a_position(), SEEN)
    assert seen is not None
    assert (seen.moved, seen.leaves) == (True, False)
    assert seen.track == Track(TRACK.signal, 100.0, 99.0, 103.0, 102.0, 99.5, 1)


def test_bars_that_nobody_followed_count() -> None:
    bars = Candles(np.array([START_MS]), *(np.array([x]) for x in (100.0, 103.0, 97.0, 100.0, 1.0)))
    seen = follow_position(a_position(), replace(SEEN, unseen=bars))
    assert seen is not None
    assert (seen.track.best, seen.track.worst, seen.track.bars) == (103.0, 97.0, 2)


def test_a_close_that_was_seen_or_lies_before_the_fill_makes_nothing() -> None:
    assert follow_position(a_position(tracked_ms=CLOSE_MS), SEEN) is None
    assert follow_position(a_position(opened_at=from_ms(CLOSE_MS)), SEEN) is None


@pytest.mark.parametrize("track", [None, replace(TRACK, signal=SignalBar("other", (3.0,)))])
def test_the_signal_bar_of_another_program_is_not_known(track: Track | None) -> None:
    seen = follow_position(a_position(track=track), SEEN)
    assert seen is not None
    assert (seen.track.stop, seen.track.take) == (99.0, 104.0)


def test_where_there_is_no_stop_the_script_sets_one() -> None:
    bare = a_position(stop_price=None, take_profit_price=None, track=None)
    seen = follow_position(bare, SEEN)
    assert seen is not None
    assert (seen.track.stop, seen.track.take) == (99.0, None)


def test_a_further_fill_moves_the_entry_and_may_be_the_worst_price() -> None:
    more = averaged(TRACK, Decimal("99.5"), Decimal(99), long=True)
    assert (more.entry, more.best, more.worst) == (99.5, 100.0, 99.0)


def test_what_is_missing_or_infinite_at_the_signal_bar_is_remembered_as_missing() -> None:
    columns = tuple(np.array([value]) for value in (1.5, np.nan, np.inf))
    assert signal_bar(KEY, PositionScripts(columns)) == SignalBar(KEY, (1.5, None, None))
    assert signal_bar(KEY, None) is None


async def test_a_close_is_remembered_once(database: Database) -> None:
    position = await saved(database)
    seen = follow_position(position, SEEN)
    assert seen is not None
    async with database.write() as session:
        assert [await remember(session, seen), await remember(session, seen)] == [True, False]
        await remember_all(session, [replace(seen, track=TRACK, moved=False)])

    found = await read(database, position.user_id)
    assert (found.track, found.tracked_ms) == (seen.track, CLOSE_MS)
    assert found.updated_at == position.updated_at
    async with database.read() as session:
        (due,) = await due_levels(session, "paper")
    assert (due.stop, due.take, due.side, due.opened_ms) == (99.0, 103.0, 1, START_MS)


@pytest.mark.parametrize("one_by_one", [True, False])
async def test_at_a_real_exchange_the_levels_are_left_to_the_guard(
    database: Database, one_by_one: bool
) -> None:
    wanted = {"stop_wanted": Decimal("98.5"), "take_wanted": Decimal(104)}
    position = await saved(database, mode="live", **wanted)
    seen = follow_position(position, SEEN)
    assert seen is not None
    async with database.write() as session:
        if one_by_one:
            await remember(session, seen)
        else:
            await remember_all(session, [seen])

    found = await read(database, position.user_id)
    assert (found.stop_wanted, found.take_wanted) == (Decimal(99), Decimal(103))
    assert (found.stop_price, found.levels_due_ms) == (Decimal(98), None)


async def test_a_stop_that_was_wanted_tighter_by_hand_is_left(database: Database) -> None:
    wanted = {"stop_wanted": Decimal("99.7"), "take_wanted": Decimal(103)}
    seen = follow_position(await saved(database, mode="demo", **wanted), SEEN)
    assert seen is not None
    assert (seen.track.stop, seen.moved) == (99.7, False)
