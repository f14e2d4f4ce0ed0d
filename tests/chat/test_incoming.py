"""Updates are written by strangers: what is not one is refused, and nothing brings the parser
down.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.incoming import BadUpdateError, chat_of, parse, update_id_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALICE = {"id": 5, "is_bot": False, "first_name": "Alice", "language_code": "ko"}
CHAT = {"id": 5, "type": "private"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)
FIELDS = ["update_id", "message", "callback_query", "chat", "from", "text", "data", "id", "type"]
SHAPED = st.recursive(
    JSON,
    lambda inner: st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=30,
)


def message(**changes: Any) -> dict[str, Any]:
    body = {"message_id": 9, "date": 0, "chat": CHAT, "from": ALICE, "text": "/risk set x 1"}
    return {"update_id": 1, "message": body | changes}


def tap(**changes: Any) -> dict[str, Any]:
    body = {"id": "77", "from": ALICE, "message": {"message_id": 9, "chat": CHAT}, "data": "sabc"}
    return {"update_id": 2, "callback_query": body | changes}


def test_a_command_and_its_arguments() -> None:
    incoming = parse(message(text="/Risk@leverframe_bot set  x 1"), NOW)
    assert incoming is not None
    assert (incoming.command, incoming.args) == ("risk", ("set", "x", "1"))
    assert incoming.addressee == "leverframe_bot"
    assert (incoming.sender_id, incoming.language_code, incoming.is_private) == (5, "ko", True)


@pytest.mark.parametrize("text", ["//@version=5\nbuy = close", "// a remark", "/", "/*", "/=", ""])
def test_a_slash_without_a_name_is_no_command(text: str) -> None:
    incoming = parse(message(text=text), NOW)
    assert incoming is not None
    assert (incoming.command, incoming.args, incoming.text) == (None, (), text)


def test_a_tap() -> None:
    incoming = parse(tap(), NOW)
    assert incoming is not None
    assert (incoming.callback_id, incoming.callback_data, incoming.message_id) == ("77", "sabc", 9)


def test_a_document_with_a_caption() -> None:
    document = {"file_id": "f1", "file_name": "my.rules", "file_size": 120}
    update = message(caption="mine", document=document)
    del update["message"]["text"]
    incoming = parse(update, NOW)
    assert incoming is not None
    assert (incoming.document_id, incoming.document_name, incoming.document_size) == (
        "f1",
        "my.rules",
        120,
    )


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 3, "edited_message": {}},
        {"update_id": 3, "message": {"message_id": 1, "chat": CHAT, "new_chat_title": "x"}},
        {"update_id": 3, "message": {"message_id": 1, "chat": CHAT, "from": ALICE, "sticker": {}}},
        {"update_id": 3, "callback_query": {"id": "1", "from": ALICE, "inline_message_id": "x"}},
    ],
)
def test_what_we_do_not_answer_is_nothing(update: dict[str, Any]) -> None:
    assert parse(update, NOW) is None


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"update_id": "1"},
        {"update_id": True},
        message(text=5),
        message(text="x" * 30_000),
        message(chat=None),
        message(chat={"id": "5", "type": "private"}),
        message(**{"from": {"id": 5}}),
        message(message_id=2**70),
        tap(data=5),
        tap(data="x" * 65),
        tap(id=None),
        tap(message=[]),
        tap(data="s\ud800"),
        tap(id="1\ud800"),
        tap(id="1\x00"),
    ],
)
def test_what_telegram_would_not_send_is_refused(update: dict[str, Any]) -> None:
    with pytest.raises(BadUpdateError):
        parse(update, NOW)


def test_text_that_no_database_can_hold_is_cleaned() -> None:
    incoming = parse(message(text="/lang \ud800\x00ko"), NOW)
    assert incoming is not None
    assert incoming.args == ("?ko",)


@given(SHAPED)
def test_anything_at_all_is_parsed_or_refused(raw: Any) -> None:
    update_id_of(raw)
    chat_of(raw)
    try:
        incoming = parse(raw, NOW)
    except BadUpdateError:
        return
    if incoming is not None:
        json.dumps(asdict(incoming) | {"received_at": ""}).encode()
