"""Somebody's authenticator app, whose secret is only known from the database."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp
from sqlalchemy import select

from domain.users.models import User
from tests.support.world import Person


@dataclass
class Authenticator:
    """Codes for a person of a world, at the world's time."""

    person: Person
    secret: str

    @staticmethod
    async def of(person: Person) -> Authenticator:
        """Scans the QR code that was sent last, as it were."""
        container = person.world.container
        async with person.world.database.read() as session:
            wanted = select(User.totp_secret).where(User.oauth_id == str(person.id))
            stored = await session.scalar(wanted)
        return Authenticator(person, container.cipher.decrypt(stored or ""))

    def code(self, steps: int = 0) -> str:
        """What it shows now, or `steps` of 30 s away."""
        now_s = self.person.world.wall.now_ms() // 1000
        return pyotp.TOTP(self.secret).at(now_s + 30 * steps)

    def next_code(self) -> str:
        """One that was not used: half a minute later."""
        self.person.world.wall.advance(30)
        return self.code()


async def enrolled(person: Person) -> Authenticator:
    """Switches the second factor on."""
    await person.sends("/twofa")
    await person.taps("Turn it on")
    app = await Authenticator.of(person)
    assert "That fits" in await person.sends(app.code())
    return app
