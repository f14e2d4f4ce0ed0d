"""A limit or a setting changed by a button, a question and the next message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.bots.models import BotConfig
from domain.chat import forms, inbox
from domain.chat.models import ChatForm, InboxUpdate
from domain.errors import DomainError
from domain.risk.models import RiskSettings
from domain.users import service as users
from handlers import questions
from handlers.callbacks import Buttons
from handlers.risk import CONFIG, RISK
from handlers.texts import LANGUAGES, Translator, plain
from tests.handlers.conftest import lively_market
from tests.handlers.rows import user_id
from tests.handlers.test_late import asked
from tests.support.world import Person, World, world

TEN_MINUTES_S = 600


async def limits(w: World) -> RiskSettings:
    async with w.database.read() as session:
        return (await session.scalars(select(RiskSettings))).one()


async def sizing(w: World) -> BotConfig:
    async with w.database.read() as session:
        return (await session.scalars(select(BotConfig))).one()


async def open_forms(w: World) -> Sequence[ChatForm]:
    async with w.database.read() as session:
        return (await session.scalars(select(ChatForm))).all()


async def asks_for(person: Person, label: str, command: str = "/risk") -> str:
    """Opens the card, taps the setting; returns the question."""
    await person.sends(command)
    return await person.taps(label)


async def answers_late(w: World, person: Person, text: str) -> None:
    """A message that was received more than a minute ago."""
    async with asked(w, person, late_s=61) as context:
        context.incoming = replace(context.incoming, command=None, text=text)
        await questions.answer(context)


def labels(person: Person) -> list[str]:
    """The newest message's buttons."""
    return [button["text"] for row in person.messages[-1]["buttons"] for button in row]


