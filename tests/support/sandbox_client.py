"""People in the sandbox, over its HTTP client API: for end-to-end tests and benchmarks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any

import aiohttp

Message = dict[str, Any]
PATIENCE_S = 120.0


class SandboxError(Exception):
    """The client API said no; the text says why."""


class SandboxClient:
    """`async with SandboxClient("http://127.0.0.1:8081") as people: await people.send("alice",
    "/start")`.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> SandboxClient:
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def user(self, name: str, **about: str) -> dict[str, Any]:
        """Make a user, or change its language_code or first_name."""
        return await self._call("POST", f"/sandbox/users/{name}", json=about)

    async def group(self, name: str, members: list[str]) -> dict[str, Any]:
        return await self._call("POST", f"/sandbox/groups/{name}", json={"members": members})

    async def send(self, user: str, text: str, chat: str | None = None) -> dict[str, Any]:
        """Say something; returns message_id, update_id and seq (the `after` for the answer)."""
        body = {"text": text} | ({"chat": chat} if chat else {})
        return await self._call("POST", f"/sandbox/users/{user}/messages", json=body)

    async def send_document(
        self, user: str, name: str, content: bytes, caption: str = ""
    ) -> dict[str, Any]:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("document", content, filename=name)
        form.add_field("caption", caption)
        return await self._call("POST", f"/sandbox/users/{user}/messages", data=form)

    async def tap(
        self, user: str, message_id: int, button: str, wait: float = 0, force: bool = False
    ) -> dict[str, Any]:
        """Tap a button by label or data; with `wait` seconds the answer's text and show_alert are
        under "answer".
        """
        body = {"message_id": message_id, "button": button, "wait": wait, "force": force}
        return await self._call("POST", f"/sandbox/users/{user}/taps", json=body)

    async def messages(
        self, user: str, after: int = 0, wait: float = 0, chat: str | None = None
    ) -> list[Message]:
        """Entries with a seq above `after`; waits up to `wait` seconds for the first."""
        query = {"after": str(after), "wait": str(wait)} | ({"chat": chat} if chat else {})
        answer = await self._call("GET", f"/sandbox/users/{user}/messages", params=query)
        found: list[Message] = answer["messages"]
        return found

    async def wait_for(
        self,
        user: str,
        predicate: Callable[[Message], bool],
        timeout_s: float = PATIENCE_S,
        after: int = 0,
    ) -> Message:
        """The first entry after `after` that fits. Raises TimeoutError that shows what came
        instead.
        """
        seen: list[Message] = []
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (left := deadline - loop.time()) > 0:
            for message in await self.messages(user, after, min(left, 30.0)):
                if predicate(message):
                    return message
                seen.append(message)
                after = message["seq"]
        texts = [f"{m['from']}: {m['text'] or m['caption']}" for m in seen]
        raise TimeoutError(f"nothing fitting for {user} in {timeout_s} s; came: {texts}")

    async def wait_for_text(
        self, user: str, part: str, timeout_s: float = PATIENCE_S, after: int = 0
    ) -> Message:
        """The first message of the bot that has `part` in its text or caption."""
        return await self.wait_for(
            user,
            lambda m: m["from"] == "bot" and part in m["text"] + m["caption"],
            timeout_s,
            after,
        )

    async def block(self, user: str, blocked: bool = True) -> None:
        await self._call("POST", f"/sandbox/users/{user}/block", json={"blocked": blocked})

    async def fault(self, **fault: Any) -> None:
        """method, status, retry_after, times, delay, drop: see bot.sandbox.faults.Fault."""
        await self._call("POST", "/sandbox/faults", json=fault)

    async def clear_faults(self) -> None:
        await self._call("DELETE", "/sandbox/faults")

    async def calls(self, method: str | None = None) -> dict[str, Any]:
        """{"calls": [...], "count": how many there ever were}."""
        query = {"method": method} if method else {}
        return await self._call("GET", "/sandbox/calls", params=query)

    async def inject(self, raw: Any) -> int:
        """A raw update, any JSON; returns its key."""
        answer = await self._call("POST", "/sandbox/updates", json={"raw": raw})
        return int(answer["update_id"])

    async def inject_text(self, text: str) -> int:
        """Anything at all in an update's place, valid JSON or not."""
        answer = await self._call("POST", "/sandbox/updates", json={"raw_text": text})
        return int(answer["update_id"])

    async def download(self, path: str) -> bytes:
        """What photo_url or document_url points to."""
        async with self._open().get(self._url + path) as response:
            response.raise_for_status()
            return await response.read()

    async def _call(self, verb: str, path: str, **options: Any) -> dict[str, Any]:
        async with self._open().request(verb, self._url + path, **options) as response:
            answer: dict[str, Any] = await response.json()
            if response.status != 200:
                raise SandboxError(str(answer.get("error", answer)))
            return answer

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use `async with SandboxClient(...)`")
        return self._session
