"""The whole story of live trading, as somebody who is new to it lives it, in both languages."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bot.sandbox.bitget import Account
from handlers.texts import Translator, plain
from tests.support.authenticator import Authenticator
from tests.support.trading_floor import LiveWorld, live_world
from tests.support.world import Person

RULES = "buy = close > 60500\nstop_loss = 2"
TRAILING = """\
buy = close > 60500
stop_loss = 3 if best_profit < 1 else 2
trail = 1
trail_after = 2
take_profit = 50
"""
BUTTONS = {
    "en": {"accept": "anyway", "start": "Start BTC"},
    "ko": {"accept": "그래도 사용", "start": "BTCUSDT · 1m 시작"},
}
SAID = {
    "en": {
        "unknown": "does not know this key",
        "withdraws": "It may withdraw",
        "connected": "is connected",
        "off": "needs the second factor, which is off",
        "fits": "That fits",
        "code": "six digits",
        "live": "LIVE, with an emulator's play money",
        "saved": "Saved",
        "ready": "Ready to trade",
        "real": "LIVE, with an emulator's play money",
        "running": "is running",
        "entered": "Long BTCUSDT",
        "stopped": "stop",
        "flat": "Flat.",
        "locked": "locked",
        "again": "Resumed",
    },
    "ko": {
        "unknown": "알지 못합니다",
        "withdraws": "출금이나 이체 권한이 있습니다",
        "connected": "연결되었습니다",
        "off": "2단계 인증이 필요한데 꺼져 있습니다",
        "fits": "확인되었습니다",
        "code": "여섯 자리 숫자",
        "live": "가상 자금으로 실거래",
        "saved": "저장했습니다",
        "ready": "거래에 쓸 수 있습니다",
        "real": "가상 자금이 사용됩니다",
        "running": "시작했습니다.",
        "entered": "BTCUSDT 롱 진입",
        "stopped": "롱 종료: 손절",
        "flat": "청산 완료",
        "locked": "긴급 정지: 잠금 상태",
        "again": "재개했습니다",
    },
}


class Newcomer:
    """Alice, who reads `language` and whose account at the exchange is of one kind."""

    def __init__(self, floor: LiveWorld, person: Person, language: str) -> None:
        self.floor, self.person, self.said = floor, person, SAID[language]
        self._t, self._buttons = Translator(language), BUTTONS[language]

    async def does(self, text: str, hears: str) -> None:
        said = await self.person.sends(text)
        assert self.said[hears] in said, said

    async def taps(self, button: str) -> str:
        """A button by the key of its text, or one whose text has values."""
        label = self._buttons.get(button) or plain(self._t(f"button.{button}"))
        return await self.person.taps(label)

    async def connects(self, key: str, secret: str, passphrase: str) -> str:
        await self.person.sends("/connect")
        await self.taps("type_key")
        for part in (key, secret):
            await self.person.sends(part)
        return await self.person.sends(passphrase)

    async def opens(self, account: Account) -> str:
        return await self.connects(account.key, account.secret, account.passphrase)

    async def hears(self, what: str) -> None:
        said = self.person.heard()
        assert self.said[what] in said, said

    async def goes_live(self) -> None:
        """Refused without the second factor, then with a code."""
        await self.does("/mode live", "off")
        await self.person.sends("/twofa")
        await self.taps("twofa_on")
        app = await Authenticator.of(self.person)
        await self.does(app.code(), "fits")
        await self.does("/mode live", "code")
        await self.does(app.next_code(), "live")
        status = await self.person.sends("/status")  # before there is a bot
        assert plain(self._t("status.title", mode=plain(self._t("mode.live")))) in status, status
        assert "10,000" not in status, "the paper account's"

    async def starts(self, rules: str) -> None:
        await self.person.sends("/new_strategy Rocket")
        await self.does(rules, "saved")
        await self.does("/start_bot Rocket btc 1m", "real")
        assert "exchange at once" in self.person.last or "바로 거래소에" in self.person.last
        said = await self.taps("start")
        assert self.said["running"] in said, said

    async def panics(self) -> None:
        """Two taps, and what the job does."""
        await self.person.sends("/panic")
        await self.taps("panic_now")
        panics = self.floor.w.container.trading.panics
        await panics.run()
        await panics.settle()
        await self.floor.w.settles()

    @property
    def account(self) -> Account:
        return self.floor.accounts["alice"]

    def stops(self) -> list[Decimal]:
        """Where stops stand at the exchange."""
        return [plan.trigger for plan in self.account.live_plans() if plan.is_loss]


async def newcomer(floor: LiveWorld, language: str, *, unified: bool) -> Newcomer:
    """She has registered, and has an account at the exchange."""
    person = await floor.w.trader("alice", language)
    account = floor.emulator.opens("alice", deposit=Decimal(9_000), unified=unified)
    floor.accounts["alice"] = account
    return Newcomer(floor, person, language)


async def connects(alice: Newcomer) -> None:
    """With a key that nobody knows, with one that may withdraw, with a good one."""
    said = await alice.connects("bg_0123456789abcdef0123", "a-secret-of-nobody", "nothing")
    assert alice.said["unknown"] in said, said
    thief = alice.floor.emulator.opens("thief", authorities=["coow", "wwow"])
    said = await alice.opens(thief)
    assert alice.said["withdraws"] in said, said
    said = await alice.opens(alice.account)
    if alice.account.unified:  # its key may also move money between its own accounts
        await alice.person.sends("/keys")
        said = await alice.taps("accept")
        assert alice.said["ready"] in said, said
    else:
        assert alice.said["connected"] in said, said


@pytest.mark.parametrize(("language", "unified"), [("en", False), ("ko", True)])
async def test_from_the_key_to_the_panic(tmp_path: Path, language: str, unified: bool) -> None:
    async with live_world(tmp_path) as floor:
        alice = await newcomer(floor, language, unified=unified)
        await connects(alice)
        await alice.goes_live()
        await alice.starts(RULES)

        floor.market.goes_to(60_600)
        await floor.passes()
        await alice.hears("entered")
        (stop,) = alice.stops()
        assert Decimal(59_380) < stop < Decimal(59_400), "2% below the fill"
        assert len(alice.account.live_plans()) == 2, "its stop and its take profit"

        floor.market.moves("-4%")
        await floor.passes()
        await alice.hears("stopped")
        assert alice.account.positions == {}

        floor.market.goes_to(60_700)
        await floor.passes()
        await alice.hears("entered")
        await alice.panics()
        await alice.hears("flat")
        assert alice.account.positions == {}
        assert alice.stops() == []
        await alice.does("/status", "locked")

        floor.market.goes_to(60_800)
        await floor.passes()
        assert alice.account.positions == {}, "it does not enter again"
        await alice.does("/resume", "again")
        assert floor.emulator.bare() == []


@pytest.mark.parametrize("unified", [False, True])
async def test_rules_that_move_their_stop_move_it_at_the_exchange(
    tmp_path: Path, unified: bool
) -> None:
    async with live_world(tmp_path) as floor:
        alice = await newcomer(floor, "en", unified=unified)
        await alice.opens(alice.account)
        if unified:
            await alice.person.sends("/keys")
            await alice.taps("accept")
        await alice.goes_live()
        await alice.starts(TRAILING)

        floor.market.goes_to(60_600)
        await floor.passes()
        await alice.hears("entered")
        (first,) = alice.stops()
        assert Decimal(58_770) < first < Decimal(58_790), "3% below the fill"

        floor.market.goes_to(61_300)
        await floor.passes()
        (nearer,) = alice.stops()
        assert Decimal(59_380) < nearer < Decimal(59_400), "2% below it, once it is 1% ahead"

        floor.market.goes_to(62_000)
        await floor.passes()
        (trailed,) = alice.stops()
        assert trailed == Decimal(61_380), "1% behind the best price"

        floor.market.moves("-1.5%")
        await floor.passes()
        await alice.hears("stopped")
        assert alice.account.positions == {}
        assert floor.emulator.bare() == []
