"""The demo in a real browser: typed in the page, seen in the page. Makes the README's picture."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.stage import running_demo
from tests.support.chromium import chromium, new_page

pytestmark = pytest.mark.e2e

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "chat.png"


async def says(page: Page, name: str, text: str) -> None:
    """Type into a trader's pane and press Enter."""
    box = page.locator(f'.pane[data-chat="{name}"] textarea')
    await box.fill(text)
    await box.press("Enter")


async def sees(page: Page, name: str, text: str | re.Pattern[str]) -> None:
    """Wait until the pane shows a message with `text`."""
    messages = page.locator(f'.pane[data-chat="{name}"] [data-message-id]')
    await expect(messages.filter(has_text=text).last).to_be_visible()


async def taps(page: Page, name: str, label: re.Pattern[str]) -> None:
    """Press the newest button with this label."""
    await page.locator(f'.pane[data-chat="{name}"] .key').filter(has_text=label).last.click()


async def test_typed_in_the_page_seen_in_the_page(tmp_path: Path) -> None:
    with running_demo(tmp_path) as url:
        async with chromium() as browser:
            page = await new_page(browser, viewport={"width": 1440, "height": 900}, locale="en-US")
            problems: list[str] = []
            page.on("pageerror", lambda error: problems.append(str(error)))
            await page.request.post(f"{url}/sandbox/users/alice", data={"language_code": "en"})
            await page.request.post(f"{url}/sandbox/users/jisu", data={"language_code": "ko"})
            await page.goto(f"{url}/?users=alice,jisu&theme=dark")
            await says(page, "alice", "/start")
            await sees(page, "alice", "Welcome")
            await says(page, "jisu", "/start")
            await sees(page, "jisu", "환영합니다")
            await says(page, "jisu", "/start_bot ema_cross btc 15m")
            await taps(page, "jisu", re.compile("15m"))
            await sees(page, "jisu", re.compile("진입"))
            await sees(page, "jisu", re.compile("종료"))
            await says(page, "alice", "/backtest ema_cross btc 15m 30d")
            picture = page.locator('.pane[data-chat="alice"] [data-message-id] img').last
            await expect(picture).to_be_visible()
            await picture.click()
            await page.keyboard.press("Escape")
            await says(page, "jisu", "/positions")
            await sees(page, "jisu", re.compile("포지션"))
            await asyncio.sleep(1.0)  # pictures and animations come to rest
            if os.environ.get("LEVERFRAME_SCREENSHOT") or not PICTURE.exists():
                await page.screenshot(path=PICTURE)
        assert not problems
