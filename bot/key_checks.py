"""The doctor's look at one user's keys: can they be opened, and what does the exchange say of them?
Nothing is written, and nothing of a key is shown but its ends.
"""

from __future__ import annotations

from sqlalchemy import select

from bot.adapters.lazy_keys import LazyKeys
from bot.checks import Finding
from bot.container import cipher_of
from bot.settings import Settings
from domain.cipher import Cipher
from domain.clock import SystemClock
from domain.database import Database
from domain.errors import DomainError
from domain.keys import service, vault
from domain.keys.models import ApiKey
from domain.keys.ports import KeyFacts, KeyInspector
from domain.users.models import User


async def run(settings: Settings, email: str) -> list[Finding]:
    """A finding for each key of the user with this address."""
    database = Database(settings.sqlalchemy_url)
    address = settings.exchange_address
    inspector = LazyKeys(SystemClock(), None if address is None else address.rest)
    try:
        async with database.read() as session:
            user_id = await session.scalar(select(User.id).where(User.email == email))
            keys = select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.id)
            rows = [] if user_id is None else (await session.scalars(keys)).all()
        if user_id is None:
            return [Finding("user", "problem", "nobody has this address", "see /users")]
        cipher = cipher_of(settings)
        found = [await _look(cipher, inspector, row) for row in rows]
        return found or [Finding("keys", "ok", "none is connected")]
    finally:
        await inspector.aclose()
        await database.close()


async def _look(cipher: Cipher, inspector: KeyInspector, row: ApiKey) -> Finding:
    name = f"key {vault.masked(cipher, row)} ({row.exchange}{', demo' if row.demo else ''})"
    if row.disabled_at is not None:
        return Finding(name, "warning", f"not used: {row.disabled_reason}", "connect it again")
    try:
        facts = await inspector.inspect(service.trusted(cipher, row))
    except DomainError as error:
        return Finding(name, "problem", error.code, "its owner sees what to do in /keys")
    return judged(name, facts)


def judged(name: str, facts: KeyFacts) -> Finding:
    """What the exchange says, with what is wrong with it."""
    mode = facts.position_mode or "position mode unknown"
    said = f"{facts.account_type}, {mode}, rights: {', '.join(facts.rights) or 'none'}"
    if facts.harmful:
        return Finding(name, "problem", said, "it may move money: make another")
    if facts.doubtful:
        return Finding(name, "warning", said, "its owner has to accept these rights")
    if not facts.ips:
        return Finding(name, "warning", said, "bind it to this server's address")
    return Finding(name, "ok", f"{said}, bound to {len(facts.ips)} addresses")
