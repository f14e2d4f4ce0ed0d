"""Nonsense from a bot or from people is refused; nothing breaks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox import actions
from bot.sandbox.api import BotApi
from bot.sandbox.errors import ClientError
from bot.sandbox.files import UploadedFile
from bot.sandbox.limits import RateLimits
from bot.sandbox.methods import METHODS
from bot.sandbox.world import ChatWorld
from tests.sandbox.people import TOKEN

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

ALICE = ChatWorld().people.user("alice").id
NAMES = [
    "chat_id", "text", "parse_mode", "entities", "reply_markup", "reply_parameters", "message_id",
    "message_ids", "photo", "document", "caption", "media", "callback_query_id", "commands",
    "scope",
    "language_code", "menu_button", "offset", "limit", "reaction", "action", "user_id", "file_id",
    "allowed_updates", "show_alert", "description", "secret_token", "url", "max_connections",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "style", "inline_keyboard", "media", "emoji"])
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
BUTTONS = st.fixed_dictionaries(
    {"text": JSON},
    optional=dict.fromkeys(("callback_data", "url", "style", "web_app", "copy_text"), JSON),
)
LIKELY = {
    "chat_id": st.just(ALICE) | JSON,
    "message_id": st.integers(1, 5) | JSON,
    "reply_markup": st.fixed_dictionaries(
        {"inline_keyboard": st.lists(st.lists(BUTTONS, max_size=2), max_size=2)}
    )
    | JSON,
    "timeout": st.just(0),
}
PARAMS = st.fixed_dictionaries(
    {"chat_id": LIKELY["chat_id"]},
    optional={name: LIKELY.get(name, JSON) for name in NAMES if name != "chat_id"},
)


@given(method=st.sampled_from(sorted(METHODS)), params=PARAMS, content=st.binary(max_size=40))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
async def test_no_call_breaks_the_server_whatever_its_parameters(
    method: str, params: dict[str, Any], content: bytes
) -> None:
    async with ChatWorld() as world:
        api = BotApi(world, RateLimits.off())
        actions.say(world, "alice", "/start")
        await api.call(TOKEN, "sendMessage", {"chat_id": ALICE, "text": "x"})
        files = {"photo": UploadedFile("p", content), "document": UploadedFile("d", content)}
        answer = await api.call(TOKEN, method, params, files)
        assert answer.status in (200, 400, 403, 409)
        assert answer.json()["ok"] is (answer.status == 200)


@given(name=JSON, text=JSON, chat=JSON)
async def test_nobody_says_nonsense(name: Any, text: Any, chat: Any) -> None:
    async with ChatWorld() as world:
        with suppress(ClientError):
            actions.say(world, name, text, chat)
        said = [
            entry["text"]
            for user in world.people.users.values()
            for entry in world.history.entries(user.id, 0)
        ]
        assert said in ([], [text.strip()] if isinstance(text, str) else [])


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "x", "web_app": {"url": "http://x.org"}}, "Only HTTPS links are allowed"),
        ({"text": "x", "web_app": {"url": "https://x.org"}}, None),
        ({"text": "x", "copy_text": {"text": ""}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "x", "copy_text": {"text": "abc"}}, None),
        ({"text": "x", "url": "tg://resolve?domain=x"}, None),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ("x", "expected an Object"),
    ],
)
async def test_each_kind_of_button_is_checked(
    world: ChatWorld, api: BotApi, button: Any, reason: str | None
) -> None:
    actions.say(world, "alice", "/start")
    markup = {"inline_keyboard": [[button]]}
    params = {"chat_id": ALICE, "text": "x", "reply_markup": markup}
    answer = (await api.call(TOKEN, "sendMessage", params)).json()
    assert answer["ok"] is (reason is None)
    assert reason is None or reason in answer["description"]


async def test_101_buttons_are_too_many(world: ChatWorld, api: BotApi) -> None:
    actions.say(world, "alice", "/start")
    rows = [[{"text": "x", "callback_data": "x"}]] * 101
    params = {"chat_id": ALICE, "text": "x", "reply_markup": {"inline_keyboard": rows}}
    assert (await api.call(TOKEN, "sendMessage", params)).status == 400


async def test_buttons_that_need_no_bot_say_what_they_do(world: ChatWorld, api: BotApi) -> None:
    actions.say(world, "alice", "/start")
    row = [
        {"text": "Docs", "url": "https://x.org"},
        {"text": "Copy", "copy_text": {"text": "abc"}},
        {"text": "App", "web_app": {"url": "https://y.org"}},
    ]
    params = {"chat_id": ALICE, "text": "x", "reply_markup": {"inline_keyboard": [row]}}
    sent = (await api.call(TOKEN, "sendMessage", params)).json()["result"]["message_id"]
    assert actions.tap(world, "alice", sent, "Docs") == {"url": "https://x.org"}
    assert actions.tap(world, "alice", sent, "Copy") == {"copied": "abc"}
    assert actions.tap(world, "alice", sent, "App") == {"url": "https://y.org"}
