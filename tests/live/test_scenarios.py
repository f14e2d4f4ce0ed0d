"""Random trading in random weather: at the end our books are the exchange's.

LEVERFRAME_SCENARIOS=2000 makes the long version; LEVERFRAME_SCENARIO_SEED=n starts at seed n.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.live import audit
from tests.live.scenario import Scenario
from tests.support.live import live_desk
from tests.support.trading import passing_database

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

FIRST = int(os.environ.get("LEVERFRAME_SCENARIO_SEED", "0"))
COUNT = int(os.environ.get("LEVERFRAME_SCENARIOS", "10"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
async def test_our_books_are_the_exchanges(seed: int) -> None:
    kind = {"unified": seed % 4 in (2, 3), "hedged": seed % 2 == 1}
    async with (
        passing_database() as database,
        live_desk(database, rate=10_000, **kind) as desk,
    ):
        played = Scenario(desk, random.Random(seed))  # noqa: S311 - weather, not secrets
        await played.plays()
        wrong = await audit.complaints(played)
        await played.closes_all()
        wrong += await audit.money(desk)
    assert wrong == [], "\n".join([str(kind), *played.story])
