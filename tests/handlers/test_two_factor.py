"""/twofa, and the code that is asked for before what matters."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from domain.risk.models import RiskSettings
from domain.settings.models import UserSettings
from domain.users.models import User
from tests.handlers.test_keys import KEY, connects, rows, texts_of
from tests.support.authenticator import Authenticator, enrolled
from tests.support.world import Person, World

LOOSER = "/risk set max_leverage 20"


async def limit(w: World) -> int:
    async with w.database.read() as session:
        return (await session.scalars(select(RiskSettings.max_leverage))).one()


async def test_the_secret_is_shown_as_a_picture_that_goes_away(w: World) -> None:
    alice = await w.trader("alice")
    assert "is off" in await alice.sends("/twofa")
    said = await alice.taps("Turn it on")
    assert "Scan this" in said
    (photo,) = w.calls("sendPhoto")
    app = await Authenticator.of(alice)
    code = app.code()
    assert "That fits" in await alice.sends(code)
    assert app.secret not in str(w.chats.history.entries(alice.id, 0))
    assert not [m for m in alice.messages if "Scan this" in str(m)], "the picture is gone"
    assert code not in texts_of(w, alice)
    assert photo["params"]["protect_content"] in (True, "true")
    assert alice.last.count("-") >= 8 * 3, "the recovery codes"


async def test_a_wrong_first_code_leaves_it_off(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/twofa")
    await alice.taps("Turn it on")
    app = await Authenticator.of(alice)
    wrong = str((int(app.code()) + 7) % 1_000_000).zfill(6)
    said = await alice.sends(wrong)
    assert "does not fit" in said
    assert "Tries left: 4" in said
    assert wrong not in texts_of(w, alice)
    assert "no code" in await alice.sends("hello")
    assert "That fits" in await alice.sends(app.code())


async def test_switching_it_off_asks_for_a_code_and_goes_on(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await alice.sends("/twofa")
    assert "Send the six digits" in await alice.taps("Turn it off")
    assert "is off" in await alice.sends(app.next_code())
    async with w.database.read() as session:
        user = (await session.scalars(select(User))).one()
    assert (user.is_2fa_enabled, user.totp_secret) == (False, None)


async def test_it_stays_on_while_real_money_is_traded(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    async with w.database.write() as session:
        await session.execute(update(UserSettings).values(mode="live"))
    await alice.sends("/twofa")
    await alice.taps("Turn it off")
    assert "Live trading needs the second factor" in await alice.sends(app.next_code())


async def test_loosening_with_a_live_key_waits_for_the_code_and_then_happens(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await connects_with(alice, app)
    w.wall.advance(600)
    assert "Send the six digits" in await alice.sends(LOOSER)
    assert await limit(w) == 10
    code = app.next_code()
    assert "10× → 20×" in await alice.sends(code)
    assert await limit(w) == 20
    assert code not in texts_of(w, alice)
    assert "20× → 30×" in await alice.sends("/risk set max_leverage 30"), "proved for five minutes"
    w.wall.advance(300)
    assert "Send the six digits" in await alice.sends("/risk set max_leverage 40")


async def connects_with(alice: Person, app: Authenticator) -> None:
    """Connecting asks for a code where there is a second factor."""
    assert "Send the six digits" in await alice.sends("/connect")
    assert "Connect an exchange key" in await alice.sends(app.next_code())
    await alice.taps("Type it here")
    for part in (KEY, "secret-of-it"):
        await alice.sends(part)
    assert "is connected" in await alice.sends("phrase")


async def test_the_answer_to_a_question_waits_for_the_code_as_well(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await connects_with(alice, app)
    w.wall.advance(600)
    await alice.sends("/risk")
    await alice.taps("Maximum leverage")
    assert "Send the six digits" in await alice.sends("25")
    assert "10× → 25×" in await alice.sends(app.next_code())
    assert await limit(w) == 25


async def test_tightening_and_stopping_are_never_asked_about(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await connects_with(alice, app)
    w.wall.advance(600)
    assert "10× → 3×" in await alice.sends("/risk set max_leverage 3")
    for command in ("/stop_bot", "/pause", "/positions", "/status"):
        assert "six digits" not in await alice.sends(command)


async def test_a_wrong_code_does_nothing_and_a_fifth_locks(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await connects_with(alice, app)
    w.wall.advance(600)
    await alice.sends(LOOSER)
    wrong = str((int(app.code()) + 7) % 1_000_000).zfill(6)
    for left in (4, 3, 2, 1):
        assert f"Tries left: {left}" in await alice.sends(wrong)
    assert "locked until" in await alice.sends(wrong)
    assert await limit(w) == 10
    assert "I work with commands" in await alice.sends(app.code())
    await alice.sends(LOOSER)
    assert "locked until" in await alice.sends(app.code())


async def test_a_code_is_used_even_if_what_was_asked_fails(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await connects_with(alice, app)
    w.wall.advance(600)
    async with w.database.write() as session:
        (await session.scalars(select(User))).one().role = "admin"
    await alice.sends("/unkill all")
    assert "That is not stopped" in await alice.sends(app.next_code())
    assert "10× → 20×" in await alice.sends(LOOSER), "the proof was kept"


async def test_without_the_second_factor_a_live_key_is_said_to_need_it(w: World) -> None:
    alice = await w.trader("alice")
    await connects(alice)
    assert "turn it on with /twofa" in await alice.sends(LOOSER)
    await enrolled(alice)
    assert "can be loosened from" in await alice.sends(LOOSER)


async def test_on_paper_nothing_is_asked(w: World) -> None:
    alice = await w.trader("alice")
    await enrolled(alice)
    assert "10× → 20×" in await alice.sends(LOOSER)


async def test_removing_a_key_asks_and_the_button_still_works_after_the_code(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await connects_with(alice, app)
    w.wall.advance(280)
    await alice.sends("/disconnect")
    w.wall.advance(25)
    assert "Send the six digits" in await alice.taps("Remove bg_0")
    w.wall.advance(60)
    assert "is removed" in await alice.sends(app.code())
    assert not await rows(w)


@pytest.mark.parametrize("language", ["en", "ko"])
async def test_cancel_leaves_everything_as_it_is(w: World, language: str) -> None:
    person = await w.trader("sam", language)
    await person.sends("/twofa")
    await person.taps("켜기" if language == "ko" else "Turn it on")
    assert await person.sends("/cancel")
    async with w.database.read() as session:
        assert not (await session.scalars(select(User.is_2fa_enabled))).one()
