"""One ccxt instance per account, made on demand, let go when idle; session and markets are shared.

An instance of its own costs 230 KiB; a copy of the markets would cost eight times as much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from typing import Any, Protocol, TypeVar

import ccxt.async_support as ccxt
import structlog

from bot.adapters.ccxt_errors import WRONG_MODE, Meaning, Told, meaning_of
from bot.adapters.ccxt_exchange import ExchangeSession, private_exchange
from bot.adapters.ccxt_limits import LEVEL, Limits
from domain.clock import MarketClock, WallClock
from domain.errors import DomainError
from domain.keys.ports import Credentials

IDLE_S = 600.0
"""A client that was not used for so long is let go."""
FRESH_S = 60.0
"""How long a key is used before it is looked up again: one that was removed is not used longer."""

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """A key in clear and what is known of its account. `account_type`: classic, unified;
    `hedged`: one side and the other are held apart.
    """

    key_id: int
    credentials: Credentials
    account_type: str
    hedged: bool


PRODUCT = "USDT-FUTURES"
PAGE = 100
"""Rows that Bitget puts into one answer at most."""
TRIES = 10
"""Of each call of somebody who waits for the answer and changes nothing: of a handful that fail
every other time hardly ever one does not come through.
"""
_SOON_S = 2.0
_PASSING = (Meaning.LOST, Meaning.BUSY, Meaning.DOWN)

OpenKey = Callable[[int, bool], Awaitable[OpenedKey]]
"""(user id, demo) -> the key that trades for them. Raises DomainError("no_key", ...)."""

KeyTrouble = Callable[[int, str], Awaitable[None]]
"""(key id, our code): the exchange does not take the key."""


class Markets(Protocol):
    """Where ccxt's market structures come from, loaded once for everybody."""

    @property
    def exchange(self) -> Any: ...

    async def load(self) -> None: ...

    def symbols(self) -> tuple[str, ...]: ...

    def listed(self) -> Collection[str]: ...

    def unified(self, symbol: str) -> str: ...

    def symbol_of(self, unified: str) -> str | None: ...

    def tick(self, symbol: str) -> Decimal: ...


