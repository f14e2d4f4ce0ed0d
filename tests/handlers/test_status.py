"""How much of the day's loss limit is used, on the status card."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.risk.models import RiskDay
from tests.handlers.rows import now, user_id
from tests.support.world import Person, World


async def is_worth(w: World, person: Person, equity: str) -> None:
    """The day began with 10,000 USDT; what it was at the last look."""
    async with w.database.write() as session:
        session.add(
            RiskDay(
                user_id=await user_id(w, person),
                mode="paper",
                zone="UTC",
                ends_at=now(w) + timedelta(hours=5),
                baseline=Decimal(10_000),
                marked=Decimal(equity),
                checked_at=now(w),
            )
        )


@pytest.mark.parametrize(
    ("equity", "shown"),
    [
        ("9999", "░░░░░░░░░░ 0%"),
        ("9910", "▓▓░░░░░░░░ 18%"),
        ("9750", "▓▓▓▓▓░░░░░ 50%"),
        ("9500.01", "▓▓▓▓▓▓▓▓▓░ 99%"),
        ("9500", "▓▓▓▓▓▓▓▓▓▓ 100%"),
        ("9200", "▓▓▓▓▓▓▓▓▓▓ 160%"),
    ],
)
async def test_a_loss_shows_its_share_of_the_limit(w: World, equity: str, shown: str) -> None:
    alice = await w.trader("alice")
    await is_worth(w, alice, equity)
    assert f"Loss limit used today: {shown}" in await alice.sends("/status")


@pytest.mark.parametrize("equity", ["10000", "10050"])
async def test_without_a_loss_there_is_no_bar(w: World, equity: str) -> None:
    alice = await w.trader("alice")
    assert "used today" not in await alice.sends("/status")
    await is_worth(w, alice, equity)
    assert "used today" not in await alice.sends("/status")


async def test_a_higher_limit_is_used_less(w: World) -> None:
    alice = await w.trader("alice")
    await is_worth(w, alice, "9750")
    await alice.sends("/risk set daily_loss_limit 1000")
    assert "▓▓░░░░░░░░ 25%" in await alice.sends("/status")


async def test_the_same_in_korean(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    await is_worth(w, minsu, "9910")
    assert "오늘 손실 한도 사용: ▓▓░░░░░░░░ 18%" in await minsu.sends("/status")
