"""How updates reach a bot: polling, taps, blocks, injected ones."""

from __future__ import annotations

import asyncio
import json

import pytest
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, InvalidToken

from bot.sandbox import actions
from bot.sandbox.api import BotApi
from bot.sandbox.errors import ClientError
from bot.sandbox.files import UploadedFile
from bot.sandbox.world import ChatWorld
from domain.clock import ManualClock
from tests.sandbox.people import TOKEN, entries, newest, one_button, speaks


async def raw_updates(api: BotApi, **params: int | str) -> bytes:
    return (await api.call(TOKEN, "getUpdates", dict(params))).body


async def test_a_command_carries_its_entity_and_its_sender(world: ChatWorld, bot: Bot) -> None:
    world.people.change_user("민준", {"language_code": "ko", "first_name": "민준"})
    speaks(world, "민준", "/start_bot BTCUSDT")
    (update,) = await bot.get_updates()
    assert update.effective_user is not None
    assert update.effective_user.language_code == "ko"
    assert update.message is not None
    assert update.message.parse_entities() != {}
    assert update.message.entities[0].type == "bot_command"
    assert update.message.chat.id == update.effective_user.id > 0


async def test_updates_come_again_until_the_offset_confirms_them(
    world: ChatWorld, bot: Bot
) -> None:
    for text in ("a", "b", "c"):
        speaks(world, "alice", text)
    first = await bot.get_updates(limit=2)
    assert [u.message.text for u in first if u.message] == ["a", "b"]
    assert [u.update_id for u in await bot.get_updates(limit=2)] == [u.update_id for u in first]
    (last,) = await bot.get_updates(offset=first[-1].update_id + 1)
    assert last.message is not None
    assert last.message.text == "c"
    assert await bot.get_updates(offset=last.update_id + 1) == ()


async def test_a_negative_offset_keeps_only_the_newest(world: ChatWorld, bot: Bot) -> None:
    for text in ("a", "b", "c"):
        speaks(world, "alice", text)
    (update,) = await bot.get_updates(offset=-1)
    assert update.message is not None
    assert update.message.text == "c"


async def test_a_long_poll_ends_when_something_happens(world: ChatWorld, bot: Bot) -> None:
    polling = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0)
    speaks(world, "alice", "hello")
    (update,) = await polling
    assert update.message is not None
    assert update.message.text == "hello"


async def test_the_newer_poller_wins(world: ChatWorld, bot: Bot) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await asyncio.sleep(0)
    newer = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await older
    speaks(world, "alice")
    assert len(await newer) == 1


async def test_only_the_wanted_kinds_come(world: ChatWorld, bot: Bot) -> None:
    speaks(world, "alice")
    assert await bot.get_updates(allowed_updates=["callback_query"]) == ()
    assert len(await bot.get_updates(allowed_updates=[])) == 1


async def test_updates_older_than_a_day_are_gone(
    world: ChatWorld, bot: Bot, clock: ManualClock
) -> None:
    speaks(world, "alice", "old")
    clock.advance(25 * 3600)
    speaks(world, "alice", "new")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.text == "new"


async def test_each_bot_gets_a_users_message_and_only_its_author_a_tap(
    world: ChatWorld, api: BotApi, bot: Bot
) -> None:
    other = "42:another"
    await api.call(other, "getMe")
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "x", reply_markup=one_button())
    actions.tap(world, "alice", sent.message_id, "Go")
    assert len(await bot.get_updates()) == 2
    assert len((await api.call(other, "getUpdates")).json()["result"]) == 1
    answer = await api.call(
        other, "editMessageText", {"chat_id": alice, "message_id": sent.message_id, "text": "y"}
    )
    assert answer.json()["description"] == "Bad Request: message can't be edited"


async def test_a_tap_is_answered_once_in_time(
    world: ChatWorld, bot: Bot, clock: ManualClock
) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "x", reply_markup=one_button("Close 0.5 BTC", "tok"))
    tapped = actions.tap(world, "alice", sent.message_id, "Close 0.5 BTC")
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert (query.data, query.id) == ("tok", tapped["callback_id"])
    assert query.message is not None
    assert query.message.message_id == sent.message_id
    await bot.answer_callback_query(query.id, "Closed", show_alert=True)
    answer = await world.callbacks.wait(query.id, 0)
    assert answer == {"text": "Closed", "show_alert": True, "url": ""}
    clock.advance(61)
    for callback_id in (query.id, "never-was"):
        with pytest.raises(BadRequest, match=r"[Qq]uery is too old"):
            await bot.answer_callback_query(callback_id)


async def test_waiting_for_an_answer_ends_with_the_answer(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "x", reply_markup=one_button())
    callback_id = actions.tap(world, "alice", sent.message_id, "go")["callback_id"]
    waiting = asyncio.create_task(world.callbacks.wait(callback_id, 30))
    await asyncio.sleep(0)
    await bot.answer_callback_query(callback_id, "ok")
    answer = await waiting
    assert answer is not None
    assert answer["text"] == "ok"


