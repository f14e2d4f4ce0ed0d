"""Loosening that was asked for a minute ago is refused; tightening and looking are not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.clock import from_ms
from domain.errors import DomainError
from domain.risk.models import RiskDay
from domain.users import service as users
from handlers import risk
from handlers.callbacks import Buttons
from handlers.context import Context
from handlers.texts import Translator
from handlers.types import Incoming
from tests.handlers.rows import now, user_id
from tests.support.world import Person, World


@asynccontextmanager
async def asked(w: World, person: Person, *args: str, late_s: float) -> AsyncIterator[Context]:
    """The context of `/risk args` that was received `late_s` ago."""
    moment = w.wall.now()
    incoming = Incoming(
        update_id=1,
        chat_id=person.id,
        chat_type="private",
        sender_id=person.id,
        sender_name=person.name,
        language_code="en",
        received_at=moment - timedelta(seconds=late_s),
        command="risk",
        args=args,
    )
    async with w.database.write() as session:
        found = await users.by_telegram(session, person.id)
        assert found is not None
        yield Context(
            incoming=incoming,
            session=session,
            services=w.container.services,
            t=Translator("en"),
            buttons=Buttons(w.container.cipher, person.id, person.id, moment),
            now=moment,
            account=found[0],
            preferences=found[1],
        )


async def test_loosening_late_is_refused(w: World) -> None:
    alice = await w.trader("alice")
    with pytest.raises(DomainError, match="too_late"):
        async with asked(w, alice, "set", "max_leverage", "20", late_s=61) as context:
            await risk.risk_command(context)
    assert "Maximum leverage: 10×" in await alice.sends("/risk")


@pytest.mark.parametrize(("value", "late_s"), [("20", 59), ("5", 3_600)])
async def test_in_time_or_tightening_is_done(w: World, value: str, late_s: float) -> None:
    alice = await w.trader("alice")
    async with asked(w, alice, "set", "max_leverage", value, late_s=late_s) as context:
        await risk.risk_command(context)
    assert f"Maximum leverage: {value}×" in await alice.sends("/risk")


async def test_a_day_that_is_over_is_shown_on_the_status_card(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/start_bot donchian btc 15m")
    await alice.taps("Start BTCUSDT")
    async with w.database.write() as session:
        session.add(
            RiskDay(
                user_id=await user_id(w, alice),
                mode="paper",
                zone="UTC",
                ends_at=now(w) + timedelta(hours=5),
                baseline=Decimal(10_000),
                marked=Decimal("9487.7"),
                checked_at=now(w),
                halted_at=from_ms(w.market.clock.now_ms()),
            )
        )
    said = await alice.sends("/status")
    assert "No new entries: daily loss limit reached (512.3 of 500 USDT)" in said
