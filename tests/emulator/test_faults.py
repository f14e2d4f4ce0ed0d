"""Weather on demand, as ccxt sees it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ccxt.async_support as ccxt
import pytest

from bot.sandbox.bitget import Fault
from tests.emulator.test_keys import refusal
from tests.support.bitget_client import BTC, Stand

PLACE = "place-order"
TABLE = [
    *("40037", "40006", "40009", "40012", "40014", "40018", "40085", "40004", "40008", "429"),
    *("40762", "43012", "45110", "40808", "40774", "40917", "45122", "40786", "43025", "22001"),
    *("22002", "40109", "40768", "43001", "40015", "40725", "40010", "40200", "40308"),
]


@pytest.mark.parametrize("code", TABLE)
async def test_every_code_of_the_design_can_be_answered(stand: Stand, code: str) -> None:
    await stand.ccxt.load_markets()
    stand.emulator.fails(Fault(PLACE, code=code))
    assert await refusal(stand.enters()) == code
    assert stand.account.orders == {}
    await stand.enters()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(PLACE, code="429"), ccxt.DDoSProtection),
        (Fault(PLACE, status=502), ccxt.ExchangeNotAvailable),
        (Fault(PLACE, code="40200"), ccxt.OnMaintenance),
        (Fault(PLACE, hang_s=30), ccxt.RequestTimeout),
    ],
)
async def test_ccxt_names_the_weather(stand: Stand, fault: Fault, error: type) -> None:
    await stand.ccxt.load_markets()
    stand.ccxt.timeout = 50 if fault.hang_s else 600_000
    stand.emulator.fails(fault)
    with pytest.raises(error):
        await stand.enters()
    assert stand.account.orders == {}


@pytest.mark.parametrize("lost", [Fault(PLACE, drop=True), Fault(PLACE, hang_s=0.02)])
@pytest.mark.parametrize("done", [False, True])
async def test_an_answer_can_be_lost_before_or_after_the_order(
    stand: Stand, lost: Fault, done: bool
) -> None:
    await stand.ccxt.load_markets()
    stand.ccxt.timeout = 600_000
    stand.emulator.fails(Fault(PLACE, drop=lost.drop, hang_s=lost.hang_s, done=done))
    with pytest.raises(ccxt.BaseError):
        await stand.enters(clientOrderId="lost")
    if done:
        found = await stand.ccxt.fetch_order("", BTC, {"clientOrderId": "lost"})
        assert found["status"] == "closed"
        assert await refusal(stand.enters(clientOrderId="lost")) == "40786"
    else:
        call = stand.ccxt.fetch_order("", BTC, {"clientOrderId": "lost"})
        assert await refusal(call) == "40109"
        await stand.enters(clientOrderId="lost")
    assert stand.emulator.ledger.accepted["alice", "lost"] == list(stand.account.orders)


async def test_an_order_can_be_filled_in_parts(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    stand.emulator.fails(Fault(PLACE, first=Decimal("0.4")))
    order = await stand.enters("0.01", stopLoss={"triggerPrice": "58000"})
    assert (order["status"], order["filled"]) == ("open", "0.004")
    assert stand.account.live_plans()[0].qty == Decimal("0.004")
    stand.emulator.moves("BTCUSDT", "60100")
    order = await stand.ccxt.fetch_order(order["id"], BTC)
    assert (order["status"], order["filled"], order["average"]) == ("closed", "0.01", "60060")
    assert [plan.qty for plan in stand.account.live_plans()] == [Decimal("0.01")]


async def test_the_rest_of_an_order_comes_with_time_too(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    stand.emulator.fails(Fault(PLACE, first=Decimal(0)))
    order = await stand.enters()
    assert (order["status"], order["filled"]) == ("open", "0")
    stand.clock.advance(1)
    assert (await stand.ccxt.fetch_order(order["id"], BTC))["status"] == "closed"


async def test_the_rest_of_an_order_can_be_cancelled(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    stand.emulator.fails(Fault(PLACE, first=Decimal("0.5"), rest="canceled"))
    order = await stand.enters()
    assert (order["status"], order["filled"]) == ("canceled", "0.005")
    assert (await stand.position())["contracts"] == "0.005"


async def test_positions_and_fills_can_lag(stand: Stand) -> None:
    await stand.enters()
    stand.clock.advance(2)
    stand.emulator.fails(Fault("all-position", lag_s=3))
    stand.emulator.fails(Fault("fills", lag_s=3))
    assert await stand.ccxt.fetch_positions() == []
    assert await stand.ccxt.fetch_my_trades(BTC) == []
    assert len(await stand.ccxt.fetch_positions()) == 1
    assert len(await stand.ccxt.fetch_my_trades(BTC)) == 1


async def test_an_order_can_be_invisible_for_a_while(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    stand.emulator.fails(Fault("order/detail", times=0, lag_s=1))
    made = await stand.ccxt.create_order(BTC, "market", "buy", "0.01")
    assert await refusal(stand.ccxt.fetch_order(made["id"], BTC)) == "40109"
    stand.clock.advance(1)
    assert (await stand.ccxt.fetch_order(made["id"], BTC))["status"] == "closed"


async def test_an_outage_ends_every_connection(stand: Stand) -> None:
    await stand.enters()
    stand.emulator.goes_down()
    with pytest.raises(ccxt.BaseError):
        await stand.ccxt.fetch_positions()
    stand.emulator.moves("BTCUSDT", "61000")
    stand.emulator.comes_up()
    assert (await stand.position())["unrealizedPnl"] == "10"


async def test_faults_can_mean_one_account_and_half_of_the_calls(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    stand.emulator.fails(Fault(times=0, code="40725", account="bob"))
    await stand.ccxt.fetch_balance()
    stand.emulator.fails(Fault("accounts", times=0, code="40725", chance=0.5))
    outcomes = [await _worked(stand.ccxt.fetch_balance()) for _ in range(40)]
    assert 8 < sum(outcomes) < 32
    stand.emulator.faults.clear()
    await stand.ccxt.fetch_balance()


async def _worked(call: Any) -> bool:
    try:
        await call
    except ccxt.BaseError:
        return False
    return True