async def test_a_button_that_is_not_there_is_named_with_those_that_are(
    world: ChatWorld, bot: Bot
) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "x", reply_markup=one_button("Refresh"))
    with pytest.raises(ClientError, match=r"no button 'Close'.*'Refresh'"):
        actions.tap(world, "alice", sent.message_id, "Close")
    with pytest.raises(ClientError, match="no message 999"):
        actions.tap(world, "alice", 999, "Close")


async def test_a_forger_may_send_any_data(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "x")
    actions.tap(world, "alice", sent.message_id, "stolen", force=True)
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert query.data == "stolen"


async def test_a_reply_keyboards_button_says_its_text(world: ChatWorld, bot: Bot) -> None:
    alice = speaks(world, "alice")
    sent = await bot.send_message(alice, "x", reply_markup={"keyboard": [["/status"]]})  # type: ignore[arg-type]
    actions.tap(world, "alice", sent.message_id, "/status")
    assert (newest(world, "alice")["from"], newest(world, "alice")["text"]) == ("user", "/status")


async def test_blocking_is_told_to_the_bot(world: ChatWorld, bot: Bot) -> None:
    speaks(world, "alice")
    await bot.get_me()
    actions.set_blocked(world, "alice", True)
    change = (await bot.get_updates())[-1].my_chat_member
    assert change is not None
    assert (change.old_chat_member.status, change.new_chat_member.status) == ("member", "kicked")
    with pytest.raises(ClientError, match="unblock it first"):
        speaks(world, "alice")


async def test_in_a_group_only_commands_and_mentions_reach_the_bot(
    world: ChatWorld, bot: Bot
) -> None:
    world.people.change_group("desk", {"members": ["alice", "bob"]})
    await bot.get_me()
    for text in ("just talking", "/status", "hey @leverframe_bot"):
        actions.say(world, "alice", text, chat="desk")
    heard = [update.message.text for update in await bot.get_updates() if update.message]
    assert heard == ["/status", "hey @leverframe_bot"]
    with pytest.raises(ClientError, match="not a member"):
        actions.say(world, "carol", "hi", chat="desk")


async def test_a_document_from_a_user_can_be_read_by_the_bot(world: ChatWorld, bot: Bot) -> None:
    upload = UploadedFile("mine.rules", b"entry long", "text/plain")
    actions.send_document(world, "alice", upload, "my strategy /new_strategy")
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    assert update.message.caption == "my strategy /new_strategy"
    file = await bot.get_file(update.message.document.file_id)
    assert bytes(await file.download_as_bytearray()) == b"entry long"
    assert entries(world, "alice")[0]["document"]["name"] == "mine.rules"


async def test_an_injected_object_gets_an_id_and_a_foreign_one_comes_once(
    world: ChatWorld, api: BotApi
) -> None:
    key = actions.inject(world, {"raw": {"message": "not an object"}})
    actions.inject(world, {"raw": {"update_id": "x"}})
    actions.inject(world, {"raw": [1, None]})
    result = json.loads(await raw_updates(api))["result"]
    assert result == [{"update_id": key, "message": "not an object"}, {"update_id": "x"}, [1, None]]
    assert json.loads(await raw_updates(api))["result"] == result[:1]
    assert json.loads(await raw_updates(api, offset=key + 1))["result"] == []


async def test_broken_json_comes_once_and_the_next_honest_update_after_it(
    world: ChatWorld, api: BotApi, bot: Bot
) -> None:
    actions.inject(world, {"raw_text": '{"update_id": '})
    with pytest.raises(json.JSONDecodeError):
        json.loads(await raw_updates(api))
    speaks(world, "alice", "honest")
    (update,) = await bot.get_updates()
    assert isinstance(update, Update)
    with pytest.raises(ClientError, match="'raw'"):
        actions.inject(world, {})


async def test_an_offset_from_nowhere_confirms_only_what_was_seen(
    world: ChatWorld, api: BotApi, bot: Bot
) -> None:
    speaks(world, "alice", "seen")
    await bot.get_updates()
    speaks(world, "alice", "not seen")
    result = json.loads(await raw_updates(api, offset=2**40))["result"]
    assert [update["message"]["text"] for update in result] == ["not seen"]


@pytest.mark.parametrize("token", ["nonsense", "123:", ":abc", "12a:abc", "1:a b"])
async def test_a_malformed_token_is_nobodys(world: ChatWorld, api: BotApi, token: str) -> None:
    answer = await api.call(token, "getMe")
    assert (answer.status, answer.json()["description"]) == (401, "Unauthorized")


async def test_only_known_tokens_where_some_are_known(world: ChatWorld) -> None:
    api = BotApi(world, tokens=[TOKEN])
    assert (await api.call(TOKEN, "getMe")).status == 200
    assert (await api.call("1:other", "getMe")).status == 401


async def test_an_unknown_method_is_not_found(api: BotApi, bot: Bot) -> None:
    assert (await api.call(TOKEN, "launchRocket")).status == 404
    with pytest.raises(InvalidToken):
        await bot._post("launchRocket")
