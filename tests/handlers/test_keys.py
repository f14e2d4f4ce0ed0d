"""/connect, /keys, /disconnect: from the first question to the exchange's answer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.audit import service as audit
from domain.audit.models import AuditEntry
from domain.bots.models import BotStatus
from domain.keys.models import ApiKey
from domain.keys.ports import MANAGE, READ, TRADE, WITHDRAW, KeyFacts
from domain.trading.models import Position
from domain.users.models import User
from tests.support.authenticator import enrolled
from tests.support.world import Person, World

KEY, SECRET, PHRASE = "bg_0123456789abcdef", "s3cr3t-of-the-key", "pass phrase"


async def rows(w: World) -> list[ApiKey]:
    async with w.database.read() as session:
        return list(await session.scalars(select(ApiKey).order_by(ApiKey.id)))


async def connects(person: Person, *parts: str, demo: bool = False) -> str:
    """Answers every question of /connect."""
    await person.sends("/connect")
    await person.taps("Demo key" if demo else "Type it here")
    said = ""
    for part in parts or (KEY, SECRET, PHRASE):
        said = await person.sends(part)
    return said


def texts_of(w: World, person: Person) -> list[str]:
    """What the person wrote and is still in the chat."""
    current = {e["message_id"]: e for e in w.chats.history.entries(person.id, 0)}
    mine = [e for e in current.values() if e["from"] != "bot" and not e["deleted"]]
    return [str(e.get("text")) for e in mine]


async def test_a_good_key_is_asked_about_and_ready(w: World) -> None:
    alice = await w.trader("alice")
    said = await connects(alice)
    assert "I am asking the exchange" in said
    assert "Deleting is not erasing" in said
    assert "✅ bg_0…cdef (live) is connected" in said
    (asked,) = w.keys.asked
    assert (asked.api_key, asked.secret, asked.passphrase) == (KEY, SECRET, PHRASE)
    card = await alice.sends("/keys")
    for text in ("bg_0…cdef", "Ready to trade", "read, futures trading", "203.0.113.7", "one-way"):
        assert text in card


async def test_nothing_of_the_key_stays_in_the_chat_or_in_clear_in_a_row(w: World) -> None:
    alice = await w.trader("alice")
    await connects(alice)
    assert not {KEY, SECRET, PHRASE} & set(texts_of(w, alice))
    (row,) = await rows(w)
    assert not [part for part in (KEY, SECRET, PHRASE) if part in str(vars(row))]
    assert row.encrypted_secret_key.startswith("gAAAA")


async def test_what_is_typed_behind_the_command_is_deleted_and_not_taken(w: World) -> None:
    alice = await w.trader("alice")
    assert "Never write a key behind a command" in await alice.sends(f"/connect {KEY} {SECRET}")
    assert not await rows(w)
    assert not [text for text in texts_of(w, alice) if KEY in text]


@pytest.mark.parametrize("key", ["bg_0123456789abcdef0123456789abcdef", "0f" * 32])
async def test_a_key_that_nobody_asked_for_is_deleted_as_well(w: World, key: str) -> None:
    """Whoever is new sends it right after /connect, without the button."""
    alice = await w.trader("alice")
    await alice.sends("/connect")
    assert "then tap the button" in await alice.sends(key)
    assert key not in texts_of(w, alice)
    assert not await rows(w)
    await alice.sends("what is this?")
    assert "what is this?" in texts_of(w, alice), "only what looks like a key"


async def test_a_part_that_no_exchange_makes_is_asked_for_again(w: World) -> None:
    alice = await w.trader("alice")
    said = await connects(alice, "my key is\nthis")
    assert "does not look like" in said
    assert "Send the API key" in said
    await alice.sends(KEY)
    await alice.sends(SECRET)
    assert "is connected" in await alice.sends(PHRASE)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("key_wrong", "does not know this key"),
        ("key_ip", "used from our address"),
        (KeyFacts("classic", (READ, TRADE, WITHDRAW)), "It may withdraw or transfer"),
        (KeyFacts("classic", (READ,)), "It may not trade futures"),
    ],
)
async def test_a_key_that_is_refused_is_not_kept(
    w: World, answer: KeyFacts | str, said: str
) -> None:
    w.keys.says[KEY] = answer
    alice = await w.trader("alice")
    heard = await connects(alice)
    assert "was not taken, and nothing of it is kept" in heard
    assert said in heard
    assert not await rows(w)
    assert "Connect an exchange key" in await alice.taps("Connect again")
    assert "No key is connected" in await alice.sends("/keys")


async def test_unknown_rights_are_shown_and_need_a_yes(w: World) -> None:
    w.keys.says[KEY] = KeyFacts("unified", (READ, TRADE, MANAGE, "copy_futures_order"))
    alice = await w.trader("alice")
    assert "copy_futures_order" in await connects(alice)
    assert "not used unless you say so" in await alice.sends("/keys")
    card = await alice.taps("anyway")
    assert "Ready to trade" in card
    assert "Not bound to an address" in card
    w.wall.advance(90_000)
    await w.container.keys.daily()
    await w.settles()
    assert alice.heard() == "", "accepted once is accepted"


async def test_an_exchange_that_does_not_answer_is_asked_again(w: World) -> None:
    w.keys.says[KEY] = "exchange_unreachable"
    alice = await w.trader("alice")
    assert "does not answer about bg_0…cdef" in await connects(alice)
    assert "The exchange is being asked" in await alice.sends("/keys")
    await w.container.keys.daily()
    await w.settles()
    assert alice.heard() == "", "told once"
    del w.keys.says[KEY]
    await w.container.keys.daily()
    await w.settles()
    assert "is connected" in alice.heard()


async def test_a_dead_key_is_told_the_day_it_dies(w: World) -> None:
    alice = await w.trader("alice")
    await connects(alice)
    w.keys.says[KEY] = "key_wrong"
    await w.container.keys.daily()
    await w.settles()
    assert alice.heard() == "", "not asked about twice a day"
    w.wall.advance(86_400)
    await w.container.keys.daily()
    await w.settles()
    told = alice.heard()
    assert "is not used any more" in told
    assert "stops at the exchange stay there" in told
    assert "does not know this key" in await alice.sends("/keys")


async def test_the_same_key_twice_is_said_to_be_known(w: World) -> None:
    alice = await w.trader("alice")
    await connects(alice)
    assert "connected already" in await connects(alice)


async def test_swapped_rows_are_refused_and_written_down(w: World) -> None:
    alice, bob = await w.trader("alice"), await w.trader("bob")
    await connects(alice)
    await connects(bob, "bg_fedcba9876543210", "another secret".replace(" ", "-"), PHRASE)
    async with w.database.write() as session:
        first, second = (await session.scalars(select(ApiKey).order_by(ApiKey.id))).all()
        first.encrypted_api_key, second.encrypted_api_key = (
            second.encrypted_api_key,
            first.encrypted_api_key,
        )
    w.keys.asked.clear()
    w.wall.advance(86_400)
    await w.container.keys.daily()
    await w.settles()
    assert w.keys.asked == []
    assert "changed by somebody else" in alice.heard()
    async with w.database.read() as session:
        entries = await session.scalars(select(AuditEntry.detail).order_by(AuditEntry.id.desc()))
        assert [each.get("reason") for each in entries][:2] == ["tampered", "tampered"]
        assert (await audit.verify(session)).broken is None


@pytest.mark.parametrize("use", ["bot", "position"])
async def test_a_key_stays_while_something_needs_it(w: World, use: str) -> None:
    alice = await w.trader("alice")
    await connects(alice)
    async with w.database.write() as session:
        if use == "bot":
            session.add(BotStatus(user_id=1, is_running=True, mode="live", state="running"))
        else:
            session.add(
                Position(
                    user_id=1,
                    symbol="BTCUSDT",
                    entry_price=Decimal(60_000),
                    size=0.1,
                    side="long",
                    mode="live",
                )
            )
    await alice.sends("/disconnect")
    assert "stop and close first" in await alice.taps("Remove bg_0…cdef")
    assert len(await rows(w)) == 1


async def test_an_imported_key_is_confirmed_with_a_code(w: World) -> None:
    alice = await w.trader("alice")
    cipher = w.container.cipher
    async with w.database.write() as session:
        session.add(
            ApiKey(
                user_id=1,
                encrypted_api_key=cipher.encrypt(KEY),
                encrypted_secret_key=cipher.encrypt(SECRET),
                encrypted_passphrase=cipher.encrypt(PHRASE),
            )
        )
    await w.container.keys.daily()
    await w.settles()
    assert w.keys.asked == []
    assert "put here by another program" in await alice.sends("/keys")
    assert "turn it on with /twofa" in await alice.taps("Confirm bg_0…cdef")
    app = await enrolled(alice)
    await alice.sends("/keys")
    assert "Send the six digits" in await alice.taps("Confirm bg_0…cdef")
    assert "is connected" in await alice.sends(app.next_code())
    assert [each.api_key for each in w.keys.asked] == [KEY]


async def test_an_operator_reads_what_was_done(w: World) -> None:
    alice, boss = await w.trader("alice"), await w.trader("boss")
    await connects(alice)
    async with w.database.write() as session:
        (await session.get_one(User, 2)).role = "admin"
    said = await boss.sends("/audit")
    assert "key_added" in said
    assert "key_checked" in said
    assert SECRET not in said
    assert "Audit log" in await boss.sends("/audit 99")


async def test_a_key_is_removed(w: World) -> None:
    alice = await w.trader("alice")
    await connects(alice)
    await alice.sends("/disconnect")
    assert "is removed" in await alice.taps("Remove bg_0…cdef")
    assert not await rows(w)


async def test_a_part_that_comes_too_late_is_deleted_all_the_same(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/connect")
    await alice.taps("Type it here")
    await alice.sends(KEY)
    w.wall.advance(601)
    assert "came too late" in await alice.sends(SECRET)
    assert SECRET not in texts_of(w, alice)
    assert "I work with commands" in await alice.sends("and this?")


async def test_the_same_in_korean(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    await minsu.sends("/connect")
    await minsu.taps("여기에 입력")
    for part in (KEY, SECRET):
        await minsu.sends(part)
    assert "키가 연결되었습니다" in await minsu.sends(PHRASE)
    assert "선물 거래" in await minsu.sends("/keys")
