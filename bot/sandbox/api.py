"""The Bot API without the wire: a token, a method and its parameters in, Telegram's JSON envelope
out.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bot.sandbox.call import Call
from bot.sandbox.errors import ApiError
from bot.sandbox.faults import CallLog, Fault, Faults
from bot.sandbox.files import UploadedFile
from bot.sandbox.limits import RateLimits
from bot.sandbox.methods import METHODS
from bot.sandbox.methods.polling import RawResult
from bot.sandbox.params import Params
from bot.sandbox.world import ChatWorld

_TOKEN = re.compile(r"(\d{1,18}):[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True)
class Answer:
    """status: of HTTP; body: the JSON envelope; drop: the connection shall break instead of
    answering.
    """

    status: int
    body: bytes
    drop: bool = False

    def json(self) -> dict[str, Any]:
        """The envelope: ok, and result or error_code + description + parameters."""
        envelope: dict[str, Any] = json.loads(self.body)
        return envelope


class BotApi:
    """All methods over one world. `tokens`: those that are accepted; None accepts any well-formed
    one.
    """

    def __init__(
        self,
        world: ChatWorld,
        limits: RateLimits | None = None,
        tokens: Collection[str] | None = None,
    ) -> None:
        self.world = world
        self.limits = limits or RateLimits()
        self.faults = Faults()
        self.calls = CallLog()
        self._tokens = tokens

    def bot_id(self, token: str) -> int:
        """Whose token it is. Raises ApiError 401."""
        found = _TOKEN.fullmatch(token)
        if found is None or (self._tokens is not None and token not in self._tokens):
            raise ApiError(401, "Unauthorized")
        return int(found[1])

    async def call(
        self,
        token: str,
        method: str,
        params: dict[str, Any] | None = None,
        files: dict[str, UploadedFile] | None = None,
    ) -> Answer:
        """Carry out one call. Never raises for what a bot does wrong; that is in the answer."""
        asked = Params(params or {}, files or {})
        fault = self.faults.take(method)
        try:
            result = await self._perform(token, method, asked, fault)
            status, body = 200, _success(result)
        except ApiError as refusal:
            status, body = refusal.status, _failure(refusal)
        self.calls.add(method, asked.record(), self.world.clock.now(), status)
        return Answer(status, body, drop=fault is not None and fault.drop)

    async def _perform(self, token: str, method: str, params: Params, fault: Fault | None) -> Any:
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is not None and fault.status is not None:
            raise fault.error()
        bot_id = self.bot_id(token)
        function = METHODS.get(method.lower())
        if function is None:
            raise ApiError(404, "Not Found: method not found")
        return await function(Call(self.world, self.world.bot(bot_id), params, self.limits))

    @staticmethod
    def refuse(refusal: ApiError) -> Answer:
        """The answer that says so."""
        return Answer(refusal.status, _failure(refusal))

    async def download(self, token: str, path: str) -> bytes:
        """The content behind a file_path. Raises ApiError 401 or 404."""
        self.bot_id(token)
        info = self.world.files.by_path(path)
        content = await self.world.files.content(info["file_id"]) if info else None
        if content is None:
            raise ApiError(404, "Not Found")
        return content


def _success(result: Any) -> bytes:
    text = result if isinstance(result, RawResult) else json.dumps(result)
    # Injected updates may hold what is no valid Unicode; it goes out as it came in.
    return f'{{"ok":true,"result":{text}}}'.encode("utf-8", "surrogatepass")


def _failure(refusal: ApiError) -> bytes:
    envelope = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.parameters:
        envelope["parameters"] = refusal.parameters
    return json.dumps(envelope).encode()
