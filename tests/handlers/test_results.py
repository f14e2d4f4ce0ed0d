"""/results by page, and two of them side by side."""

from __future__ import annotations

from domain.backtests import service as backtests
from tests.handlers.rows import has_result
from tests.support.world import World


async def test_the_list_has_pages(w: World) -> None:
    alice = await w.trader("alice")
    for _ in range(11):
        await has_result(w, alice)
    assert "#11" in await alice.sends("/results")
    assert alice.button("#4 ")
    assert "#3" in await alice.taps("▶")
    assert "Return" in await alice.taps("#3 ")


async def test_what_still_goes_on_comes_first_and_can_be_called_off(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest btc 5m donchian")
    said = await alice.sends("/results")
    assert "#1 BTCUSDT 5m: waits for its turn" in said
    assert "None yet" not in said
    async with w.database.write() as session:
        await backtests.begin(session, 1, w.wall.now())
        await backtests.note_progress(session, 1, 0.42)
    await has_result(w, alice)
    said = await alice.sends("/results")
    assert "#1 BTCUSDT 5m: running, 42%" in said
    assert "#2" in said
    assert "Cancelled" in await alice.taps("Cancel the backtest")
    assert "#1" not in await alice.sends("/results")


async def test_opened_again_it_is_followed_there_and_the_card_before_says_so(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/backtest btc 5m donchian")
    first = alice.messages[-1]["message_id"]
    await alice.sends("/results")
    assert "Queued" in await alice.taps("#1 BTCUSDT")
    left = next(each for each in alice.messages if each["message_id"] == first)
    assert "shown further below" in left["text"]
    assert not left.get("buttons")
    second = alice.messages[-1]["message_id"]
    async with w.database.write() as session:
        w.wall.advance(60)
        await backtests.fail(session, 1, "no_price", w.wall.now())
    await w.runtime.live_cards.catch_up()
    shown = {each["message_id"]: each["text"] for each in alice.messages}
    assert "Try a shorter range" in shown[second]
    assert "shown further below" in shown[first]


async def test_two_are_put_side_by_side(w: World) -> None:
    alice = await w.trader("alice")
    await has_result(w, alice)
    await has_result(w, alice, pair="ETHUSDT", metrics={"trades": 7, "total_return_percent": -2.5})
    for command in ("/results 1 2", "/results compare #1 #2", "/results 1 vs 2"):
        said = await alice.sends(command)
        for text in ("BTCUSDT", "ETHUSDT", "+4.20%", "−2.50%", "41", "7", "n/a"):
            assert text in said
    assert "One number" in await alice.sends("/results 1 2 3")
    assert "no backtest 9" in await alice.sends("/results 1 9")
    assert (await alice.sends("/results 1 1")).count("Return") == 1
    await has_result(w, alice, kind="optimize")
    assert "#3 is not a finished backtest" in await alice.sends("/results 1 3")


async def test_the_other_one_is_chosen_with_buttons(w: World) -> None:
    alice = await w.trader("alice")
    await has_result(w, alice)
    await alice.sends("/results 1")
    assert "nothing to compare" in await alice.taps("Compare")
    for _ in range(9):
        await has_result(w, alice)
    await alice.sends("/results 1")
    assert "with which one" in await alice.taps("Compare")
    await alice.taps("▶")
    said = await alice.taps("#2 ")
    assert "#1" in said
    assert "#2" in said
    assert "Profit factor" in said
    assert "Profit factor" in await alice.taps("#2")


async def test_nobody_compares_with_anothers(w: World) -> None:
    alice, eve = await w.trader("alice"), await w.trader("eve")
    await has_result(w, alice)
    await has_result(w, eve)
    assert "no backtest 1" in await eve.sends("/results 2 1")
