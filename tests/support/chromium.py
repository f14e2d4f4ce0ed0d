"""A browser that the tests drive, with as much patience as a busy machine needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.browser import chromium_path

PATIENCE_MS = 120_000.0
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
]  # fmt: skip

expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One of its own, closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=_ARGUMENTS, timeout=PATIENCE_MS
        )
        yield browser
        await browser.close()


async def new_page(browser: Browser, **about: Any) -> Page:
    """`about`: as playwright has it."""
    page = await browser.new_page(**about)
    page.set_default_timeout(PATIENCE_MS)
    return page
