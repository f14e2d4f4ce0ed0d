"""Every code of Bitget's that the design names, in answer to an order: what is done, what is said.

Where the answer leaves no doubt the order ends and its user is told why; where it does, the order
is looked for, and sent again under the same name only when it is not there.
"""

from __future__ import annotations

import pytest

from bot.sandbox.bitget import Fault
from domain.trading.models import Order
from handlers.notifications import render
from handlers.texts import Translator
from tests.support.live import LiveDesk

KEY = {
    "40037": "key_wrong",
    "40006": "key_wrong",
    "40009": "key_wrong",
    "40012": "key_wrong",
    "40014": "key_permission",
    "40018": "key_ip",
    "40085": "key_account_changed",
}
REFUSED = {
    "40762": "insufficient_balance",
    "43012": "insufficient_balance",
    "45110": "below_minimum",
    "40808": "wrong_precision",
    "40774": "wrong_position_mode",
    "40917": "level_passed",
    "45122": "level_passed",
    "43025": "order_gone",
    "22001": "order_gone",
    "22002": "position_gone",
    "40109": "order_gone",
    "40768": "order_gone",
    "43001": "order_gone",
    "25202": "insufficient_balance",
    "25203": "insufficient_balance",
    "25204": "order_gone",
    "25227": "position_gone",
    "40309": "market_gone",
    "99999": "exchange_refused",
}
CLOCK = ("40004", "40008")
LOST = ("40015", "40725", "40010")
LATER = ("429", "40786", "40200", "40308")


async def order_answered(desk: LiveDesk, code: str, *, done: bool = False) -> Order:
    """An entry that was answered with `code`, as it is ten seconds later."""
    times = 2 if code == "40774" else 1  # tried in both position modes
    desk.emulator.fails(Fault("place-order", times=times, code=code, done=done))
    order = await desk.trades("buy", "0.01")
    for _ in range(2):
        desk.clock.advance(5)
        await desk.sender.recover()
        await desk.looks()
    return await desk.order(order.client_order_id)


async def said(desk: LiveDesk, language: str) -> list[str]:
    """The messages that the user gets."""
    t = Translator(language)
    return [str(render(kind, params, t).text) for kind, params in await desk.told()]


async def is_filled_once(desk: LiveDesk, order: Order) -> None:
    """One order at the exchange, one position with its stop, one message."""
    assert order.state == "filled"
    assert len(desk.account.orders) == 1
    assert [kind for kind, _ in await desk.told()] == ["entry"]
    assert desk.account.positions["BTCUSDT", "long"].qty == order.qty
    assert desk.emulator.bare() == []


@pytest.mark.parametrize("code", KEY | REFUSED)
async def test_a_refusal_ends_the_order_and_says_why(desk: LiveDesk, code: str) -> None:
    order, why = await order_answered(desk, code), (KEY | REFUSED)[code]
    assert (order.state, order.error_code) == ("rejected", why)
    assert desk.account.orders == {}
    for language in ("en", "ko"):
        (message,) = await said(desk, language)
        t = Translator(language)
        assert t("order.entry_failed", symbol="BTCUSDT", side=t("side.long")) in message
        assert t(f"refusal.{why}") in message


@pytest.mark.parametrize("code", KEY)
async def test_a_key_that_is_not_taken_is_asked_about(desk: LiveDesk, code: str) -> None:
    await order_answered(desk, code)
    assert desk.drawer.troubles == [(desk.user_id, KEY[code])]


@pytest.mark.parametrize("code", CLOCK)
async def test_a_clock_that_is_off_is_set_and_the_order_sent_once(
    desk: LiveDesk, code: str
) -> None:
    desk.emulator.fails(Fault("place-order", code=code))
    order = await desk.trades("buy", "0.01")
    await is_filled_once(desk, order)
    assert desk.emulator.calls.count("public/time") == 1


@pytest.mark.parametrize("code", [*LATER, *LOST])
async def test_an_order_that_was_not_taken_in_is_sent_again(desk: LiveDesk, code: str) -> None:
    await is_filled_once(desk, await order_answered(desk, code))


@pytest.mark.parametrize("code", [*LOST, "40786"])
async def test_an_order_that_was_taken_in_all_the_same_is_found(desk: LiveDesk, code: str) -> None:
    await is_filled_once(desk, await order_answered(desk, code, done=True))
    assert desk.emulator.calls.count("place-order") == 1
    assert desk.emulator.ledger.refused_twice == []


@pytest.mark.parametrize("code", [*LATER, *LOST])
async def test_an_order_that_can_be_sent_only_too_late_is_not_sent(
    desk: LiveDesk, code: str
) -> None:
    desk.emulator.fails(Fault("place-order", code=code))
    order = await desk.trades("buy", "0.01")
    desk.clock.advance(90)
    await desk.sender.recover()
    assert (await desk.order(order.client_order_id)).state == "expired"
    for language in ("en", "ko"):
        (message,) = await said(desk, language)
        assert Translator(language)("refusal.too_late") in message


@pytest.mark.parametrize("code", ["43025", "22001", "22002", "40109", "40768", "43001"])
async def test_a_level_that_is_gone_is_read_again(desk: LiveDesk, code: str) -> None:
    await desk.trades("buy", "0.01", take_profit_percent=None)
    desk.account.plans.clear()
    desk.clock.advance(20)
    desk.emulator.fails(Fault("place-tpsl-order", code=code))
    await desk.looks()
    await desk.looks()
    assert [plan.trigger for plan in desk.account.live_plans()] == [58_800]
    assert await desk.closed() == []


async def test_an_unknown_refusal_of_an_order_that_is_there_is_not_believed(desk: LiveDesk) -> None:
    order = await order_answered(desk, "99999", done=True)
    await is_filled_once(desk, order)
