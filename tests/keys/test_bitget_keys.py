"""What Bitget says of a key, in its own words, told in ours: asked through ccxt on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.adapters.ccxt_keys import BitgetKeys
from bot.sandbox.bitget import Account, Emulator, Fault, start
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.keys.ports import MANAGE, READ, TRADE, TRANSFER, WITHDRAW, Credentials, KeyFacts

NOON_MS = 1_767_268_800_000


@dataclass
class Desk:
    """The exchange, and whoever asks it about keys."""

    emulator: Emulator
    inspector: BitgetKeys

    async def says(self, account: Account, **changes: Any) -> KeyFacts:
        """Of this account's key, with parts of it changed."""
        credentials = Credentials("bitget", False, account.key, account.secret, account.passphrase)
        return await self.inspector.inspect(replace(credentials, **changes))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = ManualClock(NOON_MS)
    running = await start(Emulator(clock))
    desk = Desk(running.emulator, BitgetKeys(clock, running.url))
    try:
        yield desk
    finally:
        await desk.inspector.aclose()
        await running.stop()


@pytest.mark.parametrize(
    ("words", "rights"),
    [
        (["coow", "coor"], (TRADE, READ)),
        (["coor", "stor"], (READ,)),
        (["coow", "wwow"], (TRADE, WITHDRAW)),
        (["coow", "wtow"], (TRADE, TRANSFER)),
        (["coow", "chow", "p2p"], (TRADE, TRANSFER)),
        (["tradecontract", "readonly"], ("tradecontract", READ)),
        (["coow", "brand_new"], (TRADE, "brand_new")),
        ([], ()),
    ],
)
async def test_rights_of_a_classic_key(
    desk: Desk, words: list[str], rights: tuple[str, ...]
) -> None:
    facts = await desk.says(desk.emulator.opens(authorities=words))
    assert (facts.account_type, facts.rights) == ("classic", rights)


@pytest.mark.parametrize(
    ("words", "rights"),
    [
        (["uta_trade"], (READ, TRADE)),
        (["uta_mgt", "uta_trade"], (READ, MANAGE, TRADE)),
        (["uta_trade", "withdraw"], (READ, TRADE, WITHDRAW)),
        (["uta_trade", "copy_futures_order"], (READ, TRADE, "copy_futures_order")),
    ],
)
async def test_rights_of_a_unified_key(
    desk: Desk, words: list[str], rights: tuple[str, ...]
) -> None:
    facts = await desk.says(desk.emulator.opens(unified=True, permissions=words))
    assert (facts.account_type, facts.rights) == ("unified", rights)


async def test_a_unified_key_that_only_reads_has_no_right_but_that(desk: Desk) -> None:
    facts = await desk.says(desk.emulator.opens(unified=True, read_only=True))
    assert facts.rights == (READ,)


@pytest.mark.parametrize("unified", [True, False])
@pytest.mark.parametrize(("hedged", "mode"), [(True, "hedge"), (False, "one_way")])
async def test_the_position_mode_and_the_addresses_are_read(
    desk: Desk, unified: bool, hedged: bool, mode: str
) -> None:
    account = desk.emulator.opens(unified=unified, hedged=hedged, ips=["127.0.0.1", "203.0.113.7"])
    facts = await desk.says(account)
    assert (facts.position_mode, facts.ips) == (mode, ("127.0.0.1", "203.0.113.7"))


@pytest.mark.parametrize("part", ["api_key", "secret", "passphrase"])
async def test_a_wrong_part_is_a_wrong_key(desk: Desk, part: str) -> None:
    account = desk.emulator.opens()
    with pytest.raises(DomainError, match="key_wrong") as caught:
        await desk.says(account, **{part: "nonsense"})
    shown = f"{caught.value!r} {caught.value.__cause__} {caught.value.__context__}"
    for secret in (account.secret, account.passphrase):
        assert secret not in shown


async def test_an_address_that_is_not_ours_is_said_so(desk: Desk) -> None:
    with pytest.raises(DomainError, match="key_ip"):
        await desk.says(desk.emulator.opens(ips=["203.0.113.7"]))


async def test_an_exchange_that_is_down_says_nothing_about_the_key(desk: Desk) -> None:
    account = desk.emulator.opens()
    desk.emulator.goes_down()
    with pytest.raises(DomainError, match=r"exchange_(unreachable|maintenance)"):
        await desk.says(account)


async def test_any_error_but_its_own_does_not_make_an_account_classic(desk: Desk) -> None:
    desk.emulator.faults.add(Fault("account/settings", code="40015"))
    with pytest.raises(DomainError, match="exchange_unreachable"):
        await desk.says(desk.emulator.opens(unified=True))