class CallRefusedError(Exception):
    """A private call did not do what it should; `told` says why and what may have happened."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.code)
        self.told = told


async def together(calls: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """What all of them answer, in their order. The first failure is everybody's: the rest would
    only use up the account's turns.
    """
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


@dataclass
class Client:
    """One account's instance. Calls take their turn; failures are CallRefusedError."""

    account: str
    key: OpenedKey
    exchange: Any
    limits: Limits
    trouble: KeyTrouble
    opened_at: float
    used_at: float
    tries: int = 1
    """More than one only for whoever changes nothing: an order would be sent twice."""
    leverages: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Symbol -> leverage that was set there, margin isolated, and when (monotonic)."""
    modes: list[bool] = field(default_factory=list)
    """Whether it was hedged when the account last told; nothing before that."""

    @property
    def params(self) -> dict[str, Any]:
        """What every call says: left open, ccxt probes the account and takes any error for an
        answer.
        """
        return {"uta": self.key.account_type == "unified"}

    async def call(self, urgency: int, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """Raises CallRefusedError. What failed on its way, and soon, is made again as often as
        `tries` says, at the pace of the account's turns, ahead of those who only look.
        """
        left = self.tries
        if left > 1:
            urgency = min(urgency, LEVEL)
        while True:
            await self.limits.turn(self.account, urgency)
            began = self.limits.now()
            try:
                return await self._made(urgency, work)
            except CallRefusedError as error:
                left -= 1
                late = self.limits.now() - began > _SOON_S
                if left == 0 or late or error.told.meaning not in _PASSING:
                    raise

    @property
    def hedged(self) -> bool:
        """One side and the other are held apart."""
        return self.modes[-1] if self.modes else self.key.hedged

    async def learn_mode(self, hedged: bool) -> None:
        """Somebody may have changed it by hand. A close that takes a one-way account for a hedged
        one would buy more: there Bitget ignores that it is a close.
        """
        changed = hedged != self.hedged
        self.modes[:] = [hedged]
        if changed:
            self.leverages.clear()
            await self.trouble(self.key.key_id, WRONG_MODE)

    async def in_its_mode(
        self,
        work: Callable[[], Awaitable[Answer]],
        look: Callable[[], Awaitable[object]] | None = None,
    ) -> Answer:
        """Done once more where it was refused for the position mode: in the other, or, of what is
        held, in the one that a `look` at it tells.
        """
        before = self.hedged
        try:
            return await work()
        except CallRefusedError as error:
            if error.told.code != WRONG_MODE:
                raise
            if look is None:
                await self.learn_mode(not before)
            else:
                await look()
            if self.hedged == before:
                raise
        return await work()

    def insisting(self) -> Client:
        """The same for whoever waits for an answer. Not for what changes anything."""
        return replace(self, tries=TRIES)

    async def _made(self, urgency: int, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """A clock that is off is set and the call, which was refused for it, made once more."""
        try:
            return await self._once(work)
        except CallRefusedError as error:
            if error.told.meaning is not Meaning.CLOCK:
                raise
        await self.limits.turn(self.account, urgency)
        await self._once(lambda exchange: exchange.load_time_difference())
        return await self._once(work)

    async def _once(self, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        try:
            # ccxt sets rounding and traps of the context it finds, for whoever calculates next.
            with localcontext():
                return await work(self.exchange)
        except ccxt.BaseError as error:
            told = meaning_of(error)
            if told.meaning is Meaning.KEY:
                await self.trouble(self.key.key_id, told.code)
            raise CallRefusedError(told) from error
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise CallRefusedError(Told(Meaning.LOST, "exchange_bad_answer")) from error


@dataclass
class Clients:
    """The clients of one exchange by (user, demo)."""

    markets: Markets
    session: ExchangeSession
    open_key: OpenKey
    trouble: KeyTrouble
    clock: MarketClock
    wall: WallClock
    limits: Limits
    base_url: str | None = None
    timeout_s: float = 10.0
    _clients: dict[tuple[int, bool], Client] = field(default_factory=dict)

    async def of(self, user_id: int, demo: bool) -> Client:
        """The account's client. Raises DomainError("no_key"), or that the markets are unknown."""
        now = self.wall.monotonic()
        known = self._clients.get((user_id, demo))
        if known is not None and now - known.opened_at < FRESH_S:
            known.used_at = now
            return known
        await self.markets.load()
        try:
            key = await self.open_key(user_id, demo)
        except DomainError:
            self._drop((user_id, demo))
            raise
        if known is not None and known.key == key:
            known.opened_at = known.used_at = now
            return known
        self._drop((user_id, demo))
        client = self._made(user_id, demo, key, now)
        self._clients[user_id, demo] = client
        return client

    def drop_idle(self) -> int:
        """Let go of clients that nobody used for a while; how many."""
        now = self.wall.monotonic()
        idle = [who for who, client in self._clients.items() if now - client.used_at >= IDLE_S]
        for who in idle:
            self._drop(who)
        return len(idle)

    def close(self) -> None:
        """Let go of all; their session is not theirs to close."""
        for who in list(self._clients):
            self._drop(who)

    def __len__(self) -> int:
        return len(self._clients)

    def _drop(self, who: tuple[int, bool]) -> None:
        client = self._clients.pop(who, None)
        if client is not None:
            client.exchange.session = None
            self.limits.forget(client.account)

    def _made(self, user_id: int, demo: bool, key: OpenedKey, now: float) -> Client:
        exchange = private_exchange(
            self.session,
            self.clock,
            key.credentials,
            base_url=self.base_url,
            timeout_s=self.timeout_s,
        )
        exchange.set_markets_from_exchange(self.markets.exchange)
        account = f"{user_id}:{'demo' if demo else 'live'}"
        return Client(account, key, exchange, self.limits, self.trouble, now, now)
