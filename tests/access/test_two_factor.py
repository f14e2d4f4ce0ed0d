"""Enrol, prove, guess, replay, recover: the second factor against the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pyotp
import pytest
from sqlalchemy import select

from domain.access import recovery, two_factor
from domain.access.models import RecoveryCode
from domain.access.step_up import (
    Need,
    StepUpNeededError,
    check,
    check_going_live,
    check_loosening,
)
from domain.audit.models import AuditEntry
from domain.clock import ManualClock
from domain.database import Database
from domain.errors import DomainError
from domain.keys.models import ApiKey
from domain.users.models import User
from tests.support.cipher import fresh_cipher
from tests.support.database import opened

CIPHER = fresh_cipher()
ME = 1


class Phone:
    """A user with an app, and the wall's clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.wall = ManualClock(1_767_225_600_000)
        self.secret = ""

    async def begins(self) -> None:
        async with self.database.write() as session:
            self.secret = (await two_factor.begin(session, CIPHER, ME)).secret

    async def finishes(self, code: str | None = None) -> list[str]:
        async with self.database.write() as session:
            verdict, codes = await two_factor.finish(
                session, CIPHER, ME, code or self.code(), self.wall.now()
            )
        self.said = verdict.said
        return list(codes)

    async def enrols(self) -> list[str]:
        await self.begins()
        return await self.finishes()

    async def proves(self, code: str) -> str:
        async with self.database.write() as session:
            verdict = await two_factor.prove(session, CIPHER, ME, code, self.wall.now())
        return verdict.said

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.wall.now_ms() // 1000 + 30 * steps)

    async def connects(self, *, demo: bool = False) -> None:
        async with self.database.write() as session:
            session.add(
                ApiKey(user_id=ME, encrypted_api_key="x", encrypted_secret_key="y", demo=demo)
            )

    async def may(self, need: Need) -> bool:
        async with self.database.read() as session:
            user = await session.get_one(User, ME)
            try:
                await check(session, user, need, self.wall.now())
            except StepUpNeededError:
                return False
        return True

    async def may_loosen(self) -> bool:
        async with self.database.read() as session:
            user = await session.get_one(User, ME)
            try:
                await check_loosening(session, user, self.wall.now())
            except StepUpNeededError:
                return False
        return True

    async def may_go_live(self) -> bool:
        async with self.database.read() as session:
            user = await session.get_one(User, ME)
            try:
                await check_going_live(session, user, self.wall.now())
            except StepUpNeededError:
                return False
        return True

    async def written(self) -> list[str]:
        async with self.database.read() as session:
            return list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
async def phone(tables_url: str) -> AsyncIterator[Phone]:
    async with opened(tables_url) as database:
        async with database.write() as session:
            session.add(User(id=ME, email="a@example.org", name="alice"))
        yield Phone(database)


async def test_it_does_not_count_before_a_code_proved_it(phone: Phone) -> None:
    await phone.begins()
    with pytest.raises(DomainError, match="two_factor_needed"):
        await phone.proves(phone.code())
    assert await phone.finishes("000000") == []
    assert phone.said == "wrong"
    codes = await phone.finishes()
    assert phone.said == "right"
    assert len(set(codes)) == recovery.COUNT
    assert (await phone.written())[-1] == "two_factor_on"


@pytest.mark.parametrize(
    ("away", "said"), [(-2, "wrong"), (-1, "right"), (0, "right"), (1, "right"), (2, "wrong")]
)
async def test_one_step_earlier_or_later_is_near_enough(phone: Phone, away: int, said: str) -> None:
    await phone.enrols()
    phone.wall.advance(120)
    assert await phone.proves(phone.code(away)) == said


async def test_no_code_counts_twice_nor_an_older_one_after_it(phone: Phone) -> None:
    await phone.enrols()
    assert await phone.proves(phone.code()) == "used", "the enrolment's own"
    phone.wall.advance(60)
    assert await phone.proves(phone.code()) == "right"
    assert await phone.proves(phone.code()) == "used"
    assert await phone.proves(phone.code(-1)) == "used"
    assert await phone.proves(phone.code(1)) == "right"


async def test_five_wrong_codes_lock_even_the_right_one_out_for_a_quarter(phone: Phone) -> None:
    await phone.enrols()
    phone.wall.advance(60)
    wrong = "000000" if phone.code() != "000000" else "111111"
    assert [await phone.proves(wrong) for _ in range(5)] == ["wrong"] * 4 + ["locked"]
    assert await phone.proves(phone.code()) == "locked"
    phone.wall.advance(14 * 60)
    assert await phone.proves(phone.code()) == "locked"
    phone.wall.advance(61)
    assert await phone.proves(phone.code()) == "right"
    assert "two_factor_locked" in await phone.written()


