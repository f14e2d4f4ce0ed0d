"""The page for a key: once, in time, for one user, from our page only; nothing is kept by it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

from bot.key_page import KeyPage
from bot.web import WebServer
from domain.keys import links
from domain.keys.models import ApiKey
from domain.users.service import suspend
from tests.support.world import Person, World, world

KEY = {"api_key": "bg_0123456789abcdef", "secret": "secret-of-it", "passphrase": "pass"}


@dataclass
class Browser:
    """One that keeps cookies. `seen`: the last page."""

    client: Any
    origin: str
    seen: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def opens(self, url: str) -> int:
        async with self.client.get(url) as answer:
            self.seen, self.headers = await answer.text(), dict(answer.headers)
            return int(answer.status)

    async def sends(self, url: str, origin: str | None = None, **changes: str) -> int:
        csrf = re.search(r'name="csrf" value="([0-9a-f]*)"', self.seen)
        data = {"csrf": csrf[1] if csrf else "", **KEY, **changes}
        headers = {"Origin": self.origin if origin is None else origin}
        async with self.client.post(url, data=data, headers=headers) as answer:
            self.seen = await answer.text()
            return int(answer.status)


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, public_url="http://127.0.0.1:9") as opened:
        yield opened


@pytest.fixture
async def browser(w: World) -> AsyncIterator[Browser]:
    async with TestClient(TestServer(server(w).app())) as client:
        yield Browser(client, "http://127.0.0.1:9")


def server(w: World) -> WebServer:
    async def nothing(*_: Any) -> dict[str, bool]:
        return {}

    c = w.container
    page = KeyPage(c.database, c.cipher, c.queue, w.wall, "bitget", "http://127.0.0.1:9")
    return WebServer(nothing, None, nothing, dict, page)


async def address(person: Person) -> str:
    """Of the page that /connect offers first."""
    await person.sends("/connect")
    button = person.messages[-1]["buttons"][0][0]
    assert button["text"] == "🔒 Enter it on a page"
    return str(button["url"]).removeprefix("http://127.0.0.1:9")


async def keys(w: World) -> list[ApiKey]:
    async with w.database.read() as session:
        return list(await session.scalars(select(ApiKey)))


async def test_a_key_goes_in_by_the_page_and_the_answer_comes_in_the_chat(
    w: World, browser: Browser
) -> None:
    alice = await w.trader("alice")
    url = await address(alice)
    assert await browser.opens(url) == 200
    assert "Secret key" in browser.seen
    assert await browser.sends(url, demo="1") == 200
    assert "you can close this page" in browser.seen
    await w.settles()
    assert "bg_0…cdef (demo) is connected" in alice.heard()
    assert [(row.user_id, row.demo) for row in await keys(w)] == [(1, True)]
    (asked,) = w.keys.asked
    assert asked.secret == KEY["secret"]


async def test_nothing_keeps_or_frames_the_page(w: World, browser: Browser) -> None:
    url = await address(await w.trader("alice"))
    await browser.opens(url)
    assert browser.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in browser.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in browser.headers["Content-Security-Policy"]
    assert browser.headers["X-Content-Type-Options"] == "nosniff"
    assert "HttpOnly" in browser.headers["Set-Cookie"]
    assert "SameSite=Strict" in browser.headers["Set-Cookie"]


async def test_it_works_once(w: World, browser: Browser) -> None:
    url = await address(await w.trader("alice"))
    await browser.opens(url)
    form = browser.seen
    assert await browser.sends(url) == 200
    browser.seen = form
    assert await browser.sends(url, api_key="bg_another-key-entirely") == 410
    assert await browser.opens(url) == 410
    assert "used already" in browser.seen
    assert len(await keys(w)) == 1


async def test_it_works_for_ten_minutes(w: World, browser: Browser) -> None:
    url = await address(await w.trader("alice"))
    await browser.opens(url)
    w.wall.advance(links.LIVES.total_seconds())
    assert await browser.sends(url) == 410
    assert not await keys(w)


async def test_the_newest_page_alone_works_and_nobody_guesses_one(
    w: World, browser: Browser
) -> None:
    alice = await w.trader("alice")
    first, second = await address(alice), await address(alice)
    assert await browser.opens(first) == 410
    assert await browser.opens("/key/" + "A" * 32) == 410
    assert await browser.opens(second) == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_another_site_cannot_send_it(w: World, browser: Browser, origin: str) -> None:
    url = await address(await w.trader("alice"))
    await browser.opens(url)
    assert await browser.sends(url, origin=origin or "http://127.0.0.1") == 403
    assert not await keys(w)


async def test_without_the_cookie_or_its_counterpart_it_is_refused(
    w: World, browser: Browser
) -> None:
    url = await address(await w.trader("alice"))
    await browser.opens(url)
    assert await browser.sends(url, csrf="0" * 64) == 403
    await browser.opens(url)
    browser.client.session.cookie_jar.clear()
    assert await browser.sends(url) == 403
    assert not await keys(w)


async def test_what_no_exchange_makes_is_asked_for_again(w: World, browser: Browser) -> None:
    url = await address(await w.trader("alice"))
    await browser.opens(url)
    assert await browser.sends(url, secret="<b>with blanks</b>") == 422
    assert "does not look like" in browser.seen
    assert "with blanks" not in browser.seen, "nothing that was typed comes back"
    assert await browser.sends(url) == 200


async def test_a_suspended_user_and_a_giant_are_refused(w: World, browser: Browser) -> None:
    alice = await w.trader("alice")
    url = await address(alice)
    await browser.opens(url)
    form = browser.seen
    assert await browser.sends(url, secret="x" * 10_000) == 413
    async with w.database.write() as session:
        await suspend(session, 1, w.wall.now())
    browser.seen = form
    assert await browser.sends(url) == 409
    assert not await keys(w)