async def test_every_limit_and_every_setting_has_its_button(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/risk")
    assert labels(alice)[:3] == ["✏️ Daily loss limit", "✏️ Maximum leverage", "✏️ Most positions"]
    await alice.sends("/config")
    assert labels(alice)[:4] == [
        "✏️ Risk per trade",
        "✏️ Leverage",
        "✏️ Stop loss",
        "✏️ Take profit",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_button_asks_for_its_own_setting(w: World, language: str) -> None:
    person, t = await w.trader("sam", language), Translator(language)
    for command, group in (("/risk", RISK), ("/config", CONFIG)):
        for name in group.names:
            title = plain(t(f"setting.{name}"))
            assert title in await asks_for(person, f"✏️ {title}", command)
            (form,) = await open_forms(w)
            assert form.step == name


def test_what_can_be_set_by_command_can_be_set_by_button() -> None:
    for group in (RISK, CONFIG):
        assert set(group.names) == set(group.known)


async def test_the_question_says_what_is_now_and_what_may_be(w: World) -> None:
    alice = await w.trader("alice")
    said = await asks_for(alice, "Daily loss limit")
    assert "Daily loss limit: now 500 USDT" in said
    assert "0.01 … 1,000,000,000 USDT" in said
    assert "/cancel keeps it" in said
    assert "now 5× Send the new value (1 … 100×)" in " ".join(
        (await asks_for(alice, "✏️ Leverage", "/config")).split()
    )


async def test_the_next_message_is_the_answer_and_says_what_the_command_says(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    by_command = await bob.sends("/risk set daily_loss_limit 300")
    await asks_for(alice, "Daily loss limit")
    assert await alice.sends("300") == by_command
    assert "🔒 Daily loss limit: 500 USDT → 300 USDT" in by_command
    assert not await open_forms(w)
    assert "I work with commands and buttons" in await alice.sends("200"), "one answer is enough"


async def test_the_answer_brings_the_card_which_goes_on_from_there(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Maximum leverage")
    assert "Risk limits" in await alice.sends("5")
    assert "✏️ Maximum leverage" in labels(alice)
    assert "now 5×" in await alice.taps("Maximum leverage")


async def test_a_setting_of_the_bot_is_changed_in_the_same_way(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Stop loss", "/config")
    assert "🔒 Stop loss: 1.5% → 1.2%" in await alice.sends("1,2 %")
    await asks_for(alice, "✏️ Leverage", "/config")
    assert "Held down to 10×" in await alice.sends("50x")
    row = await sizing(w)
    assert (row.auto_sl, row.leverage) == (1.2, 50)


@pytest.mark.parametrize(
    ("label", "typed", "value"),
    [
        ("Daily loss limit", "300", "300 USDT"),
        ("Daily loss limit", " 300 USDT ", "300 USDT"),
        ("Daily loss limit", "$300", "300 USDT"),
        ("Daily loss limit", "1,000", "1,000 USDT"),
        ("Daily loss limit", "1,250.50 usdt", "1,250.5 USDT"),
        ("Daily loss limit", "２００", "200 USDT"),
        ("Maximum leverage", "5x", "5×"),
        ("Maximum leverage", "5 배", "5×"),
        ("Most positions", "3개", "3"),
        ("Take profit", "1.5", "1.5%"),
        ("Take profit", "1,5", "1.5%"),
        ("Take profit", "0,125", "0.125%"),
        ("Take profit", "2%", "2%"),
        ("Take profit", "2 퍼센트", "2%"),
    ],
)
async def test_numbers_are_taken_as_people_write_them(
    w: World, label: str, typed: str, value: str
) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, label, "/config" if label == "Take profit" else "/risk")
    assert f"→ {value}\n" in await alice.sends(typed)


@pytest.mark.parametrize(
    ("label", "typed", "said"),
    [
        ("Daily loss limit", "a lot", "“a lot” is not a number."),
        ("Daily loss limit", "nan", "“nan” is not a number."),
        ("Daily loss limit", "1,2345", "“1,2345” is not a number."),
        ("Daily loss limit", "300\n400", "is not a number."),
        ("Daily loss limit", "<b>9</b>", "“<b>9</b>” is not a number."),
        ("Daily loss limit", "0", "Daily loss limit must be between 0.01 and 1,000,000,000."),
        ("Daily loss limit", "−5", "Daily loss limit must be between 0.01 and 1,000,000,000."),
        ("Daily loss limit", "2%", "Daily loss limit is not counted in “%”."),
        ("Maximum leverage", "2.5", "Maximum leverage must be a whole number between 1 and 100."),
        ("Maximum leverage", "500", "Maximum leverage must be a whole number between 1 and 100."),
        ("Maximum leverage", "5 USDT", "Maximum leverage is not counted in “usdt”."),
    ],
)
async def test_a_bad_answer_says_why_and_the_question_stays_open(
    w: World, label: str, typed: str, said: str
) -> None:
    alice = await w.trader("alice")
    question = await asks_for(alice, label)
    heard = await alice.sends(typed)
    assert said in heard
    assert question in heard, "asked again, bounds included"
    row = await limits(w)
    assert (row.daily_loss_limit, row.max_leverage, row.max_positions) == (500.0, 10, 5)
    assert "→ 7" in await alice.sends("7")


async def test_after_a_bad_answer_there_are_ten_minutes_again(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    w.wall.advance(TEN_MINUTES_S - 1)
    await alice.sends("a lot")
    w.wall.advance(TEN_MINUTES_S - 1)
    assert "→ 300 USDT" in await alice.sends("300")


async def test_a_huge_answer_is_refused_shortly(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    heard = await alice.sends("9" * 4_000)
    assert "is not a number" in heard
    assert len(heard) < 300


async def test_the_same_in_korean(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    said = await asks_for(minsu, "✏️ 일일 손실 한도")
    assert "일일 손실 한도: 현재 500 USDT" in said
    assert "새 값을 보내 주세요 (0.01 ~ 1,000,000,000 USDT)" in said
    assert "“많이”는 숫자가 아닙니다." in await minsu.sends("많이")
    assert "일일 손실 한도 값은 0.01 이상" in await minsu.sends("0")
    assert "“%”가 아닙니다" in await minsu.sends("2%")
    assert "🔒 일일 손실 한도: 500 USDT → 300 USDT" in await minsu.sends("300 테더")
    await asks_for(minsu, "✏️ 최대 레버리지")
    assert "정수여야 합니다" in await minsu.sends("2,5배")
    assert "변경된 내용은 없습니다" in await minsu.sends("/cancel")
    assert "취소할 내용이 없습니다" in await minsu.sends("/cancel")
    assert "/cancel – " in await minsu.sends("/help cancel")


async def test_cancel_keeps_everything_as_it_is(w: World) -> None:
    alice = await w.trader("alice")
    assert "There is nothing to cancel" in await alice.sends("/cancel")
    await asks_for(alice, "Daily loss limit")
    assert "nothing was changed" in await alice.sends("/cancel")
    assert not await open_forms(w)
    assert "I work with commands and buttons" in await alice.sends("300")
    assert "There is nothing to cancel" in await alice.sends("/cancel")
    assert (await limits(w)).daily_loss_limit == 500.0


@pytest.mark.parametrize(
    "command",
    ["/status", "/positions", "/help", "/risk", "/config", "/settings", "/lang", "/start", "/xyz"],
)
async def test_what_only_shows_leaves_the_question_open(w: World, command: str) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    await alice.sends(command)
    assert "→ 300 USDT" in await alice.sends("300")


@pytest.mark.parametrize(
    "command",
    ["/risk set max_positions 3", "/config set auto_sl 1", "/start_bot", "/backtest"],
)
async def test_what_changes_something_ends_the_question(w: World, command: str) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    await alice.sends(command)
    assert "I work with commands and buttons" in await alice.sends("300")
    assert (await limits(w)).daily_loss_limit == 500.0


async def test_a_command_that_is_refused_changes_nothing_and_ends_nothing(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    assert "not a number" in await alice.sends("/risk set max_leverage lots")
    assert "→ 300 USDT" in await alice.sends("300")


async def test_a_second_question_takes_the_place_of_the_first(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    await asks_for(alice, "Maximum leverage")
    assert "Maximum leverage: 10× → 3×" in await alice.sends("3")
    assert (await limits(w)).daily_loss_limit == 500.0
    assert not await open_forms(w)


async def test_somebody_elses_message_is_no_answer_to_my_question(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    await asks_for(alice, "Daily loss limit")
    assert "I work with commands and buttons" in await bob.sends("300")
    assert "There is nothing to cancel" in await bob.sends("/cancel")
    await asks_for(bob, "Maximum leverage")
    assert "Maximum leverage: 10× → 4×" in await bob.sends("4")
    assert "Daily loss limit: 500 USDT → 250 USDT" in await alice.sends("250")


async def test_somebody_elses_button_asks_nothing(w: World) -> None:
    alice, eve = await w.trader("alice"), await w.trader("eve")
    await alice.sends("/risk")
    _card, data = alice.button("Daily loss limit")
    assert "does not work here" in await eve.forges(data)
    assert not await open_forms(w)


async def test_a_suspended_user_answers_nothing(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    async with w.database.write() as session:
        await users.suspend(session, await user_id(w, alice), w.wall.now())
    assert "suspended" in await alice.sends("300")
    assert (await limits(w)).daily_loss_limit == 500.0


async def test_a_question_is_forgotten_after_ten_minutes(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    w.wall.advance(TEN_MINUTES_S)
    assert "I work with commands and buttons" in await alice.sends("300")
    assert "There is nothing to cancel" in await alice.sends("/cancel")
    assert (await limits(w)).daily_loss_limit == 500.0


async def test_until_then_it_waits(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    w.wall.advance(TEN_MINUTES_S - 1)
    assert "→ 300 USDT" in await alice.sends("300")


async def test_a_question_survives_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, market=lively_market()) as before:
        alice = await before.trader("alice")
        await asks_for(alice, "Daily loss limit")
        last_update = before.chats.updates.last_key
    async with world(tmp_path, market=lively_market()) as after:
        after.chats.updates.skip_to(last_update)  # the chat service did not restart
        alice = after.person("alice")
        assert "is not a number" in await alice.sends("a lot")
        assert "Daily loss limit: 500 USDT → 300 USDT" in await alice.sends("300")
        assert (await limits(after)).daily_loss_limit == 300.0


async def test_an_answer_that_lets_more_risk_in_too_late_is_refused(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Maximum leverage")
    with pytest.raises(DomainError, match="too_late"):
        await answers_late(w, alice, "20")
    assert (await limits(w)).max_leverage == 10
    assert "→ 20×" in await alice.sends("20"), "sent again it is taken"


async def test_a_setting_that_there_is_no_more_is_not_asked_for_and_not_answered(w: World) -> None:
    alice = await w.trader("alice")
    owner, now = await user_id(w, alice), w.wall.now()
    async with w.database.write() as session:
        form = forms.OpenForm(questions.SETTING, "colour")
        await forms.ask(session, w.container.cipher, owner, form, now)
    assert "I work with commands and buttons" in await alice.sends("300")
    button = Buttons(w.container.cipher, alice.id, alice.id, now).show("x", "ask", "colour")
    assert button.data is not None
    assert "does not work here" in await alice.forges(button.data)


async def test_answers_rest_encrypted_and_do_not_outlive_their_question(w: World) -> None:
    alice = await w.trader("alice")
    owner, cipher, now = await user_id(w, alice), w.container.cipher, w.wall.now()
    form = forms.OpenForm(questions.SETTING, "daily_loss_limit", {"key": "hunter2"})
    async with w.database.write() as session:
        await forms.ask(session, cipher, owner, form, now)
    (row,) = await open_forms(w)
    assert row.answers is not None
    assert "hunter2" not in row.answers
    async with w.database.read() as session:
        assert await forms.waiting(session, cipher, owner, now) == form
    await alice.sends("300")
    assert not await open_forms(w)
    async with w.database.read() as session:
        updates = (await session.scalars(select(InboxUpdate))).all()
    assert updates
    assert all(update.payload is None and update.reply is None for update in updates)


async def test_a_question_nobody_answered_is_swept_away(w: World) -> None:
    alice = await w.trader("alice")
    await asks_for(alice, "Daily loss limit")
    w.wall.advance(TEN_MINUTES_S + 1)
    async with w.database.write() as session:
        await inbox.prune(session, w.wall.now(), timedelta(days=1))
    assert not await open_forms(w)


async def test_a_comma_is_read_alike_in_commands_and_answers(w: World) -> None:
    alice = await w.trader("alice")
    assert "→ 1.2%" in await alice.sends("/config set auto_sl 1,2")
    assert "→ 1,000 USDT" in await alice.sends("/risk set daily_loss_limit 1,000 USDT")
    assert "daily_loss_limit is not counted in “%”" in await alice.sends("/risk set loss 2 %")
    assert "There is no “colour” here" in await alice.sends("/risk set colour 5%")
