"""One websocket: what its client asks for, and what it is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.signing import Signed
from bot.sandbox.bitget.topics import Topic, topic_of

_TOPICS = 1_000
_BACKLOG = 5_000
_LOGIN = {
    "40006": 30011, "40037": 30011, "40012": 30012, "40008": 30014, "40009": 30015, "40018": 30005,
}  # fmt: skip


class Connection:
    """One client. Whatever it sends is answered in order, whatever happens is pushed."""

    def __init__(
        self,
        emulator: Emulator,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        address: str,
        *,
        unified: bool,
    ) -> None:
        self._emulator = emulator
        self._socket = socket
        self._transport = transport
        self._address = address
        self._unified = unified
        self._out: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)
        self._topics: dict[str, Topic] = {}
        self.account: Account | None = None

    @property
    def subscribed(self) -> int:
        return len(self._topics)

    def hear(self, account: Account | None, kind: str, what: object) -> None:
        """Something happened on the exchange."""
        for topic in list(self._topics.values()):
            if topic.event != kind or (topic.is_private and account is not self.account):
                continue
            data = topic.update(self._emulator, account, what)
            if data is not None:
                holds = topic.event == "account" or topic.name == "ticker"
                self._push(topic, data, "snapshot" if holds else "update")

    def cut(self) -> None:
        """End it without a word."""
        self._transport.abort()

    async def write(self) -> None:
        """Send what is queued until cancelled."""
        while True:
            await self._socket.send_str(await self._out.get())

    def read(self, text: str) -> None:
        """One message of the client's."""
        if text == "ping":
            self._say("pong")
            return
        try:
            message = json.loads(text)
            operation, args = message["op"], message["args"]
        except (ValueError, TypeError, KeyError):
            self._refuse(30003, "invalid op")
            return
        if operation == "login":
            self._login(args)
        elif operation in {"subscribe", "unsubscribe"}:
            for arg in args if isinstance(args, list) else [args]:
                self._subscribe(arg, on=operation == "subscribe")
        else:
            self._refuse(30003, "invalid op")

    def _login(self, args: Any) -> None:
        given = args[0] if isinstance(args, list) and args and isinstance(args[0], dict) else {}
        seconds = str(given.get("timestamp", ""))
        signed = Signed(
            key=str(given.get("apiKey", "")),
            signature=str(given.get("sign", "")),
            timestamp=seconds,
            passphrase=str(given.get("passphrase", "")),
            payload="GET/user/verify",
            unit_ms=1_000,
        )
        try:
            self.account = signed.account(self._emulator, self._address)
        except BitgetError as error:
            self._refuse(_LOGIN[error.code], error.message)
            return
        self._say({"event": "login", "code": 0})

    def _subscribe(self, arg: Any, *, on: bool) -> None:
        try:
            topic = topic_of(self._emulator, arg, unified=self._unified)
        except BitgetError:
            self._refuse(30001, f"{json.dumps(arg)} doesn't exist")
            return
        if topic.is_private and self.account is None:
            self._refuse(30004, "please log in first")
            return
        key = json.dumps(arg, sort_keys=True)
        if not on:
            self._topics.pop(key, None)
            self._say({"event": "unsubscribe", "arg": arg})
            return
        if len(self._topics) >= _TOPICS:
            self._refuse(30006, "too many subscriptions")
            return
        self._topics[key] = topic
        self._say({"event": "subscribe", "arg": arg})
        data = topic.snapshot(self._emulator, self.account)
        if data is not None:
            self._push(topic, data, "snapshot")

    def _push(self, topic: Topic, data: list[Any], action: str) -> None:
        now = self._emulator.now_ms()
        self._say({"action": action, "arg": topic.arg, "data": data, "ts": now})

    def _refuse(self, code: int, reason: str) -> None:
        self._say({"event": "error", "code": code, "msg": reason})

    def _say(self, message: str | dict[str, Any]) -> None:
        """Whoever does not read is cut."""
        try:
            self._out.put_nowait(message if isinstance(message, str) else json.dumps(message))
        except asyncio.QueueFull:
            self.cut()
