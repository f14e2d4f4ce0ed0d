"""Who gets what: every command, for everybody, with and without second factor and live key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access.step_up import Need
from domain.access.totp import new_secret
from domain.bots.models import BotStatus
from domain.errors import DomainError
from domain.keys import vault
from domain.keys.models import ApiKey
from domain.keys.ports import Credentials
from domain.users.models import User
from handlers.callbacks import Buttons
from handlers.errors import sentence
from handlers.routes import ROUTES, TAPS
from handlers.texts import Translator, plain
from tests.support.world import Person, World, world

PASSES, CODE, NEEDS_IT = "passes", "asks for a code", "needs the second factor"
STRANGER, SUSPENDED, DENIED = "not_registered", "suspended", "not_allowed"
LOOSENS = "loosens"

TABLE: dict[str, tuple[str, str | None]] = {
    "start": ("anyone", None),
    "help": ("anyone", None),
    "connect": ("user", Need.KEYS),
    "disconnect": ("user", Need.KEYS),
    "risk set max_leverage 20": ("user", LOOSENS),
    "risk set symbols all": ("user", None),
    "risk set price_collar 5": ("user", LOOSENS),
    "config set max_risk_percent 2": ("user", LOOSENS),
    "audit": ("admin", None),
    "kill": ("admin", None),
    "unkill": ("admin", Need.ALWAYS),
}
"""Command -> who may, and when a code is asked for. What is not here is every user's, and never
asks for a code.
"""
_SAID = {
    plain(sentence(DomainError(code), Translator())): code
    for code in (STRANGER, SUSPENDED, DENIED, "two_factor_needed")
}


@dataclass(frozen=True)
class Somebody:
    """`role`: stranger, user, suspended or admin."""

    role: str
    second_factor: bool = False
    live_key: bool = False

    @property
    def name(self) -> str:
        """In the chat."""
        return f"{self.role}-{int(self.second_factor)}-{int(self.live_key)}"


_STATES = product(("user", "suspended", "admin"), (False, True), (False, True))
EVERYBODY = (Somebody("stranger"), *(Somebody(*state) for state in _STATES))


def expected(who: Somebody, access: str, need: str | None) -> str:
    """The rule, written down once more."""
    if access == "anyone":
        return PASSES
    if who.role == "stranger":
        return STRANGER
    if who.role == "suspended":
        return SUSPENDED
    if access == "admin" and who.role != "admin":
        return DENIED
    if need is None or (need in {Need.LIVE, LOOSENS} and not who.live_key):
        return PASSES
    if not who.second_factor:
        return PASSES if need == Need.KEYS else NEEDS_IT
    return CODE


def outcome(said: str) -> str:
    """What an answer amounts to."""
    if "Send the six digits" in said:
        return CODE
    found = next((code for text, code in _SAID.items() if text in said), PASSES)
    return NEEDS_IT if found == "two_factor_needed" else found


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, user_rate=1e9, user_burst=10**9) as opened:
        for who in EVERYBODY:
            if who.role != "stranger":
                await becomes(opened, await opened.trader(who.name), who)
        yield opened


async def becomes(w: World, person: Person, who: Somebody) -> None:
    """A user in this state; nothing was proved yet."""
    cipher = w.container.cipher
    async with w.database.write() as session:
        user = (await session.scalars(select(User).where(User.oauth_id == str(person.id)))).one()
        user.role = "admin" if who.role == "admin" else "user"
        user.suspended_at = w.wall.now() if who.role == "suspended" else None
        if who.second_factor:
            user.is_2fa_enabled, user.totp_secret = True, cipher.encrypt(new_secret())
        if who.live_key:
            row = ApiKey(user_id=user.id)
            vault.fill(cipher, row, Credentials("bitget", False, "k" * 20, "s", "p"))
            session.add(row)


def test_the_table_names_every_command_that_is_not_every_users() -> None:
    special = {r.name for r in ROUTES if r.access != "user" or r.needs is not None}
    assert special <= {command.split()[0] for command in TABLE}
    for command, (access, need) in TABLE.items():
        route = next(route for route in ROUTES if route.name == command.split()[0])
        assert route.access == access
        assert route.needs in {need, None}, "some ask by themselves"


async def test_every_command_is_refused_asked_about_or_let_through_as_the_table_says(
    w: World,
) -> None:
    ordinary: dict[str, tuple[str, str | None]] = {r.name: ("user", None) for r in ROUTES}
    named = {command.split()[0] for command in TABLE}
    table = {name: rule for name, rule in ordinary.items() if name not in named} | TABLE
    table["start"] = table.pop("start")  # last: it makes a user of the stranger
    found, wanted = {}, {}
    for command, (access, need) in table.items():
        for who in EVERYBODY:
            said = await w.person(who.name).sends(f"/{command}")
            suspended_start = command == "start" and who.role == "suspended"
            found[command, who] = outcome(said)
            wanted[command, who] = SUSPENDED if suspended_start else expected(who, access, need)
    assert {key: found[key] for key in found if found[key] != wanted[key]} == {}


async def test_buttons_are_guarded_like_commands(w: World) -> None:
    guarded = [tap for tap in TAPS if tap.needs is not None or tap.access != "user"]
    assert len(guarded) >= 8
    wrong = {}
    for tap in guarded:
        for who in EVERYBODY[1:]:
            person = w.person(who.name)
            data = await button(w, person, tap.action, acts=tap.acts)
            want = expected(who, tap.access, tap.needs)
            if want != PASSES and (got := outcome(await person.forges(data))) != want:
                wrong[tap.action, who] = (got, want)
    assert wrong == {}


async def button(w: World, person: Person, action: str, *, acts: bool) -> str:
    """One that the bot would have made for this person."""
    buttons = Buttons(w.container.cipher, person.id, person.id, w.wall.now())
    if not acts:
        return buttons.show("x", action, 1).data or ""
    made = buttons.act("x", action, key=1)
    async with w.database.write() as session:
        await buttons.save(session)
    return made.data or ""


async def test_tightening_and_stopping_are_never_gated(w: World) -> None:
    person = w.person(Somebody("user", True, True).name)
    tightens = (
        "risk set max_order_usdt 500",
        "risk set min_turnover_usdt 5000000",
        "risk set max_leverage 2",
        "config set max_risk_percent 0.5",
    )
    for command in ("stop_bot", "pause", *tightens):
        assert outcome(await person.sends(f"/{command}")) == PASSES


@pytest.mark.parametrize("second_factor", [False, True])
@pytest.mark.parametrize("live_key", [False, True])
async def test_a_lock_is_opened_with_a_code_and_a_pause_without(
    w: World, second_factor: bool, live_key: bool
) -> None:
    who = Somebody("user", second_factor, live_key)
    person = w.person(who.name)
    for state in ("paused", "panicked", "halted"):
        await is_in_state(w, person, state)
        want = PASSES if state == "paused" else expected(who, "user", Need.LIVE)
        assert outcome(await person.sends("/resume")) == want, state
        assert (await state_of(w, person) == "running") == (want == PASSES), state


async def is_in_state(w: World, person: Person, state: str) -> None:
    async with w.database.write() as session:
        number = await user_id_in(session, person)
        row = await session.get(BotStatus, number) or BotStatus(user_id=number)
        row.is_running, row.state, row.mode = True, state, "paper"
        session.add(row)


async def state_of(w: World, person: Person) -> str:
    async with w.database.read() as session:
        return (await session.get_one(BotStatus, await user_id_in(session, person))).state


async def user_id_in(session: AsyncSession, person: Person) -> int:
    users = select(User.id).where(User.oauth_id == str(person.id))
    return (await session.scalars(users)).one()