async def test_a_right_code_forgives_the_wrong_ones(phone: Phone) -> None:
    await phone.enrols()
    for _ in range(3):
        phone.wall.advance(60)
        assert [await phone.proves("abcdef") for _ in range(4)] == ["wrong"] * 4
        assert await phone.proves(phone.code()) == "right"


async def test_a_recovery_code_works_once_and_freezes_loosening(phone: Phone) -> None:
    codes = await phone.enrols()
    await phone.connects()
    assert await phone.proves(codes[0].upper().replace("-", " ")) == "recovered"
    assert await phone.proves(codes[0]) == "wrong"
    assert await phone.may(Need.LIVE)
    with pytest.raises(DomainError, match="loosening_frozen"):
        await phone.may_loosen()
    with pytest.raises(DomainError, match="live_frozen"):
        await phone.may_go_live()
    phone.wall.advance(24 * 3600)
    assert not await phone.may_loosen(), "the proof has passed, the frost too"
    assert await phone.proves(phone.code()) == "right"
    assert await phone.may_loosen()
    assert await phone.may_go_live()


async def test_recovery_codes_rest_as_hashes_and_new_ones_replace_the_old(phone: Phone) -> None:
    codes = await phone.enrols()
    async with phone.database.write() as session:
        fresh = await two_factor.renew_recovery(session, ME, phone.wall.now())
    assert not set(fresh) & set(codes)
    assert await phone.proves(codes[0]) == "wrong"
    assert await phone.proves(fresh[0]) == "recovered"
    async with phone.database.read() as session:
        kept = (await session.scalars(select(RecoveryCode.code_hash))).all()
    assert not [each for each in kept if any(code.replace("-", "") in each for code in fresh)]


async def test_a_proof_lasts_five_minutes(phone: Phone) -> None:
    await phone.enrols()
    await phone.connects()
    assert not await phone.may(Need.ALWAYS)
    phone.wall.advance(60)
    assert await phone.proves(phone.code()) == "right"
    phone.wall.advance(299)
    assert await phone.may(Need.ALWAYS)
    phone.wall.advance(1)
    assert not await phone.may(Need.ALWAYS)


@pytest.mark.parametrize("demo", [True, False])
async def test_only_a_live_key_makes_loosening_a_matter_of_proof(phone: Phone, demo: bool) -> None:
    await phone.enrols()
    await phone.connects(demo=demo)
    assert await phone.may_loosen() is demo
    assert await phone.may(Need.LIVE) is demo


async def test_without_the_second_factor_a_live_key_refuses_to_loosen(phone: Phone) -> None:
    assert await phone.may_loosen()
    assert await phone.may(Need.KEYS)
    await phone.connects()
    for need in (Need.LIVE, Need.ALWAYS):
        with pytest.raises(DomainError, match="two_factor_needed"):
            await phone.may(need)
    assert await phone.may(Need.KEYS), "connecting comes before enrolling"


async def test_whoever_enrols_beside_a_key_waits_a_day_to_loosen(phone: Phone) -> None:
    await phone.connects()
    await phone.enrols()
    phone.wall.advance(60)
    assert await phone.proves(phone.code()) == "right"
    with pytest.raises(DomainError, match="loosening_frozen"):
        await phone.may_loosen()
    assert await phone.may_go_live(), "a first enrolment is no reset"


async def test_a_reset_switches_off_and_freezes(phone: Phone) -> None:
    codes = await phone.enrols()
    await phone.connects()
    async with phone.database.write() as session:
        await two_factor.reset(session, ME, phone.wall.now(), "operator")
    with pytest.raises(DomainError, match="two_factor_needed"):
        await phone.proves(codes[0])
    await phone.enrols()
    with pytest.raises(DomainError, match="loosening_frozen"):
        await phone.may_loosen()
    with pytest.raises(DomainError, match="live_frozen"):
        await phone.may_go_live()
    phone.wall.advance(24 * 3600 - 1)
    assert await phone.proves(phone.code()) == "right"
    with pytest.raises(DomainError, match="live_frozen"):
        await phone.may_go_live()
    phone.wall.advance(1)
    assert await phone.may_go_live()
