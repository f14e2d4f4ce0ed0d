"""The list of strategies, and one strategy's card."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.errors import DomainError
from domain.strategies import service as strategies
from domain.strategies.builtins import BUILTINS
from domain.strategies.models import Strategy
from tests.handlers.rows import builtin_id, has_result, user_id
from tests.support.world import World

AT = datetime(2026, 1, 1, tzinfo=UTC)
CODE = "# mine\nfast = param(True)\nbuy = close > open\n"


async def own(w: World, owner: int | None, *names: str, code: str | None = CODE) -> None:
    async with w.database.write() as session:
        session.add_all(Strategy(user_id=owner, name=name, code=code) for name in names)


async def test_the_list_names_every_built_in_with_what_it_does(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/strategies") + await alice.sends("/strategies 2")
    for builtin in BUILTINS:
        assert builtin.name in said
    assert "#1" in said


async def test_a_card_shows_code_inputs_and_results(w: World) -> None:
    alice = await w.trader("alice")
    await has_result(w, alice)
    said = await alice.sends("/strategy donchian")
    for text in ("donchian_upper(entry)", "entry", "20", "Your last backtests", "+4.20%"):
        assert text in said
    assert "# name:" not in said
    assert alice.button("Start it")
    assert alice.button("Backtest it")


DONCHIAN = builtin_id("donchian_breakout")


@pytest.mark.parametrize(
    "typed",
    [f"{DONCHIAN}", f"#{DONCHIAN}", "Donchian breakout", "donchian_breakout", "DONCH"],
)
async def test_a_strategy_is_found_by_what_people_call_it(w: World, typed: str) -> None:
    alice = await w.trader("alice")
    assert f"Donchian breakout  #{DONCHIAN}" in await alice.sends(f"/strategy {typed}")


async def test_koreans_read_korean_descriptions_and_may_use_korean_names(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    said = await minsu.sends("/strategy 돈치안")
    assert "돈치안 돌파" in said
    assert "추세의 시작" in said


async def test_what_is_unclear_is_asked_back(w: World) -> None:
    alice = await w.trader("alice")
    assert "/strategies" in await alice.sends("/strategy nonsense")
    await own(w, await user_id(w, alice), "Mine one", "Mine two")
    assert "could be several: #12 Mine one, #13 Mine two" in await alice.sends("/strategy mine")
    assert "Strategies" in await alice.sends("/strategy")


async def test_own_strategies_are_the_owners_alone(w: World) -> None:
    alice, eve = await w.trader("alice"), await w.trader("eve")
    await own(w, await user_id(w, alice), "Secret sauce")
    assert "fast  on" in await alice.sends("/strategy secret")
    assert "Secret" not in await eve.sends("/strategies")
    assert "no strategy #" in await eve.sends(f"/strategy {len(BUILTINS) + 1}")
    assert "do not know" in await eve.sends("/strategy secret sauce")


async def test_pages_of_eight(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), *(f"Mine {n}" for n in range(9)))
    first, last = "Mine 0", BUILTINS[-1].name
    said = await alice.sends("/strategies")
    assert first in said
    assert "Mine 8" not in said
    assert "Mine 8" in await alice.taps("▶")
    assert "Mine 8" in await alice.sends("/strategies 2")
    assert last in await alice.sends("/strategies 99")
    assert "is not a page" in await alice.sends("/strategies x")


async def test_the_questions_offer_every_strategy_page_by_page(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), *(f"Mine {n}" for n in range(9)))
    await alice.sends("/start_bot btc 15m")
    await alice.taps("▶")
    assert alice.button("Mine 8")
    await alice.taps("◀")
    assert "Start Mine 0?" in await alice.taps("Mine 0")


async def test_a_long_program_still_fits_one_message(w: World) -> None:
    alice = await w.trader("alice")
    code = CODE + "\n".join(f"x{n} = close + {n} # {'long ' * 10}" for n in range(120))
    await own(w, await user_id(w, alice), "Long", code=code)
    said = await alice.sends("/strategy long")
    assert len(said) < 4_096
    assert "# …" in said


async def test_a_strategy_without_code_says_so(w: World) -> None:
    alice = await w.trader("alice")
    await own(w, await user_id(w, alice), "Empty", code=None)
    assert "no rules to run" in await alice.sends("/strategy empty")


_TYPOS = {
    "donchain": "Donchian breakout (#4)",
    "emacross": "EMA cross (#5)",
    "ema crosss": "EMA cross (#5)",
    "돈치얀": "돈치안 돌파 (#4)",
    "supertrnd": "Supertrend (#10)",
}


async def test_a_typo_is_answered_with_the_name_that_is_closest(w: World) -> None:
    alice = await w.trader("alice")
    for typed, near in _TYPOS.items():
        w.wall.advance(5)
        for command in ("/strategy", "/backtest btc 5m", "/chart btc 5m"):
            assert f"Did you mean {near}?" in await alice.sends(f"{command} {typed}")
    assert "EMA cross" in await alice.sends("/strategy ema_cros"), "a part of it is enough"


async def test_built_ins_are_brought_up_to_date_and_not_doubled(w: World) -> None:
    async with w.database.write() as session:
        row = (await session.scalars(select(Strategy).order_by(Strategy.id))).first()
        assert row is not None
        row.code, row.content_hash = "buy = close > open", "old"
    async with w.database.write() as session:
        await strategies.ensure_builtins(session, AT)
        rows = (await session.scalars(select(Strategy).order_by(Strategy.id))).all()
    assert [row.name for row in rows] == [builtin.name for builtin in BUILTINS]
    assert rows[0].code == BUILTINS[0].code
    assert rows[0].updated_at == AT
    assert rows[0].content_hash == strategies.compiled(rows[0]).hash


async def test_the_service_names_and_refuses(w: World) -> None:
    async with w.database.read() as session:
        assert await strategies.names(session, [DONCHIAN, 99]) == {DONCHIAN: "Donchian breakout"}
        for wanted in ("", "  ", "!!", "12345678901"):
            with pytest.raises(DomainError, match="unknown_strategy"):
                await strategies.resolve(session, 1, wanted)


def test_a_program_is_compiled_once() -> None:
    first, second = (Strategy(name=name, code=CODE) for name in "ab")
    assert strategies.compiled(first) is strategies.compiled(second)


@given(st.text(max_size=30))
def test_slugs_have_only_letters_digits_and_underscores(name: str) -> None:
    assert all(
        sign.isalnum() or sign == "_" or sign.isprintable() for sign in strategies.slug(name)
    )
    assert strategies.slug(strategies.slug(name)) == strategies.slug(name)
