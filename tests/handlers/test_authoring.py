"""Writing a strategy in the chat: mistakes are told where they are, and the question stays open."""

from __future__ import annotations

import pytest

from bot.sandbox.faults import Fault
from domain.strategies.builtins import BUILTINS
from domain.strategies.own import MOST_OWN
from tests.handlers.rows import builtin_id, user_id
from tests.handlers.test_strategies import own
from tests.support.world import World

GOOD = "fast = param(5, min=2, max=50)\nbuy = close > ema(close, fast)\nstop_loss = 2\n"
MINE = len(BUILTINS) + 1


async def test_two_mistakes_are_fixed_by_the_errors_alone(w: World) -> None:
    alice = await w.trader("alice")
    assert "Send its rules" in await alice.sends("/new_strategy My cross")
    said = await alice.sends(
        "buy = crossover(emma(close, 9), sma(close, 21))\nsell = rsii(close) > 70"
    )
    assert "1:17" in said
    assert "emma(close, 9)" in said
    assert "ema" in said
    assert "2:8" in said
    assert "Send the corrected rules" in said
    said = await alice.sends(
        "buy = crossover(ema(close, 9), sma(close, 21))\nsell = rsi(close, 14) > 70"
    )
    assert "Saved." in said
    assert f"My cross  #{MINE}" in said
    assert "First signal after" in said
    for label in ("Start it", "Backtest it", "Edit", "Share", "Delete"):
        assert alice.button(label)
    assert "My cross" in await alice.sends("/strategies")


async def test_rules_come_as_a_file_too_with_the_command_or_after_it(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends_file("cross.rules", GOOD.encode(), "/new_strategy By file")
    assert "By file" in said
    await alice.sends("/new_strategy")
    assert "trend rider" in await alice.sends_file(
        "trend rider.txt", b"\xef\xbb\xbf" + GOOD.encode()
    )
    await alice.sends("/new_strategy")
    assert "Mean machine" in await alice.sends(f"# name: Mean machine\n{GOOD}")
    await alice.sends("/new_strategy")
    assert "My strategy  #" in await alice.sends(GOOD)
    await alice.sends("/new_strategy")
    assert "My strategy 2  #" in await alice.sends(GOOD)


@pytest.mark.parametrize(
    ("filename", "content", "said"),
    [
        ("cross.py", GOOD.encode(), ".rules or .txt"),
        ("cross.txt", b"\xff\xfe\x00b", "no text"),
        ("cross.txt", b"buy = \x00", "no text"),
        ("cross.txt", b"x" * 70_000, "at most 64 kB"),
        ("cross.txt", b"# " + b"x" * 20_000, "10,000"),
    ],
)
async def test_what_is_no_program_is_refused_and_may_be_sent_again(
    w: World, filename: str, content: bytes, said: str
) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    assert said in await alice.sends_file(filename, content)
    assert "Saved." in await alice.sends(GOOD)


async def test_a_file_that_is_too_large_is_not_fetched(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    await alice.sends_file("cross.txt", b"x" * 70_000)
    assert w.calls("getFile") == []


async def test_a_file_that_telegram_does_not_give_is_asked_for_again(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    w.api.faults.add(Fault("getFile", status=400))
    assert "send it again" in await alice.sends_file("cross.txt", GOOD.encode())


async def test_what_a_phone_makes_of_the_text_is_understood(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    typed = "```\nbuy\u00a0= close > open and close[1] < 5 – 3\n```"
    assert "Saved." in await alice.sends(typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/new_strategy !!!", "letters or digits"),
        ("/new_strategy " + "x" * 41, "at most 40"),
        ("/new_strategy EMA cross", "already"),
        ("/edit_strategy", "Which one"),
        ("/delete_strategy", "Which one"),
        ("/share", "Which one"),
        ("/edit_strategy donchian", "ships with Leverframe"),
        ("/delete_strategy donchian", "ships with Leverframe"),
        ("/share donchian", "ships with Leverframe"),
    ],
)
async def test_what_cannot_be_is_said(w: World, typed: str, said: str) -> None:
    alice = await w.trader("alice")
    assert said in await alice.sends(typed)


async def test_there_is_a_limit_to_how_many(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), *(f"Mine {n}" for n in range(MOST_OWN)))
    assert f"You have {MOST_OWN}" in await alice.sends("/new_strategy One more")


async def test_leaving_changes_nothing(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    await alice.sends("/cancel")
    assert "Saved" not in await alice.sends(GOOD)


async def test_an_edit_shows_the_rules_and_takes_new_ones(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), "Mine", code=GOOD)
    assert "buy = close > ema(close, fast)" in await alice.sends("/edit_strategy mine")
    assert "There is a mistake" in await alice.sends("buy = close >")
    assert "new version is saved" in await alice.sends("buy = close > open")
    assert "close > open" in await alice.sends("/strategy mine")
    await alice.taps("Edit")
    said = await alice.sends_file("mine.rules", b"sell = close < open", "/edit_strategy mine")
    assert "new version is saved" in said


async def test_a_running_bot_keeps_the_version_it_was_started_with(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), "Mine", code="buy = close > 0")
    await alice.sends("/start_bot mine btc 1m")
    await alice.taps("Start")
    await alice.sends("/edit_strategy mine")
    said = await alice.sends("sell = close > 0")
    assert "goes on with the version it was started with" in said
    assert "Mine" in await alice.sends("/status")
    w.market.moves("0.1%", minutes=3)
    await w.settles()
    assert "BUY" in (await alice.sends("/signals")).upper()
    await alice.sends(f"/start_bot {MINE} btc 1m")
    await alice.taps("Switch")
    assert "goes on with" not in await alice.sends("/strategies")


async def test_deleting_asks_first_and_leaves_what_was_traded(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), "Mine", code=GOOD)
    assert "Delete <b>Mine" not in await alice.sends("/delete_strategy mine")
    assert "Mine is deleted" in await alice.taps("Delete Mine")
    assert "no strategy #" in await alice.sends(f"/strategy {MINE}")
    await alice.sends("/new_strategy Mine")
    assert "Saved." in await alice.sends(GOOD)


