"""Bitget's private websockets: that something happened in an account, never what.

One connection per account that has something open. What comes is a reason to look by REST, at once;
what REST says is booked. So nothing is believed that was pushed, and nothing lost that was not.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import aiohttp
import structlog

from bot.adapters.bitget_wire import ADDRESS, PONG, PRODUCT
from bot.adapters.ccxt_clients import Client, Clients, OpenedKey
from bot.adapters.stream import Stream
from domain.clock import WallClock
from domain.errors import DomainError

DEMO_ADDRESS = "wss://wspap.bitget.com"
MOST_ACCOUNTS = 80
"""Of 100 connections per address; who comes later is looked at as without."""
NEW_AT_ONCE = 10
_KEPT_S = 60.0
"""After the last position is gone: the next may come soon."""

Who = tuple[int, str]
"""(user id, mode)"""

log = structlog.get_logger(__name__)


@dataclass
class AccountLine:
    """One account's connection. `told`: something happened since it was last asked."""

    who: Who
    key: OpenedKey
    stream: Stream
    told: bool = False
    needed_at: float = 0.0
    _asked: bool = False
    knows_us: bool = False
    _listens: bool = False

    def __post_init__(self) -> None:
        self.stream.heard, self.stream.lost = self._hear, self._lost

    @property
    def is_alive(self) -> bool:
        """Whether what happens would be told."""
        return self._listens

    async def turn(self, client: Client) -> None:
        """Connect, log in, subscribe: one step after the other, as they are answered."""
        await self.stream.turn(wanted=True)
        if not self.stream.is_open or self._listens:
            return
        if self.knows_us:
            self._listens = await self.stream.send(_subscription(self.key))
            self.told = True  # what happened while nobody listened
        elif not self._asked:
            self._asked = await self.stream.send(_login(self.key, int(client.exchange.nonce())))

    def _hear(self, text: str) -> None:
        if text == PONG:
            return
        message = json.loads(text)
        event = message.get("event")
        if event == "login":
            self.knows_us = True
        elif event == "error":
            raise ValueError(f"refused: {message.get('code')}")
        elif "data" in message:
            self.told = True

    def _lost(self) -> None:
        self._asked = self.knows_us = self._listens = False


@dataclass
class PrivateFeed:
    """`address`: scheme and host of the websockets, None = Bitget's own, for real accounts and for
    demo ones. `turn` is called every second.
    """

    http: aiohttp.ClientSession
    clients: Clients
    wall: WallClock
    address: str | None
    drops: int = 0
    lines: dict[Who, AccountLine] = field(default_factory=dict)

    async def turn(self, wanted: Collection[Who]) -> None:
        """Keep a connection for each of these accounts, and let others go after a while."""
        now = self.wall.monotonic()
        for who in wanted:
            if who in self.lines:
                self.lines[who].needed_at = now
        over = [who for who, line in self.lines.items() if now - line.needed_at >= _KEPT_S]
        await asyncio.gather(*map(self._leave, over))
        room = min(NEW_AT_ONCE, MOST_ACCOUNTS - len(self.lines))
        fresh = sorted(set(wanted) - set(self.lines))[: max(0, room)]
        await asyncio.gather(*map(self._turn, [*self.lines, *fresh]))

    def alive(self) -> Iterator[Who]:
        """Accounts of which we would be told."""
        return (who for who, line in self.lines.items() if line.is_alive)

    def take_told(self) -> set[Who]:
        """Where something happened since the last call."""
        told = {who for who, line in self.lines.items() if line.told}
        for who in told:
            self.lines[who].told = False
        return told

    async def aclose(self) -> None:
        """Leave all."""
        await asyncio.gather(*map(self._leave, list(self.lines)))

    def metrics(self) -> dict[str, float]:
        """Of how many accounts we would be told, and what ended without our wish."""
        drops = self.drops + sum(line.stream.drops for line in self.lines.values())
        return {"private_lines": len(list(self.alive())), "private_drops": drops}

    async def _turn(self, who: Who) -> None:
        user_id, mode = who
        try:
            client = await self.clients.of(user_id, mode == "demo")
        except DomainError as error:
            log.info("no private line", user=user_id, error=error.code)
            await self._leave(who)
            return
        line = self.lines.get(who)
        if line is not None and line.key != client.key:
            await self._leave(who)
            line = None
        if line is None:
            stream = Stream(self.http, self._url(client), self.wall, lambda _text: None)
            line = AccountLine(who, client.key, stream, needed_at=self.wall.monotonic())
            self.lines[who] = line
        await line.turn(client)

    def _url(self, client: Client) -> str:
        own = DEMO_ADDRESS if client.key.credentials.demo else ADDRESS
        version = "v3" if client.params["uta"] else "v2"
        return f"{self.address or own}/{version}/ws/private"

    async def _leave(self, who: Who) -> None:
        line = self.lines.pop(who, None)
        if line is not None:
            self.drops += line.stream.drops
            await line.stream.aclose()


def _login(key: OpenedKey, now_ms: int) -> str:
    """Signed as Bitget asks: seconds, method and path, by the key's secret."""
    stamp = str(now_ms // 1000)
    signed = hmac.digest(
        key.credentials.secret.encode(), f"{stamp}GET/user/verify".encode(), hashlib.sha256
    )
    arg = {
        "apiKey": key.credentials.api_key,
        "passphrase": key.credentials.passphrase or "",
        "timestamp": stamp,
        "sign": base64.b64encode(signed).decode(),
    }
    return json.dumps({"op": "login", "args": [arg]})


def _subscription(key: OpenedKey) -> str:
    """Orders, levels and positions of all markets."""
    if key.account_type == "unified":
        args = [{"instType": "UTA", "topic": topic} for topic in ("order", "position")]
    else:
        channels = ("orders", "orders-algo", "positions")
        args = [{"instType": PRODUCT, "channel": each, "instId": "default"} for each in channels]
    return json.dumps({"op": "subscribe", "args": args})
