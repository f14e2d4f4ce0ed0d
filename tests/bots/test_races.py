"""An entry by hand and a bot's at the same moment: together they keep to the limits.

`LEVERFRAME_RACES` says how often, 500 for the whole proof.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from decimal import Decimal

from sqlalchemy import select

from domain.bots import entry_by_hand
from domain.bots.entry_by_hand import Asked
from domain.database import Database
from domain.market.ports import Price
from domain.trading.models import Order
from domain.trading.ports import Balance
from tests.support.bots import Floor
from tests.support.market import FakeMarket

RACES = int(os.environ.get("LEVERFRAME_RACES", "12"))
MONEY = Decimal(10_000)


async def test_a_long_by_hand_and_a_tick_at_the_same_moment(
    either_database: Database, market: FakeMarket
) -> None:
    """One place each: the bot wants bitcoin, its owner ether. Whoever comes first has it."""
    floor = Floor.opened(either_database, market)
    names = [f"trader{number}" for number in range(RACES)]
    for name in names:
        await floor.starts(name)
        await floor.limits(name, max_positions=1)
    market.goes_to(61_500)
    contract = await market.contract("ETHUSDT")

    async def by_hand(name: str) -> None:
        asked = Asked("paper", "ETHUSDT", 1, None, 3_000.0)
        balance, price = Balance(MONEY, MONEY, MONEY), Price(3_000.0, 3_000.0, 0)
        async with either_database.write() as session:
            await entry_by_hand.enter(
                session, market.clock, "bitget", floor.desk.users[name], asked, price,
                balance, contract,
            )  # fmt: skip

    await asyncio.gather(asyncio.gather(*map(by_hand, names)), floor.ticks())
    async with either_database.read() as session:
        orders = Counter(await session.scalars(select(Order.user_id)))
    assert orders == dict.fromkeys(floor.desk.users.values(), 1)
