"""What is written down before it is done."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.errors import DomainError
from domain.trading.intents import (
    NO_EXPOSURE,
    Intent,
    new_client_order_id,
    pending_exposure,
    pending_exposures,
    to_request,
    write_intent,
)
from domain.trading.models import Order
from tests.support.market import START_MS
from tests.support.trading import Desk

ENTRY: dict[str, Any] = {
    "user_id": 1,
    "mode": "paper",
    "exchange": "paper",
    "symbol": "BTCUSDT",
    "side": "buy",
    "purpose": "entry",
    "decided_ms": START_MS,
    "qty": Decimal("0.1"),
    "signal_price": 60_000.0,
    "stop_percent": 1.5,
    "valid_until_ms": START_MS + 45_000,
}
EXIT = ENTRY | {"purpose": "exit", "side": "sell", "qty": Decimal(0), "valid_until_ms": None}


def test_client_order_ids_are_32_letters_and_digits_and_never_the_same() -> None:
    made = {new_client_order_id() for _ in range(200)}
    assert len(made) == 200
    assert all(len(each) == 32 and each.isalnum() and each[0].isalpha() for each in made)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"side": "long"}, "side"),
        ({"purpose": "wish"}, "purpose"),
        ({"qty": Decimal(-1)}, "qty"),
        ({"qty": Decimal(0)}, "qty"),
        ({"valid_until_ms": None}, "valid_until_ms"),
        ({"signal_price": None}, "signal_price"),
        ({"stop_percent": None}, "stop_percent"),
        ({"client_order_id": "with-a-dash"}, "client_order_id"),
        ({"client_order_id": "x" * 33}, "client_order_id"),
        ({"client_order_id": ""}, "client_order_id"),
    ],
)
async def test_a_contradiction_is_refused_where_it_was_written(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    user_id = await desk.user()
    with pytest.raises(DomainError) as refused:
        async with desk.database.write() as session:
            await write_intent(session, Intent(**(ENTRY | {"user_id": user_id} | changes)))
    assert refused.value.code == "intent_invalid"
    assert refused.value.params == {"field": field}
    assert await desk.rows(Order) == []


async def test_a_reduce_only_order_that_expires_is_a_contradiction(desk: Desk) -> None:
    user_id = await desk.user()
    with pytest.raises(DomainError, match="valid_until_ms"):
        async with desk.database.write() as session:
            await write_intent(
                session, Intent(**(EXIT | {"user_id": user_id, "valid_until_ms": START_MS}))
            )


async def test_the_same_client_order_id_is_the_same_order(desk: Desk) -> None:
    first = await desk.intends(client_order_id="L1")
    again = await desk.intends(client_order_id="L1", qty=Decimal(5))
    assert again.id == first.id
    assert [order.qty for order in await desk.rows(Order)] == [Decimal("0.1")]


async def test_an_intent_that_was_rolled_back_never_was(desk: Desk) -> None:
    user_id = await desk.user()

    async def decide_and_fail() -> None:
        async with desk.database.write() as session:
            await write_intent(session, Intent(**(ENTRY | {"user_id": user_id})))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await decide_and_fail()
    assert await desk.sender.send_due() == 0
    assert await desk.rows(Order) == []


@pytest.mark.parametrize(
    ("purpose", "reason", "detail"),
    [
        ("exit", "signal_reverse", "exit_signal"),
        ("reverse", "signal_reverse", "reverse"),
        ("close", "manual", "by_hand"),
        ("panic", "manual", "panic"),
    ],
)
async def test_a_purpose_says_what_its_trade_will_say(
    desk: Desk, purpose: str, reason: str, detail: str
) -> None:
    request = to_request(await desk.intends(purpose=purpose, side="sell"))
    assert request.reduce_only
    assert (request.exit_reason, request.exit_detail) == (reason, detail)


async def test_what_the_exchange_is_told_is_what_was_decided(desk: Desk) -> None:
    order = await desk.intends(stop_percent=1.25, take_profit_percent=None, leverage=7)
    request = to_request(order)
    assert request.client_order_id == order.client_order_id
    assert (request.qty, request.leverage, request.stop_percent) == (Decimal("0.1"), 7, 1.25)
    assert (request.decided_ms, request.valid_until_ms) == (START_MS, START_MS + 45_000)
    assert (request.take_profit_percent, request.fill_within_ms) == (None, 60_000)


async def test_every_order_that_may_still_act_is_exposure(desk: Desk) -> None:
    await desk.intends("alice", qty=Decimal("0.1"), leverage=5)
    await desk.intends("alice", symbol="ETHUSDT", side="sell", qty=Decimal(1), leverage=3)
    await desk.intends("alice", symbol="ETHUSDT", purpose="exit")
    await desk.intends("bob", qty=Decimal(0), risk_percent=1.0)
    await desk.user("carol")
    async with desk.database.read() as session:
        found = await pending_exposures(session, list(desk.users.values()), "paper")
        live = await pending_exposure(session, desk.users["alice"], "live")
    alice, bob = found[desk.users["alice"]], found[desk.users["bob"]]
    assert alice.symbols == {"BTCUSDT", "ETHUSDT"}
    assert alice.margin_usdt == Decimal("1200") + Decimal("1000")
    assert [entry.side for entry in alice.entries] == ["long", "short"]
    assert alice.closing == {"ETHUSDT"}
    assert bob.margin_usdt == 0
    assert bob.symbols == {"BTCUSDT"}
    assert not bob.closing
    assert desk.users["carol"] not in found
    assert live == NO_EXPOSURE


async def test_an_order_that_ended_is_no_exposure(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    async with desk.database.read() as session:
        assert (await pending_exposure(session, desk.users["alice"], "paper")).symbols
    desk.market.rests()
    await desk.catches_up()
    async with desk.database.read() as session:
        assert await pending_exposure(session, desk.users["alice"], "paper") == NO_EXPOSURE
