"""/mode: where the bot trades."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.access import two_factor
from domain.audit.models import AuditEntry
from domain.bots.models import BotStatus
from domain.settings.models import UserSettings
from domain.users import service as users
from tests.handlers.conftest import lively_market
from tests.handlers.rows import holds
from tests.handlers.test_keys import connects
from tests.support.authenticator import enrolled
from tests.support.world import Person, World, world

EMULATED: dict[str, Any] = {"exchange_urls": '{"bitget": {"rest": "http://127.0.0.1:9"}}'}
FAR_AWAY: dict[str, Any] = {
    "exchange_urls": '{"bitget": {"rest": "https://exchange.example"}}',
    "telegram_api_url": "http://127.0.0.1:8081",
}


async def mode_of(w: World, person: Person) -> str:
    async with w.database.read() as session:
        wanted = select(UserSettings.mode).where(UserSettings.telegram_user_id == person.id)
        return (await session.scalars(wanted)).one()


async def test_without_an_exchange_there_is_only_paper(w: World) -> None:
    alice = await w.trader("alice")
    assert "only paper trading" in await alice.sends("/mode")
    assert "Live trading is not available here" in await alice.sends("/mode live")
    minsu = await w.trader("minsu", "ko")
    assert "실거래 모드를 이용하실 수 없습니다" in await minsu.sends("/mode live")
    assert "There is no mode “moon”" in await alice.sends("/mode moon")


async def test_made_up_prices_are_not_called_real(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/mode")
    assert "Paper: simulated prices, no real money." in said
    assert "only simulated prices here" in said
    assert "To change it" not in said
    minsu = await w.trader("minsu", "ko")
    assert "시뮬레이션 시세" in await minsu.sends("/mode")


async def test_an_exchange_that_only_has_prices_says_why_there_is_only_paper(w: World) -> None:
    services = replace(w.container.services, prices="real", exchange_name="binance")
    w.runtime.inbox.dispatcher = replace(w.container.dispatcher, services=services)
    said = await (await w.trader("alice")).sends("/mode")
    assert "Paper: real prices, no real money." in said
    assert "Accounts at Binance cannot trade here" in said


async def test_an_emulated_exchange_is_not_called_real_money(tmp_path: Path) -> None:
    async with world(tmp_path, market=lively_market(), **EMULATED) as w:
        alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
        said = await alice.sends("/mode")
        assert "Live: at the exchange, with an emulator's play money" in said
        assert "에뮬레이터의 가상 자금으로 거래" in await minsu.sends("/mode")


async def test_from_a_page_on_this_machine_nobody_goes_live_at_a_real_exchange(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, **FAR_AWAY) as w:
        assert w.container.services.modes == ("paper", "demo")
        assert "is not available here" in await (await w.trader("alice")).sends("/mode live")


async def test_live_needs_the_second_factor_then_a_key_then_a_code(tmp_path: Path) -> None:
    async with world(tmp_path, market=lively_market(), **EMULATED) as w:
        alice = await w.trader("alice")
        assert "needs the second factor, which is off" in await alice.sends("/mode live")
        app = await enrolled(alice)
        assert "six digits" in await alice.sends("/mode live")
        assert "no key that is ready for Live" in await alice.sends(app.next_code())
        await connects(alice)
        w.wall.advance(301)
        await alice.sends("/mode")
        assert "six digits" in await alice.taps("Trade in Live")
        assert await mode_of(w, alice) == "paper"
        assert "LIVE, with an emulator's play money" in await alice.sends(app.next_code())
        assert await mode_of(w, alice) == "live"
        async with w.database.read() as session:
            noted = (await session.scalars(select(AuditEntry.action))).all()
        assert "mode_set" in noted
        assert "on paper" in await alice.sends("/mode paper"), "going back asks nothing"


async def test_a_key_of_the_other_kind_does_not_do(tmp_path: Path) -> None:
    async with world(tmp_path, market=lively_market(), **EMULATED) as w:
        alice = await w.trader("alice")
        await connects(alice)
        assert "no key that is ready for Demo" in await alice.sends("/mode demo")
        await connects(alice, "bg_demo_0123456789", "its-secret-of-the-demo", "phrase", demo=True)
        assert "play money" in await alice.sends("/mode demo")


async def test_nothing_may_be_open_or_running(tmp_path: Path) -> None:
    async with world(tmp_path, market=lively_market(), **EMULATED) as w:
        alice = await w.trader("alice")
        await connects(alice, demo=True)
        await holds(w, alice, source="manual")
        assert "stop the bot and close its positions" in await alice.sends("/mode demo")
        assert await mode_of(w, alice) == "paper"


async def is_reset(w: World, person: Person) -> None:
    """By an operator: the phone was lost."""
    async with w.database.write() as session:
        found = await users.by_telegram(session, person.id)
        assert found is not None
        await two_factor.reset(session, found[0].id, w.wall.now(), "operator")


@pytest.mark.parametrize(
    ("language", "moment", "said_live"),
    [("en", "Jan 2, 13:00", "LIVE"), ("ko", "1월 2일 13:00", "가상 자금으로 실거래")],
)
async def test_a_day_passes_between_a_reset_and_going_live_again(
    tmp_path: Path, language: str, moment: str, said_live: str
) -> None:
    async with world(tmp_path, market=lively_market(), **EMULATED) as w:
        alice = await w.trader("alice")
        await alice.sends("/settings timezone seoul")
        await connects(alice)
        await is_reset(w, alice)
        app = await enrolled(alice)
        await alice.sends(f"/lang {language}")
        assert moment in await alice.sends("/mode live")
        assert await mode_of(w, alice) == "paper"
        assert moment in await alice.sends("/twofa")
        w.wall.advance(24 * 3600)
        await alice.sends("/mode live")
        assert said_live in await alice.sends(app.next_code())
        assert await mode_of(w, alice) == "live"


async def test_after_a_reset_real_money_does_not_go_on_after_a_halt(tmp_path: Path) -> None:
    async with world(tmp_path, market=lively_market(), **EMULATED) as w:
        alice = await w.trader("alice")
        await connects(alice)
        async with w.database.write() as session:
            await session.execute(update(UserSettings).values(mode="live"))
            me = await session.scalar(select(UserSettings.user_id))
            about = {"is_running": True, "state": "panicked", "mode": "live"}
            session.add(BotStatus(user_id=me, **about))
        await is_reset(w, alice)
        app = await enrolled(alice)
        assert "wait until" in await alice.sends("/resume")
        w.wall.advance(24 * 3600)
        await alice.sends("/resume")
        assert "Resumed" in await alice.sends(app.next_code())
