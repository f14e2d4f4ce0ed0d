"""/settings, /lang, /help and the menus."""

from __future__ import annotations

import ast
import re

import pytest

from handlers.menus import MOST_VISIBLE, commands_for
from handlers.routes import ROUTES, TAPS
from handlers.texts import LANGUAGES, Translator, plain
from tests.architecture.sources import dotted, modules
from tests.support.world import World


async def test_the_language_changes_at_once_and_stays(w: World) -> None:
    alice = await w.trader("alice")
    assert "한국어로" in await alice.sends("/lang ko")
    assert "포지션" in await alice.sends("/positions")
    assert "I speak English" in await alice.sends("/lang english")


async def test_the_language_can_be_tapped(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/lang")
    said = await alice.taps("한국어")
    assert "설정" in said
    assert "한국어로 안내해" in said


async def test_an_unknown_language_is_said_with_an_example(w: World) -> None:
    alice = await w.trader("alice")
    assert "/lang ko" in await alice.sends("/lang klingon")


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("/settings timezone seoul", "Asia/Seoul"),
        ("/settings tz New York", "America/New_York"),
        ("/settings Europe/Berlin", "Europe/Berlin"),
        ("/settings utc", "UTC"),
    ],
)
async def test_a_time_zone_is_set_by_city_or_name(w: World, typed: str, zone: str) -> None:
    alice = await w.trader("alice")
    assert f"Time zone: {zone}" in await alice.sends(typed)


async def test_a_time_zone_can_be_tapped_and_an_unknown_one_is_refused(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/settings")
    assert "Asia/Tokyo" in await alice.taps("Tokyo")
    assert "Type a city" in await alice.sends("/settings timezone Atlantis")
    assert "Asia/Tokyo" in await alice.sends("/settings")


async def test_help_lists_every_command_and_explains_each(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/help")
    assert len(said) < 1_000, "it fits a phone"
    behind = {}
    for topic in {route.group for route in ROUTES} - {"admin"}:
        behind[topic] = await alice.taps(plain(Translator("en")(f"group.{topic}")))
        assert behind[topic] != said
        assert await alice.taps("Back") == said
    w.wall.advance(60)
    for route in [route for route in ROUTES if route.access != "admin"]:
        assert f"/{route.name}" in said.split()
        assert f"/{route.name} – " in behind[route.group]
        assert f"/{route.name} – " in await alice.sends(f"/help {route.name}")
    assert "/positions – " in await alice.sends("/help /POS")
    assert "There is no /nonsense" in await alice.sends("/help nonsense")
    assert "crossover(" in await alice.sends("/help crossover")


async def test_a_typo_in_a_command_is_answered_with_what_is_closest(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("minsu", "ko")
    for typed, near in (
        ("/help backtst", "/help backtest"),
        ("/help /backtst", "/help backtest"),
        ("/help crosover", "/help crossover"),
        ("/help atrr", "/help atr"),
        ("/backtst btc 1h", "/backtest"),
        ("/stopbot", "/stop_bot"),
    ):
        w.wall.advance(5)
        assert f"Did you mean {near}?" in await alice.sends(typed)
        assert f"혹시 {near}" in await minsu.sends(typed)


async def test_no_typo_tells_a_trader_of_an_operators_commands(w: World) -> None:
    alice = await w.trader("alice")
    for typed in ("/unkil", "/help unkil", "/audt"):
        said = await alice.sends(typed)
        assert "/unkill" not in said
        assert "/audit" not in said


async def test_the_menu_leads_everywhere_and_back(w: World) -> None:
    alice = await w.trader("alice")
    for label in ("Status", "Positions", "Strategies", "Profit", "Trades", "Settings", "Help"):
        await alice.taps(label)
        assert "What would you like to do?" in await alice.taps("Menu")
    assert len(alice.messages) == 1, "all in one message, edited in place"


@pytest.mark.parametrize("language", LANGUAGES)
def test_telegrams_menu_has_at_most_twelve_commands_in_each_language(language: str) -> None:
    shown = commands_for(language, "user")
    assert len(shown) <= MOST_VISIBLE
    for name, text in shown:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 3 <= len(text) <= 256
        assert "<" not in text
    assert set(shown) <= set(commands_for(language, "admin"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_its_help(language: str) -> None:
    t = Translator(language)
    for route in ROUTES:
        assert t.knows(f"help.{route.name}")
        assert t.knows(f"usage.{route.name}")
        assert t.knows(f"group.{route.group}")


def test_no_two_commands_and_no_two_buttons_share_a_name() -> None:
    names = [name for route in ROUTES for name in (route.name, *route.aliases)]
    assert len(names) == len(set(names))
    assert len(TAPS) == len({tap.action for tap in TAPS})


def made_buttons() -> dict[str, set[str]]:
    """How a button is made -> the actions that are written out in the handlers."""
    found: dict[str, set[str]] = {"show": set(), "act": set(), "pager": set()}
    for module in modules("handlers"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            name = dotted(node.func).rpartition(".")[2]
            action = node.args[1]
            if name in found and isinstance(action, ast.Constant):
                found[name].add(str(action.value))
    return found


def test_every_button_that_is_made_has_somebody_who_answers() -> None:
    made, acts = made_buttons(), {tap.action: tap.acts for tap in TAPS}
    assert made["show"] | made["pager"] <= {name for name, acting in acts.items() if not acting}
    assert made["act"] == {name for name, acting in acts.items() if acting}
    assert set(acts) - made["show"] - made["pager"] - made["act"] <= {"open", "begin"}


def test_what_acts_is_written_and_what_stops_overtakes() -> None:
    for tap in TAPS:
        assert tap.writes or not tap.acts
    urgent = {route.name for route in ROUTES if route.lane == 0}
    assert urgent == {"stop_bot", "panic", "close", "close_all", "kill"}
    assert {route.name for route in ROUTES if route.expires} >= {"start_bot", "resume"}


async def test_pictures_have_the_theme_that_the_user_likes(w: World) -> None:
    alice = await w.trader("alice")
    assert "dark" in await alice.sends("/settings")
    assert "light" in await alice.taps("Light")
    assert "밝게" in await alice.taps("한국어")