async def test_what_a_bot_runs_is_not_deleted(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), "Mine", code=GOOD)
    await alice.sends("/strategy mine")
    await alice.taps("Delete")
    await alice.sends("/start_bot mine btc 15m")
    await alice.taps("Start")
    assert "Your bot runs Mine" in await alice.taps("Delete Mine")
    assert "Your bot runs Mine" in await alice.sends("/delete_strategy mine")


async def test_nobody_edits_or_deletes_anothers(w: World) -> None:
    alice, eve = await w.trader("alice"), await w.trader("eve")
    await own(w, await user_id(w, alice), "Mine", code=GOOD)
    for command in ("edit_strategy", "delete_strategy", "share", "strategy"):
        assert "no strategy #" in await eve.sends(f"/{command} {MINE}")


async def test_the_list_leads_to_a_new_one(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/strategies")
    await alice.taps("Write one")
    assert "Saved." in await alice.sends(GOOD)
    assert builtin_id("ema_cross") != MINE


async def test_rules_that_nobody_waits_for_are_not_lost_without_a_word(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
    rules = "fast = ema(close, 5)\nbuy = close > fast"
    assert "I was not waiting for rules" in await alice.sends(rules)
    assert "기다리고 있지 않아" in await minsu.sends(rules)
    assert "I was not waiting for rules" in await alice.sends_file("x.rules", rules.encode())
    assert "commands and buttons" in await alice.sends("what should I buy?")
    await alice.sends("/new_strategy Mine")
    w.wall.advance(3 * 3_600)
    assert "I was not waiting for rules" in await alice.sends(rules)


async def test_a_script_from_elsewhere_is_read_as_rules_and_no_command(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    said = await alice.sends("//@version=5\nfast = ta.ema(close, 9)\nbuy = crossover(close, fast)")
    assert "A comment begins with #" in said
    assert "Did you mean ema?" in said
    assert "2 mistakes" in said
    assert "Saved" in await alice.sends("# v5\nfast = ema(close, 9)\nbuy = crossover(close, fast)")


async def test_another_language_in_the_middle_leaves_the_question_open(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    await alice.sends("/lang ko")
    assert "Mine" in await alice.sends("buy = close > open")
    assert "저장했습니다" in alice.last
