"""The chat page in a real browser: typed there, seen there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.sandbox import actions
from bot.sandbox.server import RunningSandbox
from bot.sandbox.world import ChatWorld
from tests.sandbox.people import newest, one_button, png, speaks
from tests.support.chromium import chromium, new_page

pytestmark = pytest.mark.e2e

LINGERS = """
const timer = window.setTimeout;
window.setTimeout = (work, ms, ...more) => timer(work, ms < 2000 ? ms : 100 * ms, ...more);
"""
"""What is shown for three seconds would be gone before a busy machine looks: it stays longer."""
HOSTILE = "<img src=x onerror=document.title='hacked'><b>&amp;"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser, server: RunningSandbox) -> AsyncIterator[Page]:
    page = await new_page(browser, locale="en-US", viewport={"width": 1280, "height": 800})
    await page.add_init_script(LINGERS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await page.goto(server.url)
    yield page
    assert problems == []


async def test_a_newcomer_adds_a_user_presses_start_and_talks(
    page: Page, world: ChatWorld, bot: Bot
) -> None:
    await page.fill("input[name=name]", "Alice")
    await page.click("button[type=submit]")
    await page.click(".begin button")
    await expect(page.locator(".message.out")).to_contain_text("/start")
    (update,) = await bot.get_updates(timeout=50)
    assert update.effective_chat is not None
    alice = update.effective_chat.id
    sent = await bot.send_message(
        alice, "<b>Welcome</b> /help", parse_mode="HTML", reply_markup=one_button("Go on", "g")
    )
    card = page.locator(f"[data-message-id='{sent.message_id}']")
    await expect(card.locator("b")).to_have_text("Welcome")
    await card.get_by_role("button", name="Go on").click()
    query = (await bot.get_updates(offset=update.update_id + 1, timeout=50))[-1].callback_query
    assert query is not None
    await bot.answer_callback_query(query.id, "Went on")
    await expect(page.locator(".toast")).to_have_text("Went on")
    await bot.edit_message_text("changed", alice, sent.message_id)
    await expect(card).to_contain_text("changed")
    await expect(card).to_contain_text("edited")
    await bot.delete_message(alice, sent.message_id)
    await expect(card).to_have_count(0)
    box = page.locator("textarea")
    await box.fill("안녕\nhello")
    await box.press("Enter")
    await expect(page.locator(".message.out").last).to_contain_text("안녕")
    assert newest(world, "Alice")["text"] == "안녕\nhello"


async def test_hostile_text_is_only_text_everywhere(page: Page, world: ChatWorld, bot: Bot) -> None:
    world.save_user(world.people.change_user("eve", {"first_name": HOSTILE}))
    eve = speaks(world, "eve", HOSTILE)
    button = InlineKeyboardButton(HOSTILE, callback_data="x")
    await bot.send_message(eve, HOSTILE, reply_markup=InlineKeyboardMarkup([[button]]))
    await bot.send_document(eve, b"x", filename="<img src=x onerror=alert(1)>.txt")
    await page.click("[data-chat=eve]")
    await expect(page.locator(".message")).to_have_count(3)
    await expect(page.locator(".key")).to_have_text(HOSTILE)
    assert await page.locator("img[src='x']").count() == 0
    assert "hacked" not in await page.title()


async def test_commands_are_offered_filtered_and_sent(
    page: Page, world: ChatWorld, bot: Bot
) -> None:
    await bot.set_my_commands([("start", "Main menu"), ("status", "All at a glance")])
    speaks(world, "alice")
    await page.click("[data-chat=alice]")
    await page.fill("textarea", "/stat")
    await expect(page.locator(".command")).to_have_text(["/statusAll at a glance"])
    await page.press("textarea", "ArrowDown")
    await page.press("textarea", "Enter")
    await expect(page.locator(".message.out").last).to_contain_text("/status")


async def test_photos_open_large_and_links_to_the_bot_start_it(
    page: Page, world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    await page.click("[data-chat=alice]")
    await bot.send_photo(alice, png(40, 30), caption="a chart")
    await page.click(".photo")
    await expect(page.locator("#viewer img")).to_be_visible()
    await page.keyboard.press("Escape")
    link = '<a href="https://t.me/leverframe_bot?start=share_7">open</a>'
    await bot.send_message(alice, link, parse_mode="HTML")
    await page.click(".content a")
    await expect(page.locator(".message.out").last).to_contain_text("/start share_7")


async def test_two_users_side_by_side_and_alerts_and_typing(
    page: Page, world: ChatWorld, bot: Bot
) -> None:
    alice, bob = speaks(world, "alice"), speaks(world, "bob")
    await page.click("[data-chat=alice]")
    await page.click("[data-chat=bob]")
    await expect(page.locator(".pane")).to_have_count(2)
    await bot.send_chat_action(bob, "typing")
    await expect(page.locator(".pane[data-chat=bob] small")).to_contain_text("typing")
    await expect(page.locator(".pane[data-chat=alice] small")).not_to_contain_text("typing")
    sent = await bot.send_message(alice, "sure?", reply_markup=one_button("Close"))
    await page.locator(".pane[data-chat=alice] .key").click()
    query = (await bot.get_updates(timeout=50))[-1].callback_query
    while query is None:
        query = (await bot.get_updates(timeout=50))[-1].callback_query
    assert query.message is not None
    assert query.message.message_id == sent.message_id
    await bot.answer_callback_query(query.id, "Closed 0.5 BTC", show_alert=True)
    await expect(page.locator("#dialog")).to_contain_text("Closed 0.5 BTC")


async def test_a_phone_shows_one_chat_with_a_way_back_and_no_sideways_scroll(
    browser: Browser, server: RunningSandbox, world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    await bot.send_message(alice, "long " * 200, reply_markup=one_button("A label " * 6))
    page = await new_page(browser, viewport={"width": 375, "height": 700})
    await page.goto(server.url)
    await page.click("[data-chat=alice]")
    await expect(page.locator("#sidebar")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == 375
    await page.click(".back")
    await expect(page.locator("#sidebar")).to_be_visible()
    await bot.send_message(alice, "news")
    await expect(page.locator(".badge").first).to_have_text("1")


async def test_theme_and_language_can_be_switched_and_are_remembered(
    page: Page, world: ChatWorld
) -> None:
    speaks(world, "alice")
    await page.click("[aria-label='Dark or light']")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.click("[aria-label='한국어로 보기']")
    await expect(page.get_by_role("button", name="사용자 추가")).to_be_visible()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.get_by_role("button", name="사용자 추가")).to_be_visible()


async def test_a_file_is_attached_and_sent(page: Page, world: ChatWorld) -> None:
    speaks(world, "alice")
    await page.click("[data-chat=alice]")
    await page.set_input_files(
        "input[type=file]", {"name": "mine.rules", "mimeType": "text/plain", "buffer": b"entry"}
    )
    await page.fill("textarea", "my strategy")
    await page.press("textarea", "Enter")
    await expect(page.locator(".document b")).to_have_text("mine.rules")
    assert newest(world, "alice")["caption"] == "my strategy"


async def test_a_blocked_bot_can_be_unblocked(page: Page, world: ChatWorld) -> None:
    speaks(world, "alice")
    await page.click("[data-chat=alice]")
    actions.set_blocked(world, "alice", True)
    await page.click("text=Unblock the bot")
    await expect(page.locator("textarea")).to_be_visible()
    assert not world.people.user("alice").blocked
